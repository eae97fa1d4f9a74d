"""The only aiohttp code of calls: from a call to the answer that was read to its end, or to one of our errors.

In comes a ``Call`` (method, encoded URL, headers, body) with the ``Options`` of a view; out comes a ``Reply``.

Where to change what:

- what resources call, query flags, checks of input, what all calls to one path share: ``session_view``;
- the order of things in a call, the deadline, repeating: ``transport``; whether a failure is repeated: ``retrying``;
- one request and its answer, bounds of a body: ``sender``; the errors of aiohttp: ``failures``; when and where an
  answer is decoded, the warning of a deprecated resource: ``decoding``;
- connector, proxy, TLS, everything private in aiohttp: ``connection``; loop, timers, slots and locks:
  ``loop_binding``; threads of our own: ``worker_threads``;
- settings: ``options``; what users are told: ``observers``.

Theory of operation. From the outside in, ``Transport.exchange()`` is: the deadline (one timer for all calls), then
for each try the permission of the rate limits, a slot (``max_in_flight``), the login, the request. The rules:

- A slot is taken before the login signs: a signature is made when a connection is likely free, and between taking
  ``nc`` and handing the request over nothing is awaited. So requests leave in the order of their ``nc``.
- The answer is read to its end, bounded before and after decompression, before the slot is given back; it is decoded
  after that. Bodies up to 64 KiB at once, up to 1 MiB one at a time on the loop, larger ones in a thread.
- A failed try is repeated when it was safe (``is_transient``), the rule of the user says so, the session's budget has
  something left, and the wait ends before the deadline; otherwise the error is raised at once.
- ``TimeoutError`` becomes an error outside of the ``except``: no frame of aiohttp stays in a traceback.

Example: a GET whose nonce died and whose second answer is 503 with ``Retry-After: 1``. Try 1: slot, ``nc=7``, 401
stale; the same try answers the challenge with ``nc=1``, 503. Slot and permission are given back, 1 s is slept within
the deadline. Try 2: slot, ``nc=2`` of the nonce that was taken meanwhile, 200. One record for ``on_exchange``: tries
2, challenges 1.

What few calls need (an envelope, a deprecated resource, a proxy, a record) costs the others a comparison. The bound
on functions, modules and frames of one page is in ``tests/wire/transport/test_way_of_a_call.py``.
"""

__all__: list[str] = []
