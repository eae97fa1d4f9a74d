"""Digest challenges: reading ``WWW-Authenticate`` and choosing what to answer.

The servers send one plain MD5 challenge; what stands here beyond that is for proxies, other releases and the
vendor's own documents, which print ``op="auth"`` where the servers say ``qop="auth"``. Reading is lenient (RFC
9110 section 11.6.1 plus what sloppy servers make of it), never raises on any text and takes linear time.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from _hashlib import HASH
    from collections.abc import Iterator, Sequence

__all__ = [
    "Challenge",
    "choose_challenge",
    "directives",
    "is_echoable",
    "parse_challenges",
    "says_token_is_invalid",
]

# Hash functions of RFC 7616 section 6.1, weakest first, under their names in hashlib.
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_STRENGTH = {name: rank for rank, name in enumerate(_HASHES)}
_SESSION = "-sess"
_ALGORITHMS = {name.lower(): name for base in _HASHES for name in (base, base + _SESSION)}

_BLANK = " \t\r\n"
# A name, or a name with its value. Nothing here can be matched in two ways, so nothing is tried twice: a name ends
# where its class ends, and a quoted string without end fails once per text (no `="` can follow it).
_DIRECTIVE = re.compile(
    r"""
    ([^ \t\r\n,="]++)
    (?: [ \t\r\n]*+ = [ \t\r\n]*+ (?: "( [^"\\]*+ (?: \\. [^"\\]*+ )* )" | ([^ \t\r\n,"]*+) ) )?
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Control characters would end the header line or be refused by peers; lone surrogates stand for bytes that were no
# UTF-8, and the HTTP library cannot send those bytes again.
_NOT_ECHOABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Challenge:
    """One digest challenge (RFC 7616 section 3.3).

    Attributes:
        realm: The realm, unquoted; empty when the challenge named none. Bytes that are no UTF-8 are read as ISO-8859-1.
        realm_bytes: The realm as it came; this is what is hashed.
        nonce: The server's nonce, unquoted, never empty.
        algorithm: ``MD5``, ``SHA-256`` or ``SHA-512-256``, each also with ``-sess``, in this spelling.
        qop: ``auth``, ``auth-int``, or None for the form of RFC 2069, which has neither ``nc`` nor ``cnonce``.
        opaque: Text to send back unchanged, or None.
        stale: The server says that only the nonce was too old: same key, new nonce, try again.
        userhash: The server wants the user name hashed (RFC 7616 section 3.4.4).
        charset_utf8: The server expects user name and password in NFC and UTF-8 (RFC 7616 section 4).
        misprint: The challenge has ``op=``, the misprint of the vendor's documents, for ``qop``.
        spelling: The algorithm as the challenge spelt it, to be echoed; None when it named none.

    """

    realm: str
    nonce: str = attrs.field(repr=False)
    algorithm: str = "MD5"
    qop: str | None = None
    opaque: str | None = attrs.field(default=None, repr=False)
    stale: bool = False
    userhash: bool = False
    charset_utf8: bool = False
    misprint: bool = False
    spelling: str | None = attrs.field(
        default=attrs.Factory(lambda challenge: challenge.algorithm, takes_self=True), repr=False
    )
    realm_bytes: bytes = attrs.field(
        default=attrs.Factory(lambda challenge: challenge.realm.encode(), takes_self=True), repr=False
    )

    @property
    def session(self) -> bool:
        """Whether the algorithm is a ``-sess`` one, whose key is bound to the first nonce and cnonce."""
        return self.algorithm.endswith(_SESSION)

    @property
    def answerable(self) -> bool:
        """Whether this Python has the hash function; a ``-sess`` algorithm needs a ``qop``, for its cnonce."""
        if self.session and self.qop is None:
            return False
        try:
            self.digest(b"")
        except ValueError:  # what hashlib raises for an algorithm its OpenSSL does not have
            return False
        return True

    def digest(self, data: bytes) -> str:
        """H(data) of RFC 7616 section 3.3: lower-case hexadecimal digits.

        Raises:
            ValueError: hashlib lacks the algorithm.

        """
        return self.hasher(data).hexdigest()

    def hasher(self, data: bytes = b"") -> HASH:
        """Begin to compute H; to be copied where many values begin alike.

        Raises:
            ValueError: hashlib lacks the algorithm.

        """
        # No security rests on the strength of MD5 here that the server did not choose: FIPS builds must not refuse.
        return hashlib.new(_HASHES[self.algorithm.removesuffix(_SESSION)], data, usedforsecurity=False)

    def as_rfc2069(self) -> Challenge:
        """Read ``op="auth"`` literally: an unknown directive, hence no ``qop`` at all.

        To be tried once, after the answer to the first reading was refused. A challenge that has no second reading
        (it was no misprint, or its ``-sess`` algorithm needs a ``qop``) is returned as it is. ``misprint`` stays set.
        """
        if not self.misprint or self.session:
            return self
        return attrs.evolve(self, qop=None)


def parse_challenges(values: Sequence[str]) -> tuple[Challenge, ...]:
    """Read every digest challenge of all ``WWW-Authenticate`` header lines, in their order.

    Other schemes are skipped, and so are challenges that cannot be answered: without nonce, with an unknown
    algorithm, with a ``qop`` that lists nothing known, with control characters in what must be echoed, or broken.
    What this Python cannot compute is still listed; see :attr:`Challenge.answerable`. Never raises.
    """
    return tuple(
        challenge
        for value in values
        for parameters in _digest_parameters(value)
        if (challenge := _challenge(parameters)) is not None
    )


def choose_challenge(values: Sequence[str]) -> Challenge | None:
    """Choose the strongest challenge of all header lines that can be answered; None when there is none.

    The stronger hash function wins, then ``auth`` before ``auth-int`` before no ``qop``, then a plain algorithm
    before its ``-sess`` form (which ties the nonce to one cnonce), then a real ``qop`` before the misprint, then the
    server's own order.
    """
    return max((each for each in parse_challenges(values) if each.answerable), key=_preference, default=None)


def _preference(challenge: Challenge) -> tuple[int, bool, bool, bool, bool]:
    return (
        _STRENGTH[challenge.algorithm.removesuffix(_SESSION)],
        challenge.qop == "auth",
        challenge.qop is not None,
        not challenge.session,
        not challenge.misprint,
    )


def is_echoable(text: str) -> bool:
    """Whether a text can be sent in a header as it is: no control characters, no lone surrogates."""
    return _NOT_ECHOABLE.search(text) is None


def directives(text: str) -> Iterator[tuple[str, str | None]]:
    """Split a header value into names in lower case with their unquoted values.

    The value is None for a bare word: an authentication scheme or its token68 (RFC 9110 section 11.2). Blanks separate
    as well as commas do. What is no directive, such as a quote out of place, yields an empty name.
    """
    end = 0
    for match in _DIRECTIVE.finditer(text):
        if text[end : match.start()].strip(_BLANK + ","):
            yield "", None
        end = match.end()
        name, quoted, bare = match.groups()
        yield name.lower(), bare if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
    if text[end:].strip(_BLANK + ","):
        yield "", None


def says_token_is_invalid(values: Sequence[str]) -> bool:
    """Whether a ``WWW-Authenticate`` line has a ``Bearer`` challenge with ``error="invalid_token"``.

    That is RFC 6750 section 3.1: the token is expired, revoked or no token of this service. Never raises.
    """
    for value in values:
        scheme = ""
        for name, text in directives(value):
            if text is None:
                scheme = name
            elif scheme == "bearer" and name == "error" and text.strip(_BLANK).lower() == "invalid_token":
                return True
    return False


def _digest_parameters(value: str) -> Iterator[dict[str, list[str]]]:
    """Yield the parameters of each digest challenge of one header line; those of a broken one are dropped."""
    current: dict[str, list[str]] = {}
    inside = False
    last = ""
    for name, text in directives(value):
        if text is not None:
            current[name] = [text]
            last = name
        elif last in {"qop", "op"} and name in {"auth", "auth-int"}:
            # `qop=auth-int,auth` without quotes: the comma did not begin a challenge of a scheme called "auth".
            current[last].append(name)
        else:
            if inside and name:
                yield current
            current = {}
            inside = name == "digest"
            last = ""
    if inside:
        yield current


def _challenge(parameters: dict[str, list[str]]) -> Challenge | None:
    given = {name: ",".join(texts) for name, texts in parameters.items()}
    realm_bytes = _bytes_of(given.get("realm", ""))
    realm, nonce, opaque = _text_of(realm_bytes), given.get("nonce", ""), given.get("opaque")
    spelling = given.get("algorithm")
    algorithm = _ALGORITHMS.get("md5" if spelling is None else spelling.lower())
    if algorithm is None or not nonce or not all(map(is_echoable, (realm, nonce, opaque or ""))):
        return None
    listed = _options(given.get("qop", ""))
    qop = _best_qop(listed)
    if listed and qop is None:
        return None
    misread = None if listed else _best_qop(_options(given.get("op", "")))
    return Challenge(
        realm=realm,
        realm_bytes=realm_bytes,
        nonce=nonce,
        algorithm=algorithm,
        qop=qop or misread,
        opaque=opaque,
        stale=given.get("stale", "").lower() == "true",
        userhash=given.get("userhash", "").lower() == "true",
        charset_utf8=given.get("charset", "").lower() == "utf-8",
        misprint=misread is not None,
        spelling=spelling,
    )


def _bytes_of(text: str) -> bytes:
    """Give what came, of which the HTTP library reads bytes that are no UTF-8 as lone surrogates."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _text_of(raw: bytes) -> str:
    """Read bytes of a header: UTF-8, else ISO-8859-1 as it is spoken (with the quotation marks of Windows)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "surrogateescape")


def _options(text: str) -> set[str]:
    return {option for part in text.lower().split(",") if (option := part.strip(_BLANK))}


def _best_qop(options: set[str]) -> str | None:
    return next((qop for qop in ("auth", "auth-int") if qop in options), None)
