"""Who is let in, and what the others are told."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.choices import ChallengeForm, NoncePolicy, QopForm
from mongorestore_async.emulator.login.answer import REALM, Answer
from mongorestore_async.emulator.login.nonces import Nonces

if TYPE_CHECKING:
    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["Guard", "Outcome", "Verdict"]


class Outcome(StrEnum):
    """What the login of a request came to.

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
class Verdict:
    """The judgement on one request.

    Attributes:
        outcome: In or out.
        why: The reason for out, in words.
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


class Guard:
    """Verifies digest answers and writes challenges."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self._settings = settings
        self._nonces = Nonces(settings)
        self._right_answers = 0

    def judge(self, header: str | None, *, method: str, target: str, body: bytes, elapsed: float) -> Verdict:
        """Judge one request.

        Args:
            header: Value of ``Authorization``, or None.
            method: Verb of the request.
            target: Path and query as they came over the wire.
            body: Of the request.
            elapsed: The emulator's clock, seconds since its start.

        """
        if not self._settings.auth_enabled:
            return Verdict(Outcome.ACCEPTED)
        answer = Answer.parse(header)
        if answer is None:
            return Verdict(Outcome.CHALLENGED, "no answer" if header is None else "unreadable answer")
        fault = answer.fault(self._settings, method=method, target=target, body=body)
        if fault:
            return Verdict(Outcome.REFUSED, fault, answer.nonce, answer.count)
        return self._judge_nonce(answer.nonce, answer.count, elapsed)

    def _judge_nonce(self, nonce: str, count: int | None, elapsed: float) -> Verdict:
        use = self._nonces.use(nonce, count, elapsed)
        if use.aged:
            return Verdict(Outcome.STALE, use.why, nonce, count, self._settings.stale_flag, use.repeated)
        if not use.good:
            return Verdict(Outcome.REFUSED, use.why, nonce, count, self._settings.stale_on_replay, use.repeated)
        self._right_answers += 1
        spurious = self._settings.nonce_policy is NoncePolicy.SPURIOUS
        if spurious and self._right_answers % self._settings.spurious_every == 0:
            return Verdict(Outcome.REFUSED, "spurious", nonce, count)
        return Verdict(Outcome.ACCEPTED, "", nonce, count)

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
