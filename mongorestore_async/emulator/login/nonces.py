"""The nonces a server gave out, and what was done with each (RFC 7616 section 3.3 and 5.4)."""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.choices import NoncePolicy

if TYPE_CHECKING:
    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["Nonces", "Use"]

#: How many nonces are remembered. A client that asks for a new one on every call gets through them slowly enough.
_REMEMBERED = 50_000


@attrs.frozen
class Use:
    """Whether a nonce was good for a request.

    Attributes:
        good: It was.
        why: Otherwise, in words.
        aged: It was refused for its age or the number of its uses, so that a new nonce is all that is missing.
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
    """Gives nonces out and takes them back as the policy says."""

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
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return nonce

    def use(self, nonce: str, nc: int | None, elapsed: float) -> Use:
        """Take a nonce for one request whose answer was otherwise right.

        Args:
            nonce: As sent.
            nc: The nonce count, None for an RFC 2069 answer.
            elapsed: The emulator's clock, seconds since its start.

        """
        known = self._known.get(nonce)
        if known is None:
            return Use(good=False, why="unknown nonce", aged=True)
        repeated = nc is not None and known.seen(nc)
        refused = self._refusal(known, nc, elapsed, repeated=repeated)
        if refused is not None:
            return refused
        known.uses += 1
        if nc is not None:
            known.note(nc)
        return Use(good=True)

    def _refusal(self, known: _Nonce, nc: int | None, elapsed: float, *, repeated: bool) -> Use | None:
        policy, life = self._settings.nonce_policy, self._settings.nonce_life_seconds
        if life is not None and elapsed - known.issued > life:
            return Use(good=False, why="nonce too old", aged=True, repeated=repeated)
        if repeated:
            return Use(good=False, why="repeated nc", repeated=True)
        most = {NoncePolicy.ONE_USE: 1, NoncePolicy.LIMITED: self._settings.nonce_life_uses}.get(policy)
        if most is not None and known.uses >= most:
            return Use(good=False, why="nonce used up", aged=True)
        if policy is NoncePolicy.RISING and nc is not None and nc < known.highest:
            return Use(good=False, why="nc did not rise")
        return None
