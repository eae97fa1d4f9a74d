"""Digest login as a state machine without I/O: one :class:`Login` a session, one :class:`Attempt` a call.

Rules (restore architecture, "Digest"; API protocol section 1; RFC 7616):

- a nonce is reused for many calls, each with its own rising ``nc``; it is published to the other calls only
  after the server took it; a refused call keeps its new nonce to itself until it succeeds;
- while no nonce is known to be good, one call *leads* and the others wait for it;
- an *answer* is a request sent in reply to the call's own challenge. A call gives at most 2 answers before
  the key ever worked and 3 afterwards, and sends at most 12 requests while the server says ``stale=true``;
- a 401 that offers no digest and is no error document of the API is a gateway's page once the key ever worked: the
  caller gets it, and the key and the nonce are as good as before;
- a spent allowance is the verdict "wrong key": it holds for 60 seconds for the whole session, during which
  calls fail without I/O, and after which one call may give one answer;
- a nonce that dies after k uses twice running is renewed after k uses from then on;
- a call to be taken only ``once`` is not sent again after it was signed: a gateway that repeats requests sends one
  ``nc`` twice, and the refusal of its copy is all that is seen of a request that was taken.

How requests are sent and how calls wait is up to ``authenticators``.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.auth.challenges import choose_challenge
from mongorestore_async.auth.digest import Signer, next_nonce
from mongorestore_async.auth.nonces import Nonce, Nonces
from mongorestore_async.errors import AuthError, Hint, HintKind
from mongorestore_async.protocol.replies import is_error_document, is_own

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.auth.challenges import Challenge
    from mongorestore_async.auth.credentials import DigestAuth
    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.replies import RawReply

__all__ = ["EVICTION_SECONDS", "VERDICT_SECONDS", "Attempt", "AttemptOutcome", "Login", "SignedRefusal"]

#: How long a wrong-key verdict holds for a session, seconds.
VERDICT_SECONDS = 60.0

#: How long calls log in one after the other once a server forgot a challenge, seconds.
EVICTION_SECONDS = 60.0

_ANSWERS_UNPROVEN = 2
_ANSWERS_PROVEN = 3
_ANSWERS_AFTER_VERDICT = 1
_SENDS_WHILE_STALE = 12


class SignedRefusal(AuthError):
    """A signed request that must be taken only once was refused: it, or a gateway's copy of it.

    Attributes:
        raw: The answer.
        no_rights: Whether it says that the key is known and has no rights.

    """

    def __init__(self, raw: RawReply, *, no_rights: bool) -> None:
        super().__init__("the server refused the login of the request", request=raw.request)
        self.raw = raw
        self.no_rights = no_rights


class AttemptOutcome(Enum):
    """What an answer of the server means for a call's login."""

    DONE = auto()
    """The login is over: the answer goes to the caller."""
    AGAIN = auto()
    """The same request is to be sent again, with the authorization the attempt then gives."""


