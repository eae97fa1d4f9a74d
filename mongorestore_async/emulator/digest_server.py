"""HTTP Digest seen from the server; shares no code with the client.

What a client wrote into ``Authorization`` and whether it fits (RFC 7616 section 3.4; without ``qop`` RFC 2069 section
2.1), the nonces that were given out (sections 3.3 and 5.4), and the challenges.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.setting_types import ChallengeForm, NoncePolicy, QopForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = ["REALM", "DigestAnswer", "DigestServer", "LoginResult", "NonceCheck", "Nonces", "Outcome"]

REALM = "MMS Public API"
_DIRECTIVE = re.compile(r'\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)')
_NONCE_COUNT = re.compile(r"[0-9a-fA-F]{8}")
_HASHES = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_REQUIRED = ("username", "realm", "nonce", "uri", "response")
#: How many nonces are remembered: enough for a client that asks for a new one on every call.
_MAX_NONCES = 50_000


def _bytes(text: str) -> bytes:
    # aiohttp decodes header bytes that are not UTF-8 to surrogates.
    return text.encode("utf-8", "surrogateescape")


def _hasher(algorithm: str) -> Callable[[bytes], str] | None:
    name = _HASHES.get(algorithm.removesuffix("-sess"))
    if name is None or name not in hashlib.algorithms_available:
        return None
    return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


@attrs.frozen
class DigestAnswer:
    """The directives of a digest answer.

    Attributes:
        fields: Directive -> value, names in lower case, values without quotes.

    """

    fields: dict[str, str]

    @classmethod
    def parse(cls, header: str | None) -> DigestAnswer | None:
        """Parse the header's value; None when it is missing, of another scheme, or malformed."""
        scheme, _, rest = (header or "").partition(" ")
        if scheme.lower() != "digest":
            return None
        fields: dict[str, str] = {}
        position = 0
        while position < len(rest):
            found = _DIRECTIVE.match(rest, position)
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
        return (int(text, 16) or None) if "qop" in self.fields and _NONCE_COUNT.fullmatch(text) else None

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
        forms = [form for form in settings.challenges if self._fits(form)]
        if not forms:
            return "algorithm or qop was not offered"
        if "qop" in self.fields and (self.count is None or not self.fields.get("cnonce")):
            return "nc or cnonce is missing or malformed"
        right = [self._matches(form, settings, method, body) for form in forms]
        return "" if any(right) else "wrong user name or response"

    def _fits(self, form: ChallengeForm) -> bool:
        algorithm = (form.algorithm or "MD5").lower()
        if self.fields.get("algorithm", "MD5").lower() != algorithm or _hasher(algorithm) is None:
            return False
        qop = self.fields.get("qop")
        if form.qop in {QopForm.NONE, QopForm.OP_AS_RFC2069}:
            return qop is None
        return qop in {word.strip() for word in form.protections.split(",")}

    def _matches(self, form: ChallengeForm, settings: EmulatorSettings, method: str, body: bytes) -> bool:
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


@attrs.frozen
class NonceCheck:
    """Whether a nonce was good for a request.

    Attributes:
        good: It was.
        why: Why it was not, in words.
        aged: It was refused for its age or the number of its uses: with a new nonce the answer would be accepted.
        repeated: This ``nc`` had been used with it before.

    """

    good: bool
    why: str = ""
    aged: bool = False
    repeated: bool = False


@attrs.define
class _Nonce:
    issued: float
    uses: int = 0
    highest: int = 0
    #: Every ``nc`` up to here was used; those above it are in ``beyond``, so that in-order use takes no memory.
    lowest: int = 0
    beyond: set[int] = attrs.field(factory=set)

    def seen(self, nc: int) -> bool:
        return nc <= self.lowest or nc in self.beyond

    def note(self, nc: int) -> None:
        self.highest = max(self.highest, nc)
        self.beyond.add(nc)
        while self.lowest + 1 in self.beyond:
            self.lowest += 1
            self.beyond.remove(self.lowest)


