"""Logging in: HTTP digest with an API key, and OAuth 2.0 tokens of a service account.

In come credentials and, per call, a function that sends it with an ``Authorization`` value; out comes the answer for
the caller. Only ``authenticators`` awaits; everything else is a state machine or a pure function without I/O.

Where to change what:

- what a user passes: ``credentials``;
- reading ``WWW-Authenticate``: ``challenges``; computing an answer: ``digest``; counting ``nc`` and learning how long
  nonces live: ``nonces``; when to answer, lead, renew and give up: ``digest_login``;
- the token endpoint's grammar: ``tokens``; which token is used, renewed or revoked: ``token_cache``;
- who sends and who waits meanwhile: ``authenticators``.

Theory of operation of the digest login. A session has one ``Login`` (the key, the warm nonce, the verdict on the
key), a call one ``Attempt``. While no nonce is known to be good, one call leads and the others wait: N calls cost N +
1 requests. A nonce is published to the others only after the server took it; from then on each call signs ahead with
the next ``nc`` and meets no challenge. A nonce that dies after k uses twice running is renewed after k. A refused
call answers its own challenge, 2 times before the key ever worked, 3 times afterwards, up to 12 while the server says
``stale=true``; then "wrong key" holds for 60 s, in which calls fail without I/O so that the key does not get locked.

Example: calls A, B and C on a new session. A leads and gets 401 with nonce n; it answers with ``nc=1`` and gets 200:
n is warm, B and C are let go and send ``nc=2`` and ``nc=3`` at once. Were A cancelled, B would lead. If B then gets
401 without ``stale=true``, n is no longer used; B answers the new nonce alone, and the others wait for the
result.

Tokens are shared the same way: one call at a time asks for one, in its own slot and deadline; while the old token
lives no call waits, and a failed renewal fails no call.
"""

__all__: list[str] = []