class Login:
    """What a session knows about its login: the key, the warm nonce, the verdict on the key."""

    def __init__(self, credentials: DigestAuth, clock: Callable[[], float]) -> None:
        self.credentials = credentials
        self.warm: Nonce | None = None
        self.proven: bool = False
        self._clock = clock
        self._open = False  # the server answered without any challenge
        self._literal: bool | None = None  # whether this server means op="auth" literally: RFC 2069
        self._suspect = False  # an answer was refused, and none was taken since
        self._judged_at: float | None = None
        self._evicted_at: float | None = None
        self._nonces = Nonces()

    @property
    def works(self) -> bool:
        """Whether the server ever took the key, or answers without any login."""
        return self.proven or self._open

    @property
    def needs_leader(self) -> bool:
        """Whether a call without a challenge of its own has to find out for the others how to log in."""
        if self._evicted_at is not None and self.evicts_nonces:
            return True
        if self._nonces.life == 1 and not self._suspect:
            return False  # every nonce is good for one request: each call meets its own challenge
        return not self._open and self.reusable() is None

    @property
    def evicts_nonces(self) -> bool:
        """Whether the server recently called a nonce stale at its first use: calls then go one at a time.

        Apache httpd keeps one-time nonces in a table with room for a handful of clients, counts each challenge as a
        new client, and evicts those it has no room for.
        """
        return self._evicted_at is not None and self._clock() - self._evicted_at < EVICTION_SECONDS

    @property
    def allowed_answers(self) -> int:
        """How many answers a call may give in reply to challenges of its own."""
        if self._judged_at is not None:
            return _ANSWERS_AFTER_VERDICT
        return _ANSWERS_PROVEN if self.proven else _ANSWERS_UNPROVEN

    def check_verdict(self) -> None:
        """Refuse without I/O while a wrong-key verdict holds.

        Raises:
            AuthError: The server refused this key less than :data:`VERDICT_SECONDS` ago.

        """
        if self._judged_at is not None and self._clock() - self._judged_at < VERDICT_SECONDS:
            left = VERDICT_SECONDS - (self._clock() - self._judged_at)
            raise AuthError(
                f"the server refused the API key {self.credentials.public_key!r} recently; no request is sent for "
                f"another {left:.0f} s so that the key does not get locked",
                hint=Hint(HintKind.CHECK_KEY),
            )

    def reusable(self) -> Nonce | None:
        """Give the warm nonce, unless there is none or it has served as often as such nonces live."""
        nonce, life = self.warm, self._nonces.life
        return None if nonce is None or (life is not None and nonce.uses >= life) else nonce

    def read(self, challenge: Challenge) -> Nonce:
        """Take the nonce of a challenge, reading ``op="auth"`` the way this server turned out to mean it."""
        return self._nonces.offer(challenge.as_rfc2069() if self._literal else challenge)

    def read_again(self, challenge: Challenge, refused: Nonce) -> Nonce | None:
        """Read ``op="auth"`` literally after its reading as ``qop`` was refused; None when that is no question."""
        tried = refused.challenge
        if self._literal is not None or not (challenge.misprint and tried.misprint and tried.qop):
            return None
        return Nonce(challenge.as_rfc2069())

    def accept(self, nonce: Nonce, *, proves: bool, successor: str | None = None) -> None:
        """Note that the server accepted a nonce.

        Args:
            nonce: What the request was signed with.
            proves: Whether the answer is the API's own, which shows that the key is right.
            successor: ``nextnonce`` of the answer, which replaces the nonce (RFC 7616 section 3.5).

        """
        nonce.settled += 1
        nonce.accepted += 1
        if nonce.dead:
            self._nonces.learn_life(nonce)
        self._open = False
        if proves:
            self.proven = True
            self._suspect = False
            self._judged_at = None
            if nonce.challenge.misprint:
                self._literal = nonce.challenge.qop is None
        # A -sess key stays bound to the nonce of the challenge (RFC 7616 section 3.4.2).
        if successor is not None and not nonce.challenge.session:
            following = self._nonces.offer(attrs.evolve(nonce.challenge, nonce=successor))
            self.warm = self.warm if following.dead else following
        elif self.warm is not nonce and self.reusable() is None and not nonce.dead:
            self.warm = nonce

    def refuse(self, nonce: Nonce, *, teaches: bool = True) -> None:
        """Note that the server refused a nonce: no further call uses it.

        Args:
            nonce: What the request was signed with.
            teaches: Whether it may have been refused for its age, which shows how long nonces live.

        """
        if self.warm is nonce:
            self.warm = None
        nonce.dead = True
        if teaches:
            nonce.settled += 1
            self._nonces.learn_life(nonce)

    def opened(self, *, is_open: bool) -> None:
        """Note whether the server answers without any login."""
        self._open = is_open

    def mark_suspect(self) -> None:
        """Note that an answer was refused: until one is taken, one call at a time tries the key."""
        self._suspect = True

    def mark_nonce_evicted(self) -> None:
        """Note that the server called a nonce stale at its very first use."""
        self._evicted_at = self._clock()

    def cache_rejection(self) -> None:
        """Give the verdict "wrong key", unless another call just showed that the key works."""
        if self.warm is None or not self.proven:
            self.warm = None
            self._judged_at = self._clock()


