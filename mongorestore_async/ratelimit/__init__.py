"""Rate limits kept by the client, in one process or shared through Redis.

In: the limit a call falls under (None if none is known), its project, and its deadline. Out: the permission to send it,
or `RateLimited` with status 0. After the answer, its header fields and its error come in, and teach the limiter.

Rules:

1. A limit is known from the start if the user chose it or asked for the documented ones; in adaptive mode as soon as
   the server reports it: by ``RateLimit-Remaining`` or a refusal (HTTP 429). Calls made before are not counted.
   Until then a call costs a comparison: no object, no lock, no coroutine.
2. Each limit has a queue for each project, or one for all projects (``scope="caller"``). A call passes it when no call
   waits before it, its bucket has a call left, and no pause holds it back. Calls pass in the order they came.
3. A call whose turn comes after its deadline fails as soon as it is first in the queue. One that is cancelled takes
   nothing from the others.
4. A refusal starts a pause. Then one call asks; each round of successes lets twice as many be in flight. A refusal of
   a call that was admitted before the pause only prolongs it, and only if the server names a time. If it names none,
   the pause is about a second, and after it calls pass one by one: a success shortens the time between them, a refusal
   lengthens it. The 503 of a proxy counts as such a refusal if the server answered within the last ten seconds; so
   does a refusal then cost no try.
5. A refusal concerns the queue of the call. Where three projects are refused within a second without a word, it
   concerns all calls instead, until one project is refused again and again.
6. What the server reports lowers the bucket of any limit. For limits that are only documented it is fully trusted:
   more calls than were counted here are made, one passes at the time a refusal names, and the bucket that a refusal
   describes replaces the limit.

Example: 2 calls at once, one comes back every 5 s (``RateLimit(2, 2, 10)``); calls A to E come at once, each takes 1 s.

====  =======================================================================================================
time  what happens
====  =======================================================================================================
0 s   A and B pass. C is first in the queue and sleeps for 5 s, until its bucket has a call; D and E wait for C.
1 s   A succeeds. B is refused with ``Retry-After: 7``: generation 1 begins, the pause ends at 8 s. C wakes, sees 7 s.
2 s   D is cancelled: it leaves the queue, and nothing was counted for it.
8 s   The pause is over; 1.6 calls are back. C passes and is alone in flight: E waits for C, whatever the bucket has.
9 s   C succeeds in generation 1: two may be in flight. E sleeps until the bucket has a call again, and passes at 10 s.
====  =======================================================================================================

Where to change what: :mod:`.buckets`, the arithmetic of limits; :mod:`.backoff`, what a refusal does;
:mod:`.limit_queue`, who waits, and in which order; :mod:`.rate_limiter`, which queues a call passes and what answers
teach; :mod:`.shared_limits`, counters in Redis. The first two are pure. How headers and refusals are read:
:mod:`mongorestore_async.protocol.rate_limit_headers`. Which limit a call falls under:
:func:`mongorestore_async.transport.options.choose_limit`.
"""

from mongorestore_async.ratelimit.rate_limiter import RateLimiter
from mongorestore_async.ratelimit.shared_limits import SharedLimits

__all__ = ["RateLimiter", "SharedLimits"]
