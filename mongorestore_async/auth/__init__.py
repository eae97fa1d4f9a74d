"""Logging in: credentials, digest and service accounts, as state machines without I/O and the two parts that await.

A request about to be sent and the answers to it come in; values of ``Authorization`` and the decision "for the caller"
or "send again" go out. Nothing here sends anything: ``transport`` passes functions that do.

- ``credentials``: what a user hands over; ``authenticators``: who logs in and who waits for it, the only file here
  with a loop.
- Digest: ``challenges`` reads ``WWW-Authenticate``, ``digest`` computes the answer (RFC 7616), ``nonces`` counts their
  use, ``digest_login`` decides. Its docstring has the rules: who leads, how many answers, how long a verdict holds.
- Service accounts: ``tokens`` is the grammar of the token endpoint, ``token_cache`` decides what is fetched and when.

Example of a cold start: of three calls one leads. It is sent without an answer, meets the challenge and answers it with
``nc=00000001``. Only when that answer got something other than 401 is the nonce published; then the other two are sent
at once, with ``nc`` 2 and 3. Three calls took four requests. If the leader fails or is cancelled, the next call leads.
"""

__all__: list[str] = []