class Attempt:
    """The login of one call: gives the ``Authorization`` value for each send and reads what came back.

    ``once``: it raises :class:`SignedRefusal` rather than sending a second signed request.
    """

    # Most calls meet no challenge, and none of these changes.
    _own: Nonce | None = None  # from a challenge to this call, not yet taken by the server
    _answered_own = False
    _sends = 0
    _refusals = 0  # of answers, without stale=true
    challenges: int = 0

    def __init__(self, login: Login, *, method: str, uri: str, body: bytes, once: bool = False) -> None:
        self._login = login
        self._once = once
        self._method = method
        self._uri = uri
        self._body = body
        self._used: Nonce | None = None  # what the last send was signed with

    @property
    def has_own_challenge(self) -> bool:
        """Whether the call holds a challenge that only it may answer."""
        return self._own is not None

    def authorization(self) -> Secret | None:
        """Sign the next send: with the call's own challenge, else with the warm nonce, else not at all.

        Takes the next ``nc``, so the request has to leave before anything else is awaited.
        """
        self._sends += 1
        nonce, own = self._login.reusable(), self._own
        # A challenge that had to wait for its turn may be evicted by now, nextnonce is not.
        if own is not None and (nonce is None or not self._login.evicts_nonces):
            nonce = own
        self._used, self._answered_own = nonce, nonce is not None and nonce is own
        if nonce is None:
            return None
        nonce.uses += 1
        signer = nonce.signer
        if signer is None:
            key = self._login.credentials
            signer = nonce.signer = Signer(
                nonce.challenge, username=key.public_key, password=key.private_key, cnonce=nonce.cnonce
            )
        return signer.sign(method=self._method, uri=self._uri, nc=nonce.uses, body=self._body)

    def receive(self, raw: RawReply, *, error_code: str | None) -> AttemptOutcome:
        """Read an answer of the server.

        Args:
            raw: The answer.
            error_code: The API's error code in it, None without one.

        Raises:
            AuthError: The key is refused, the server offers no supported challenge, or it keeps
                calling nonces stale.
            SignedRefusal: It was sent ``once``, signed, and is not to be sent again.

        """
        nonce, login = self._used, self._login
        if raw.status != 401:  # noqa: PLR2004
            self._own = None
            if nonce is not None:
                tells = "Authentication-Info" in raw.headers
                successor = next_nonce(raw.headers.getall("Authentication-Info")) if tells else None
                login.accept(nonce, proves=is_own(raw), successor=successor)
            elif raw.status < 300:  # noqa: PLR2004
                login.opened(is_open=True)
            return AttemptOutcome.DONE
        offered = raw.headers.getall("WWW-Authenticate")
        challenge = choose_challenge(offered) if offered else None
        if not offered or (challenge is None and login.works and not is_error_document(raw)):
            # The page of a gateway, or no rights: the key is as good as before.
            if nonce is not None:
                nonce.settled += 1
            return AttemptOutcome.DONE
        if challenge is None:
            raise AuthError(
                "the server does not offer HTTP digest with a supported algorithm",
                request=raw.request,
                hint=Hint(HintKind.CHECK_BASE_URL),
            )
        self.challenges += 1
        if self._answered_own and nonce is not None and not challenge.stale and _is_right_problem(error_code):
            self._own = None
            login.accept(nonce, proves=True)
            return AttemptOutcome.DONE
        no_rights = not challenge.stale and _is_right_problem(error_code)
        self._meet(challenge, raw, teaches=not no_rights)
        if self._once and nonce is not None:
            raise SignedRefusal(raw, no_rights=no_rights)
        return AttemptOutcome.AGAIN

    def _meet(self, challenge: Challenge, raw: RawReply, *, teaches: bool) -> None:
        """Take the challenge to this call as the next thing to answer, or give up."""
        nonce, login = self._used, self._login
        self._own = login.read(challenge)
        if nonce is None:
            login.opened(is_open=False)
        else:
            login.refuse(nonce, teaches=teaches)
        if self._answered_own and nonce is not None and challenge.stale and nonce.uses == 1:
            login.mark_nonce_evicted()
        if self._answered_own and nonce is not None and not challenge.stale:
            self._refusals += 1
            login.mark_suspect()
            if self._refusals >= login.allowed_answers:
                login.cache_rejection()
                raise AuthError(_refused(login), request=raw.request)
            self._own = login.read_again(challenge, nonce) or self._own
        if self._sends >= _SENDS_WHILE_STALE:
            raise AuthError(
                f"the server called {self._sends} consecutive nonces stale: its nodes seem not to share nonces and the "
                f"load balancer has no session affinity; enable it (by cookie or source address)",
                request=raw.request,
            )


def _is_right_problem(error_code: str | None) -> bool:
    """Whether a 401 after an answer means a known key without rights rather than a login that failed."""
    return error_code is not None and error_code != "UNEXPECTED_ERROR"


def _refused(login: Login) -> str:
    message = f"the server refused the API key {login.credentials.public_key!r}; check the public and the private key."
    if login.proven:
        message += (
            " It was accepted before: was it deleted or replaced? Or do the server's nodes not share nonces "
            "behind a load balancer without session affinity?"
        )
    return f"{message} No call is sent for {VERDICT_SECONDS:.0f} s, so that the key is not locked"
