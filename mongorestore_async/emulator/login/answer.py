"""What a client wrote into ``Authorization: Digest``, and whether it fits.

RFC 7616 section 3.4; without ``qop`` RFC 2069 section 2.1.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.choices import ChallengeForm, QopForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["REALM", "Answer"]

REALM = "MMS Public API"

_FIELD = re.compile(r'\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)')
_COUNT = re.compile(r"[0-9a-fA-F]{8}")
_HASHES = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_REQUIRED = ("username", "realm", "nonce", "uri", "response")


def _bytes(text: str) -> bytes:
    # aiohttp keeps bytes of a header that are no UTF-8 as surrogates.
    return text.encode("utf-8", "surrogateescape")


def _hasher(algorithm: str) -> Callable[[bytes], str] | None:
    name = _HASHES.get(algorithm.removesuffix("-sess"))
    if name is None or name not in hashlib.algorithms_available:
        return None
    return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


@attrs.frozen
class Answer:
    """The directives of a digest answer.

    Attributes:
        fields: Directive -> value, names in lower case, values without quotes.

    """

    fields: dict[str, str]

    @classmethod
    def parse(cls, header: str | None) -> Answer | None:
        """Read the header's value; None when it is missing, another scheme's, or broken."""
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() != "digest":
            return None
        fields: dict[str, str] = {}
        position = 0
        while position < len(rest):
            found = _FIELD.match(rest, position)
            if found is None or found[1].lower() in fields:
                return None
            quoted = found[2]
            fields[found[1].lower()] = found[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            position = found.end()
        return cls(fields) if all(name in fields for name in _REQUIRED) else None

    @property
    def nonce(self) -> str:
        """The nonce it was made for."""
        return self.fields["nonce"]

    @property
    def count(self) -> int | None:
        """Its ``nc``; None without ``qop`` or when it is not eight hexadecimal digits from 1 up."""
        text = self.fields.get("nc", "")
        return (int(text, 16) or None) if "qop" in self.fields and _COUNT.fullmatch(text) else None

    def fault(self, settings: EmulatorSettings, *, method: str, target: str, body: bytes) -> str:
        """Why it is wrong, in words; empty when it is right.

        Args:
            settings: The keys and the challenges that were offered.
            method: Verb of the request.
            target: Path and query exactly as they came over the wire; ``uri`` must be the same, byte for byte.
            body: Of the request, for ``auth-int``.

        """
        if self.fields["uri"] != target:
            return "wrong uri"
        if self.fields["realm"] != REALM:
            return "wrong realm"
        forms = [form for form in settings.challenges if self._made_for(form)]
        if not forms:
            return "algorithm or qop was not offered"
        if "qop" in self.fields and (self.count is None or not self.fields.get("cnonce")):
            return "nc or cnonce is missing or malformed"
        right = [self._right(form, settings, method, body) for form in forms]
        return "" if any(right) else "wrong user name or response"

    def _made_for(self, form: ChallengeForm) -> bool:
        algorithm = (form.algorithm or "MD5").lower()
        if self.fields.get("algorithm", "MD5").lower() != algorithm or _hasher(algorithm) is None:
            return False
        qop = self.fields.get("qop")
        if form.qop in {QopForm.NONE, QopForm.OP_AS_RFC2069}:
            return qop is None
        return qop in {word.strip() for word in form.protections.split(",")}

    def _right(self, form: ChallengeForm, settings: EmulatorSettings, method: str, body: bytes) -> bool:
        algorithm = (form.algorithm or "MD5").lower()
        digest = _hasher(algorithm)
        if digest is None:
            return False
        fields, user = self.fields, settings.public_key
        hashed = settings.userhash and fields.get("userhash") == "true"
        sent_user = digest(f"{user}:{REALM}".encode()) if hashed else user
        secret = digest(f"{user}:{REALM}:{settings.private_key}".encode())
        if algorithm.endswith("-sess"):
            secret = digest(_bytes(f"{secret}:{self.nonce}:{fields.get('cnonce', '')}"))
        request = f"{method}:{fields['uri']}"
        if fields.get("qop") == "auth-int":
            request = f"{request}:{digest(body)}"
        middle = [fields["nc"], fields["cnonce"], fields["qop"]] if "qop" in fields else []
        wanted = digest(_bytes(":".join([secret, self.nonce, *middle, digest(_bytes(request))])))
        # Both are always compared, so that the time does not tell which one was wrong.
        same_user = hmac.compare_digest(_bytes(fields["username"]), sent_user.encode())
        same_response = hmac.compare_digest(_bytes(fields["response"]), wanted.encode())
        return same_user and same_response