class Nonces:
    """Issues nonces and checks their use against the policy."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._known: OrderedDict[str, _Nonce] = OrderedDict()

    def issue(self, elapsed: float) -> str:
        """A new nonce: 32 characters of base64, as recorded from the real service, and unforgeable.

        Args:
            elapsed: The emulator's clock, seconds since its start.

        """
        nonce = base64.b64encode(secrets.token_bytes(24)).decode()
        self._known[nonce] = _Nonce(elapsed)
        while len(self._known) > _MAX_NONCES:
            self._known.popitem(last=False)
        return nonce

    def use(self, nonce: str, nc: int | None, elapsed: float) -> NonceCheck:
        """Use a nonce for one request whose answer is otherwise right.

        Args:
            nonce: As sent.
            nc: The nonce count, None for an RFC 2069 answer.
            elapsed: The emulator's clock, seconds since its start.

        """
        known = self._known.get(nonce)
        if known is None:
            return NonceCheck(good=False, why="unknown nonce", aged=True)
        repeated = nc is not None and known.seen(nc)
        refused = self._find_error(known, nc, elapsed, repeated=repeated)
        if refused is not None:
            return refused
        known.uses += 1
        if nc is not None:
            known.note(nc)
        return NonceCheck(good=True)

    def _find_error(self, known: _Nonce, nc: int | None, elapsed: float, *, repeated: bool) -> NonceCheck | None:
        policy, life = self._settings.nonce_policy, self._settings.nonce_life_seconds
        if life is not None and elapsed - known.issued > life:
            return NonceCheck(good=False, why="nonce too old", aged=True, repeated=repeated)
        if repeated:
            return NonceCheck(good=False, why="repeated nc", repeated=True)
        most = {NoncePolicy.ONE_USE: 1, NoncePolicy.LIMITED: self._settings.nonce_life_uses}.get(policy)
        if most is not None and known.uses >= most:
            return NonceCheck(good=False, why="nonce used up", aged=True)
        if policy is NoncePolicy.RISING and nc is not None and nc < known.highest:
            return NonceCheck(good=False, why="nc did not rise")
        return None


class Outcome(StrEnum):
    """The result of the login of a request.

    Members:
        CHALLENGED: It had no digest answer (or an unreadable one): 401.
        ACCEPTED: Let in.
        STALE: The answer was right, but its nonce is too old, used up or unknown: 401 with ``stale_flag``.
        REFUSED: The answer was wrong, repeated an ``nc``, or was refused for no reason: 401.
    """

    CHALLENGED = "challenged"
    ACCEPTED = "accepted"
    STALE = "stale"
    REFUSED = "refused"


@attrs.frozen
class LoginResult:
    """The result of checking one request.

    Attributes:
        outcome: Accepted or not, and how.
        why: Why it was not accepted, in words.
        nonce: The nonce of the answer, or None.
        count: The ``nc`` of the answer, or None.
        stale: What ``stale`` says in the challenge that follows.
        repeated: A right answer used this ``nc`` again.

    """

    outcome: Outcome
    why: str = ""
    nonce: str | None = None
    count: int | None = None
    stale: bool = False
    repeated: bool = False


class DigestServer:
    """Verifies digest answers and writes challenges."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._nonces = Nonces(settings)
        self._right_answers = 0

    def verify(self, header: str | None, *, method: str, target: str, body: bytes, elapsed: float) -> LoginResult:
        """Check the login of one request.

        Args:
            header: Value of ``Authorization``, or None.
            method: Verb of the request.
            target: Path and query as they came over the wire.
            body: Of the request.
            elapsed: The emulator's clock, seconds since its start.

        """
        if not self._settings.auth_enabled:
            return LoginResult(Outcome.ACCEPTED)
        answer = DigestAnswer.parse(header)
        if answer is None:
            return LoginResult(Outcome.CHALLENGED, "no answer" if header is None else "unreadable answer")
        fault = answer.fault(self._settings, method=method, target=target, body=body)
        if fault:
            return LoginResult(Outcome.REFUSED, fault, answer.nonce, answer.count)
        return self._verify_nonce(answer.nonce, answer.count, elapsed)

    def _verify_nonce(self, nonce: str, count: int | None, elapsed: float) -> LoginResult:
        check = self._nonces.use(nonce, count, elapsed)
        if check.aged:
            return LoginResult(Outcome.STALE, check.why, nonce, count, self._settings.stale_flag, check.repeated)
        if not check.good:
            return LoginResult(Outcome.REFUSED, check.why, nonce, count, self._settings.stale_on_replay, check.repeated)
        self._right_answers += 1
        spurious = self._settings.nonce_policy is NoncePolicy.SPURIOUS
        if spurious and self._right_answers % self._settings.spurious_every == 0:
            return LoginResult(Outcome.REFUSED, "spurious", nonce, count)
        return LoginResult(Outcome.ACCEPTED, "", nonce, count)

    def challenges(self, elapsed: float, *, stale: bool) -> list[str]:
        """The values of ``WWW-Authenticate``, with a fresh nonce; directives in the order of the documents."""
        nonce = self._nonces.issue(elapsed)
        lines = [self._challenge(form, nonce, stale=stale) for form in self._settings.challenges]
        return [", ".join(lines)] if self._settings.challenges_in_one_header else lines

    def next_nonce(self, elapsed: float) -> str:
        """The value of ``Authentication-Info`` that offers a fresh nonce (RFC 7616 section 3.5)."""
        return f'nextnonce="{self._nonces.issue(elapsed)}"'

    def _challenge(self, form: ChallengeForm, nonce: str, *, stale: bool) -> str:
        parts = [f'realm="{REALM}"', 'domain=""', f'nonce="{nonce}"']
        if form.algorithm is not None:
            parts.append(f"algorithm={form.algorithm}")
        if form.qop is not QopForm.NONE:
            parts.append(f'{"qop" if form.qop is QopForm.QOP else "op"}="{form.protections}"')
        parts.append(f"stale={str(stale).lower()}")
        if self._settings.userhash:
            parts.append("userhash=true")
        return f"Digest {', '.join(parts)}"
