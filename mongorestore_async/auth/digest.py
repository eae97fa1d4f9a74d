"""Digest answers: the ``Authorization`` header for a challenge (RFC 7616; RFC 2069 for a challenge without ``qop``).

Pure functions. The calling module counts ``nc``, keeps nonces and decides when to give up.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from mongorestore_async.auth.challenges import directives, is_echoable
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret, hide, unhide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.auth.challenges import Challenge

__all__ = ["Signer", "answer", "new_cnonce", "next_nonce"]

_MAX_COUNT = 0xFFFFFFFF
_SURROGATE = re.compile(r"[\ud800-\udfff]")
#: Visible ASCII is all that a request target consists of (RFC 9112 section 3.2).
_VISIBLE = re.compile(r"[!-~]+").fullmatch
_ATTR_CHARS = "!#$&+-.^_`|~"  # what RFC 8187 section 3.2.1 leaves unencoded besides letters and digits


def answer(
    challenge: Challenge,
    *,
    username: str,
    password: str,
    method: str,
    uri: str,
    nc: int,
    cnonce: str,
    body: bytes = b"",
) -> Secret:
    """Compute the value of the ``Authorization`` header that answers a challenge.

    The values of the challenge are sent back as they came (quoted, escapes where RFC 9110 section 5.6.4 wants them),
    the algorithm without quotes, in the challenge's own spelling, and only if the challenge named it (RFC 7616
    section 3.4). A non-ASCII user name goes as ``username*`` if the challenge says ``charset=UTF-8``, which also asks
    for NFC (section 4); everything is hashed as UTF-8, but a realm in other bytes as those. The HTTP library cannot
    send them, so such a realm goes back as UTF-8: servers that do not compare it take the answer.

    A ``-sess`` algorithm binds its key to the first nonce and cnonce of a session (section 3.4.2). Here the key is made
    of the nonce and cnonce at hand: pass the same ``cnonce`` for all answers to one nonce, and does not
    use a ``nextnonce`` with it.

    Args:
        challenge: What to answer; one that is :attr:`~.challenges.Challenge.answerable`.
        username: The public key; no control characters, no colon.
        password: The private key.
        method: The HTTP verb as sent.
        uri: The request target exactly as on the wire: encoded path and query.
        nc: How often this nonce has been used, this time included; from 1. Not sent without ``qop``.
        cnonce: The client's nonce; see :func:`new_cnonce`. Not sent without ``qop``.
        body: The request body; only ``auth-int`` hashes it.

    Raises:
        ConfigError: An argument cannot be sent, or the challenge is not answerable. The message holds no values.

    """
    password = cast("str", hide(password))
    signer = Signer(challenge, username=username, password=password, cnonce=cnonce)
    return signer.sign(method=method, uri=uri, nc=nc, body=body)


class Signer:
    """Answers one challenge again and again, as :func:`answer` does: what is the same each time is made once.

    Raises:
        ConfigError: An argument cannot be sent, or the challenge is not answerable. The message holds no values.

    """

    def __init__(self, challenge: Challenge, *, username: str, password: str, cnonce: str) -> None:
        password = cast("str", hide(password))
        _check(challenge, username=username, password=password, cnonce=cnonce)
        if challenge.charset_utf8:
            username = unicodedata.normalize("NFC", username)
            password = cast("str", hide(unicodedata.normalize("NFC", unhide(password))))
        self._challenge = challenge
        # One expression: no key stands in a variable of its own.
        key = hide(challenge.digest(b":".join((username.encode(), challenge.realm_bytes, unhide(password).encode()))))
        if challenge.session:
            key = hide(challenge.digest(f"{unhide(key)}:{challenge.nonce}:{cnonce}".encode()))
        self._begun = challenge.hasher(f"{unhide(key)}:{challenge.nonce}:".encode())
        self._blank = challenge.hasher()
        # The header, in the pieces between what changes: target, response, count. RFC 7616 section 3.4 fixes for each
        # parameter whether it is quoted.
        known = f"{_user(challenge, username)}, realm={_quoted(challenge.realm)}, nonce={_quoted(challenge.nonce)}"
        self._before_uri = f'Digest {known}, uri="'
        algorithm = "" if challenge.spelling is None else f", algorithm={challenge.spelling}"
        self._before_response = f'"{algorithm}, response="'
        opaque = "" if challenge.opaque is None else f", opaque={_quoted(challenge.opaque)}"
        self._before_count = f'"{opaque}' if challenge.qop is None else f'"{opaque}, qop={challenge.qop}, nc='
        used = "" if challenge.qop is None else f", cnonce={_quoted(cnonce)}"
        self._end = f"{used}, userhash=true" if challenge.userhash else used
        self._after_count = f":{cnonce}:{challenge.qop}:"

    def sign(self, *, method: str, uri: str, nc: int, body: bytes = b"") -> Secret:
        """Compute the value of the ``Authorization`` header of one request.

        Raises:
            ConfigError: An argument cannot be sent.

        """
        if not (method.isalpha() and _VISIBLE(uri) and 0 < nc <= _MAX_COUNT):
            _check_request(method=method, uri=uri, nc=nc)
        qop = self._challenge.qop
        target, response = self._blank.copy(), self._begun.copy()
        signed = f"{method}:{uri}:{self._challenge.digest(body)}" if qop == "auth-int" else f"{method}:{uri}"
        target.update(signed.encode())
        if qop is None:
            count = ""
            response.update(target.hexdigest().encode())
        else:
            count = f"{nc:08x}"
            response.update(f"{count}{self._after_count}{target.hexdigest()}".encode())
        if '"' in uri or "\\" in uri:
            uri = _quoted(uri)[1:-1]
        return Secret(
            f"{self._before_uri}{uri}{self._before_response}{response.hexdigest()}{self._before_count}{count}{self._end}"
        )


def new_cnonce() -> str:
    """Make a client nonce: 128 random bits as hexadecimal digits."""
    return secrets.token_hex(16)


def next_nonce(values: Sequence[str]) -> str | None:
    """Find the nonce to use from now on in ``Authentication-Info`` header lines (RFC 7616 section 3.5).

    None when there is none that could be sent back. Never raises. Not for ``-sess`` algorithms: their key stays bound
    to the nonce of the challenge, which :func:`answer` does not know any more after such a change.
    """
    for value in values:
        for name, text in directives(value):
            if name == "nextnonce" and text and is_echoable(text):
                return text
    return None


def _check(challenge: Challenge, *, username: str, password: str, cnonce: str) -> None:
    if not challenge.answerable:
        raise ConfigError(f"A {challenge.algorithm} challenge is not supported: use one from choose_challenge().")
    if ":" in username:  # RFC 7616 section 4: the hashed text could be split in two ways
        raise ConfigError("The public key must not contain a colon: copy it again.")
    sent = (username, cnonce, challenge.realm, challenge.nonce, challenge.opaque or "", challenge.spelling or "")
    if not all(map(is_echoable, sent)):
        raise ConfigError("The public key, client nonce and challenge must not contain control characters.")
    # Looked for, not tried: the error of a failed encode() would hold the key.
    if _SURROGATE.search(unhide(password)):
        raise ConfigError("The private key is not valid Unicode text: check how it was read.")


def _check_request(*, method: str, uri: str, nc: int) -> None:
    if not is_echoable(method):
        raise ConfigError("The HTTP verb must not contain control characters.")
    if not _VISIBLE(uri):
        raise ConfigError("The request target must be percent-encoded, as it is sent.")
    if not 0 < nc <= _MAX_COUNT:
        raise ConfigError("The nonce count must be 1 to 0xffffffff: ask the server for a new nonce.")


def _user(challenge: Challenge, username: str) -> str:
    if challenge.userhash:
        return f'username="{challenge.digest(username.encode() + b":" + challenge.realm_bytes)}"'
    if challenge.charset_utf8 and not username.isascii():
        return f"username*=UTF-8''{quote(username, safe=_ATTR_CHARS)}"
    return f"username={_quoted(username)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
