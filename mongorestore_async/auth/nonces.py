"""Nonces of a server: each keeps its counter however often it is offered, and shows how long such nonces live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.auth.digest import new_cnonce

if TYPE_CHECKING:
    from mongorestore_async.auth.challenges import Challenge
    from mongorestore_async.auth.digest import Signer

__all__ = ["Nonce", "Nonces"]

#: Nonces remembered: more than calls in flight, so that a nonce offered again keeps its counter.
_REMEMBERED = 256


class Nonce:
    """A server nonce with its counter.

    Attributes:
        challenge: The challenge it came with last.
        cnonce: Our own nonce; one for the life of the server's, as the -sess algorithms need it.
        uses: The ``nc`` given out last.
        accepted: Requests the server took with it.
        settled: Requests that were taken or refused.
        dead: Whether the server refused it once.
        signer: Signs with it; made at its first use.

    """

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self.cnonce: str = new_cnonce()
        self.uses = 0
        self.accepted = 0
        self.settled = 0
        self.dead = False
        self.signer: Signer | None = None


class Nonces:
    """The nonces a server offered lately.

    Attributes:
        life: After how many uses its nonces die, None while that is not known.

    """

    def __init__(self) -> None:
        self.life: int | None = None
        self._last_life: int | None = None
        self._offered: dict[str, Nonce] = {}

    def offer(self, challenge: Challenge) -> Nonce:
        """Take the nonce of a challenge; one that was offered before keeps its counter.

        A server that derives nonces from the time offers one to many calls: no two may send the same ``nc``.
        """
        nonce = self._offered.pop(challenge.nonce, None)
        if nonce is None:
            nonce = Nonce(challenge)
        nonce.challenge, nonce.signer = challenge, None
        self._offered[challenge.nonce] = nonce
        if len(self._offered) > _REMEMBERED:
            del self._offered[next(iter(self._offered))]
        return nonce

    def learn_life(self, nonce: Nonce) -> None:
        """Compare the uses of a dead nonce with those of the one before, once no request with it is in flight."""
        if nonce.settled < nonce.uses or not nonce.accepted:
            return
        if nonce.accepted == self._last_life:
            self.life = nonce.accepted
        elif self.life is not None and nonce.accepted < self.life:
            self.life = None
        self._last_life = nonce.accepted
