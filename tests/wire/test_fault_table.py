"""Each fault of the network or the server, with each verb: the table of docs/reliability.rst, row by row.

Whatever breaks: a list gives every job once or fails with a typed error that says where to go on, a create is taken at
most once, and what is not known about it is told as ``MaybeCreated``.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import time
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mongorestore_async import AsyncSession, DigestAuth, HttpRestore, MaybeCreated, Options, RestoreError, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

resource = pytest.importorskip("resource", reason="this system does not tell how much memory a process took")

JOBS = 25
PAGE = 10
FOR_EVER = asyncio.Event

#: Deadline of a call for faults that keep it waiting, seconds; nothing else in such a row takes a tenth of it.
SHORT = 0.6
OVERRUN = 3.0
MEGABYTE = 1 << 20

HEADER = (
    "fault",
    "verb",
    "how often",
    "the server acted",
    "outcome",
    "requests",
    "reconciled",
    "lost",
    "twice",
    "taken",
)


@attrs.frozen
class Fault:
    """One way to break.

    Attributes:
        group: Which table of the page it stands in.
        title: What happens.
        play: Does it; None for a closed port.
        place: Where it strikes: see faults.py.
        acted: What the server may have made of a create before: ``no``, ``yes`` or either of them.
        often: How often it strikes a read.
        creates: How often it strikes a create.
        options: Options of the session.
        scheme: Scheme of the base URL.

    """

    group: str
    title: str
    play: Callable[[Any], Awaitable[None]] | None
    place: str = "request"
    acted: tuple[str, ...] = ("no", "yes")
    often: tuple[str, ...] = ("once", "always")
    creates: tuple[str, ...] = ("once",)
    options: dict[str, Any] = attrs.field(factory=dict)
    scheme: str = "http"


FAULTS: list[Fault] = []


def fault(group, title, **settings):
    def note(play):
        FAULTS.append(Fault(group, title, play, **settings))
        return play

    return note


# --- connection -------------------------------------------------------------------------------------------------------

FIRST = {"acted": ("no",)}
AGAIN = {"acted": ("no",), "creates": ("once", "always")}
NO_TLS = {"place": "start", "acted": ("no",), "often": ("always",), "creates": ("always",), "scheme": "https"}

FAULTS.append(Fault("connection", "refused", None, place="listener", **AGAIN))


@fault("connection", "accepted and closed", place="connection", **FIRST)
@fault("connection", "kept alive, closed as the next request comes", place="kept", **FIRST)
async def close_at_first_byte(x):
    await x.first_byte()
    await x.close()


@fault("connection", "accepted and reset", place="connection", **FIRST)
@fault("connection", "kept alive, reset as the next request comes", place="kept", **FIRST)
async def reset_at_first_byte(x):
    await x.first_byte()
    x.reset()


@fault("connection", "TLS refused with an alert", **NO_TLS)
async def alert(x):
    await x.peek()
    await x.send(b"\x15\x03\x03\x00\x02\x02\x28")
    await x.close()


@fault("connection", "TLS cut in the handshake", **NO_TLS)
async def cut_handshake(x):
    await x.peek()
    x.reset()


@fault("connection", "TLS asked of a server that speaks plain HTTP", **NO_TLS)
async def plain_http(x):
    await x.peek()
    await x.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await x.close()


# --- request ----------------------------------------------------------------------------------------------------------

HANGING = {"often": ("always",), "options": {"timeout": SHORT}}


@fault("request", "read, then closed")
async def close_after_request(x):
    await x.read()
    await x.close()


@fault("request", "read, then reset")
async def reset_after_request(x):
    await x.read()
    x.reset()


@fault("request", "head read, reset with the body unread", acted=("no",))
async def reset_before_body(x):
    x.reset()


@fault("request", "answered 100 Continue, then closed")
async def only_continue(x):
    await x.read()
    await x.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    await x.close()


@fault("request", "never answered", **HANGING)
async def hang(x):
    await x.read()
    await FOR_EVER().wait()


@fault("request", "never answered, nor read", acted=("no",), **HANGING)
async def hang_unread(x):
    await FOR_EVER().wait()


@fault("request", "nothing breaks", acted=("yes",), often=("once",))
async def relay(x):
    await x.send((await x.answer()).whole())


@fault("request", "answered late, within the deadline", acted=("yes",))
async def late(x):
    answer = await x.answer()
    await asyncio.sleep(0.1)
    await x.send(answer.whole())


@fault("request", "answered 100 Continue, then late", acted=("yes",))
async def continued(x):
    answer = await x.answer()
    await x.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    await asyncio.sleep(0.05)
    await x.send(answer.whole())


# --- head of the answer -----------------------------------------------------------------------------------------------


@fault("head", "no HTTP: garbage")
async def garbage(x):
    await x.read()
    await x.send(b"\x00\xffSMTP 220 welcome\r\n\r\n")
    await x.close()


@fault("head", "no HTTP: a TLS alert", acted=("no",))
async def alert_as_answer(x):
    await x.read()
    await x.send(b"\x15\x03\x01\x00\x02\x02\x46")
    await x.close()


@fault("head", "reset after the status line", acted=("yes",))
async def reset_after_status(x):
    answer = await x.answer()
    await x.send(answer.status_line + b"\r\n")
    x.reset()


@fault("head", "closed in the middle", acted=("yes",))
async def close_in_head(x):
    head = (await x.answer()).head()
    await x.send(head[: len(head) // 2])
    await x.close()


@fault("head", "reset in the middle", acted=("yes",))
async def reset_in_head(x):
    head = (await x.answer()).head()
    await x.send(head[: len(head) // 2])
    x.reset()


@fault("head", "a byte at a time, for ever", acted=("yes",), **HANGING)
async def drip_head(x):
    answer = await x.answer()
    await x.send(answer.status_line + b"\r\nX-Slow: ")
    await x.drip(b"x" * 10_000, every=0.02)


@fault("head", "a header line of 1 MB", acted=("yes",))
async def huge_header(x):
    await x.send((await x.answer()).whole(b"X-Huge: " + b"x" * MEGABYTE))


@fault("head", "a header line of 4 KB", acted=("yes",))
async def large_header(x):
    await x.send((await x.answer()).whole(b"X-Large: " + b"x" * 4096))


@fault("head", "header lines without an end", acted=("yes",))
async def endless_head(x):
    await x.send((await x.answer()).status_line + b"\r\n")
    while True:
        await x.send(b"X-More: of this\r\n" * 1000)


@fault("head", "HTTP/1.0, ended by the connection", acted=("yes",))
async def http_1_0(x):
    answer = await x.answer()
    await x.send(answer.head().replace(b"HTTP/1.1", b"HTTP/1.0", 1) + answer.body)
    await x.close()


# --- body of the answer -----------------------------------------------------------------------------------------------

SMALL = {"options": {"max_body": MEGABYTE}}


@fault("body", "none of it, then closed", acted=("yes",))
async def close_before_body(x):
    answer = await x.answer()
    await x.send(answer.head(b"Content-Length: %d" % len(answer.body)))
    await x.close()


@fault("body", "half of it, then closed", acted=("yes",))
async def close_in_body(x):
    whole = (await x.answer()).whole()
    await x.send(whole[: -len((await x.answer()).body) // 2])
    await x.close()


@fault("body", "half of it, then reset", acted=("yes",))
async def reset_in_body(x):
    whole = (await x.answer()).whole()
    await x.send(whole[: -len((await x.answer()).body) // 2])
    x.reset()


@fault("body", "half of it, then nothing", acted=("yes",), **HANGING)
async def hang_in_body(x):
    whole = (await x.answer()).whole()
    await x.send(whole[: -len((await x.answer()).body) // 2])
    await FOR_EVER().wait()


@fault("body", "a byte at a time, for ever", acted=("yes",), **HANGING)
async def drip_body(x):
    answer = await x.answer()
    await x.send(answer.head(b"Content-Length: %d" % len(answer.body)))
    await x.drip(answer.body, every=0.02)


def chunked(body):
    middle = len(body) // 2
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]))


CHUNKED = b"Transfer-Encoding: chunked"


@fault("body", "in chunks", acted=("yes",))
async def in_chunks(x):
    answer = await x.answer()
    await x.send(answer.head(CHUNKED) + chunked(answer.body) + b"0\r\n\r\n")


@fault("body", "in chunks, closed before the last one", acted=("yes",))
async def truncated_chunks(x):
    answer = await x.answer()
    await x.send(answer.head(CHUNKED) + chunked(answer.body))
    await x.close()


@fault("body", "in chunks, one with a length that is none", acted=("yes",))
async def broken_chunks(x):
    answer = await x.answer()
    await x.send(answer.head(CHUNKED) + chunked(answer.body) + b"none\r\n\r\n")
    await x.close()


GZIP = b"Content-Encoding: gzip"


@fault("body", "compressed", acted=("yes",))
async def compressed(x):
    answer = await x.answer()
    await x.send(attrs.evolve(answer, body=gzip.compress(answer.body)).whole(GZIP))


@fault("body", "compressed, cut short", acted=("yes",))
async def truncated_gzip(x):
    answer = await x.answer()
    await x.send(attrs.evolve(answer, body=gzip.compress(answer.body)[:-20]).whole(GZIP))


@fault("body", "called compressed, and is not", acted=("yes",))
async def no_gzip(x):
    await x.send((await x.answer()).whole(GZIP))


@functools.cache
def bomb():
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MEGABYTE)
    return b"".join(squeeze.compress(block) for _ in range(300)) + squeeze.flush()


@fault("body", "300 MB of zeros, compressed", acted=("yes",), **SMALL)
async def gzip_bomb(x):
    await x.send(attrs.evolve(await x.answer(), body=bomb()).whole(GZIP))


@fault("body", "longer than max_body allows", acted=("yes",), **SMALL)
async def oversize(x):
    answer = await x.answer()
    await x.send(attrs.evolve(answer, body=answer.body + b" " * (3 * MEGABYTE)).whole())


@fault("body", "without an end", acted=("yes",), **SMALL)
async def endless(x):
    answer = await x.answer()
    await x.send(answer.head(CHUNKED))
    while True:
        await x.send(b"10000\r\n%s\r\n" % (b" " * 65536))


@fault("body", "empty", acted=("yes",))
async def empty(x):
    await x.send(attrs.evolve(await x.answer(), body=b"").whole())


@fault("body", "cut short, its length true", acted=("yes",))
async def half_json(x):
    answer = await x.answer()
    await x.send(attrs.evolve(answer, body=answer.body[: len(answer.body) // 2]).whole())


@fault("body", "cut short, HTTP/1.0, ended by the connection", acted=("yes",))
async def half_http_1_0(x):
    answer = await x.answer()
    half = answer.body[: len(answer.body) // 2]
    await x.send(answer.head().replace(b"HTTP/1.1", b"HTTP/1.0", 1) + half)
    await x.close()


@fault("body", "not UTF-8", acted=("yes",))
async def not_utf8(x):
    answer = await x.answer()
    await x.send(attrs.evolve(answer, body=answer.body.replace(b'"id"', b'"id\xff"')).whole())


@fault("body", "under the wrong content type", acted=("yes",))
async def wrong_type(x):
    answer = await x.answer()
    headers = (line for line in answer.headers if not line.lower().startswith(b"content-type"))
    await x.send(attrs.evolve(answer, headers=(*headers, b"Content-Type: image/png")).whole())


@fault("body", "nested a hundred thousand deep", acted=("yes",))
async def nested(x):
    await x.send(attrs.evolve(await x.answer(), body=b'{"results":' * 100_000).whole())


@fault("body", "JSON of another shape", acted=("yes",))
async def another_shape(x):
    await x.send(attrs.evolve(await x.answer(), body=b'{"jobs": []}').whole())


@fault("body", "a number that is none (NaN)", acted=("yes",))
async def nan(x):
    await x.send(attrs.evolve(await x.answer(), body=b'{"results": [], "totalCount": NaN}').whole())


@fault("body", "followed by an answer nobody asked for", acted=("yes",))
async def surplus(x):
    stray = (
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n{"results":[],"totalCount":0}'
    )
    await x.send((await x.answer()).whole() + stray)


# --- status of the answer ---------------------------------------------------------------------------------------------

BUSY = b'{"error": %d, "errorCode": "%s", "reason": "no", "detail": "Not now.", "parameters": []}'
HTML = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>"


def answered(status, body, *lines, json=True):
    kind = b"application/json" if json else b"text/html"

    async def play(x):
        await x.read()
        head = b"\r\n".join((b"HTTP/1.1 %s" % status, b"Content-Type: %s" % kind, *lines))
        await x.send(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return play


def refusal(status, code):
    return BUSY % (int(status[:3]), code)


LIMITED = b"429 Too Many Requests", refusal(b"429", b"RATE_LIMITED")
SAFE = {"acted": ("no",), "creates": ("once", "always")}
UNSAFE = {"creates": ("once",)}
FINAL = {"acted": ("no",), "often": ("always",), "creates": ("always",)}

STATUSES: dict[str, tuple[Any, dict[str, Any]]] = {
    "429, Retry-After in seconds": (answered(*LIMITED, b"Retry-After: 0"), SAFE),
    "429, Retry-After as a date": (answered(*LIMITED, f"Retry-After: {formatdate(0, usegmt=True)}".encode()), SAFE),
    "429 without Retry-After": (answered(*LIMITED), SAFE),
    "429, Retry-After beyond the deadline": (answered(*LIMITED, b"Retry-After: 3600"), SAFE),
    "429, Retry-After: nonsense": (answered(*LIMITED, b"Retry-After: soon"), SAFE),
    "429, an HTML page": (answered(LIMITED[0], HTML % (b"429", b"Slow down"), json=False), SAFE),
    "400 RATE_LIMITED_IP": (answered(b"400 Bad Request", refusal(b"400", b"RATE_LIMITED_IP")), SAFE),
    "405 WRITES_NOT_ALLOWED_DURING_APP_UPGRADES": (
        answered(b"405 Method Not Allowed", refusal(b"405", b"WRITES_NOT_ALLOWED_DURING_APP_UPGRADES")),
        SAFE,
    ),
    "500 UNEXPECTED_ERROR": (answered(b"500 Internal Server Error", refusal(b"500", b"UNEXPECTED_ERROR")), UNSAFE),
    "500, an HTML page": (answered(b"500 Oops", HTML % (b"500", b"Oops"), json=False), UNSAFE),
    "502, an HTML page": (answered(b"502 Bad Gateway", HTML % (b"502", b"Bad Gateway"), json=False), UNSAFE),
    "503 SERVICE_UNAVAILABLE": (answered(b"503 No", refusal(b"503", b"SERVICE_UNAVAILABLE")), UNSAFE),
    "503, Retry-After in seconds": (
        answered(b"503 No", refusal(b"503", b"SERVICE_UNAVAILABLE"), b"Retry-After: 0"),
        UNSAFE,
    ),
    "503, Retry-After beyond the deadline": (
        answered(b"503 No", refusal(b"503", b"SERVICE_UNAVAILABLE"), b"Retry-After: 3600"),
        UNSAFE,
    ),
    "504, an HTML page": (answered(b"504 Gateway Time-out", HTML % (b"504", b"Time-out"), json=False), UNSAFE),
    "507, which no document knows": (answered(b"507 Insufficient Storage", b"full", json=False), UNSAFE),
    "400 INVALID_ATTRIBUTE": (answered(b"400 Bad Request", refusal(b"400", b"INVALID_ATTRIBUTE")), FINAL),
    "403 IP_ADDRESS_NOT_ON_ACCESS_LIST": (
        answered(b"403 Forbidden", refusal(b"403", b"IP_ADDRESS_NOT_ON_ACCESS_LIST")),
        FINAL,
    ),
    "404 CLUSTER_NOT_FOUND": (answered(b"404 Not Found", refusal(b"404", b"CLUSTER_NOT_FOUND")), FINAL),
    "409, a restore is running": (
        answered(b"409 Conflict", refusal(b"409", b"ATLAS_CLUSTER_RESTORE_IN_PROGRESS")),
        FINAL,
    ),
    "200, an HTML page": (answered(b"200 OK", HTML % (b"Sign in", b"Sign in"), json=False), {}),
    "204, no content": (answered(b"204 No Content", b""), {}),
    "302 to the same origin": (answered(b"302 Found", b"", b"Location: /login"), {}),
    "303 to the same origin": (answered(b"303 See Other", b"", b"Location: /login"), {}),
    "307 to another origin": (answered(b"307 Temporary Redirect", b"", b"Location: http://127.0.0.1:9/"), {}),
    "401 without a challenge": (answered(b"401 Unauthorized", refusal(b"401", b"USER_UNAUTHORIZED")), FINAL),
    "401, for Basic only": (
        answered(b"401 Unauthorized", b"", b'WWW-Authenticate: Basic realm="x"'),
        FINAL,
    ),
}

GATEWAYS = {
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    407: b"Proxy Authentication Required",
    408: b"Request Timeout",
    409: b"Conflict",
    410: b"Gone",
    413: b"Content Too Large",
    421: b"Misdirected Request",
    425: b"Too Early",
    460: b"Client Closed",
    499: b"Client Closed Request",
}
for code, reason in GATEWAYS.items():
    line = b"%d %s" % (code, reason)
    STATUSES[f"{code}, an HTML page"] = (answered(line, HTML % (line, reason), json=False), UNSAFE)
STATUSES["408 as the API's own document"] = (answered(b"408 Request Timeout", refusal(b"408", b"TIMEOUT")), FINAL)
STATUSES["404, JSON that is not the API's"] = (answered(b"404 Not Found", b'{"message": "no route"}'), UNSAFE)

for title, (play, settings) in STATUSES.items():
    FAULTS.append(Fault("status", title, play, **settings))

challenges = iter(range(1_000_000))


def challenged(*, stale):
    async def play(x):
        body = refusal(b"401", b"UNEXPECTED_ERROR")
        line = b'WWW-Authenticate: Digest realm="MMS Public API", nonce="n%d", qop="auth", stale=%s'
        await answered(b"401 Unauthorized", body, line % (next(challenges), stale))(x)

    return play


FAULTS.append(Fault("status", "401, the nonce is stale", challenged(stale=b"true"), **SAFE))
FAULTS.append(Fault("status", "401, the answer is wrong", challenged(stale=b"false"), **SAFE))


# --- rows -------------------------------------------------------------------------------------------------------------


@attrs.frozen
class Row:
    """One row of the table.

    Attributes:
        fault: What breaks.
        verb: What is called.
        often: How often it breaks.
        acted: Whether the server acted on the create before; a dash for reads.

    """

    fault: Fault
    verb: str
    often: str
    acted: str

    @property
    def key(self):
        return self.fault.title, self.verb, self.often, self.acted

    def __str__(self):
        return f"{self.fault.group}: {', '.join(self.key)}"


def rows():
    for each in FAULTS:
        for verb in ("list", "get"):
            yield from (Row(each, verb, often, "-") for often in each.often)
        yield from (Row(each, "create", often, acted) for often in each.creates for acted in each.acted)


ROWS = list(rows())
GROUPS = sorted({each.group for each in FAULTS})


@pytest.fixture
def tables(book):
    def table(group):
        keys = [row.key for row in ROWS if row.fault.group == group]
        return book.table("reliability.rst", f"faults: {group}", HEADER, keys)

    return table


@pytest.mark.parametrize("group", GROUPS)
def test_the_page_has_these_rows_and_no_others(tables, group):
    tables(group).check_keys()


def test_there_are_rows_enough():
    assert len({str(row) for row in ROWS}) == len(ROWS) >= 80


# --- one row ----------------------------------------------------------------------------------------------------------

TARGETS = {
    # The second of three pages.
    "list": lambda request: request.authenticated and "pageNum=2" in request.target,
    "get": lambda request: request.authenticated,
    "create": lambda request: request.authenticated and request.method == "POST",
}

#: The request before the target.
BEFORE = {
    "list": lambda request: request.authenticated and "pageNum=2" not in request.target,
    "get": lambda request: not request.authenticated,
    "create": lambda request: request.authenticated and request.method == "GET",
}


@attrs.define
class Scene:
    """What a verb is called with, and what is seen of it.

    Attributes:
        cluster: The cluster, through the server that breaks.
        truth: Ids of the jobs that are there.
        over: Ends the fault; gives the requests that came until then, and the cluster through a fresh session.

    """

    cluster: Any
    truth: list[str]
    over: Callable[[], Any]


async def list_them(scene):
    """Walk the list; go on where an error says."""
    found, outcome = [], "completed"
    try:
        async for job in scene.cluster.restore_jobs(items_per_page=PAGE):
            found.append(job.id)  # noqa: PERF401 - what came before an error counts
    except RestoreError as error:
        outcome = type(error).__name__
        assert found == scene.truth[: len(found)]
        requests, cluster = await scene.over()
        async for job in cluster.restore_jobs(items_per_page=PAGE, starting_at=error.resume_at):
            found.append(job.id)  # noqa: PERF401 - what came before an error counts
    else:
        requests, _ = await scene.over()
    lost, twice = len(set(scene.truth) - set(found)), len(found) - len(set(found))
    return outcome, requests, "-", lost, twice


async def get_one(scene):
    """Read one job, which is the one asked for or an error."""
    wanted, outcome = scene.truth[3], "completed"
    try:
        job = await scene.cluster.restore_job(wanted)
    except RestoreError as error:
        outcome = type(error).__name__
    else:
        assert job.id == wanted
    requests, _ = await scene.over()
    return outcome, requests, "-", 0, 0


async def create_one(scene):
    """Create one; see afterwards what the list makes of it."""
    outcome, verdict, batch, error = "completed", "-", None, None
    try:
        batch = await scene.cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=2))
    except RestoreError as raised:
        outcome, error = type(raised).__name__, raised
    requests, cluster = await scene.over()
    if isinstance(error, MaybeCreated):
        found = await error.reconcile()
        verdict, batch = str(found.verdict), found.batch
    there = [job.id async for job in cluster.restore_jobs(items_per_page=PAGE)]
    new = [job for job in there if job not in scene.truth]
    assert [job.id for job in batch or ()] == (new if outcome == "completed" or verdict == "taken" else [])
    lost, twice = len(set(scene.truth) - set(there)), len(there) - len(set(there)) + max(0, len(new) - 1)
    return outcome, requests, verdict, lost, twice


VERBS = {"list": list_them, "get": get_one, "create": create_one}


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_row(row, emulate, break_before, first_cluster, tables):
    async with emulate(jobs_per_cluster=JOBS, gzip=False) as emulator:
        plan = {
            "play": row.fault.play,
            "place": row.fault.place,
            "target": (TARGETS if row.fault.place == "request" else BEFORE)[row.verb],
            "times": 1 if row.often == "once" else float("inf"),
            "acted": row.acted == "yes",
        }
        async with break_before(emulator, **plan) as server:
            await play_row(row, emulator, server, first_cluster, tables(row.fault.group))


async def play_row(row, emulator, server, first_cluster, table):
    repeat = RetryPolicy(base=0)

    def retry(failure):
        if row.often == "once":
            server.listen()
        return repeat(failure)

    options = Options.for_tests(retry=retry, **{"timeout": 20, **row.fault.options})
    url = f"{row.fault.scheme}{server.url.removeprefix('http')}"
    key = DigestAuth(emulator.public_key, emulator.private_key)
    session = AsyncSession(key, base_url=url, options=options)
    later = AsyncSession(key, base_url=server.url, options=Options.for_tests())

    async def over():
        requests, server.plan = server.requests, None
        server.listen()
        return requests, first_cluster(later, emulator)

    place = emulator.world.first("replica-set")
    scene = Scene(
        cluster=first_cluster(session, emulator),
        truth=[job.id for job in emulator.world.jobs.page(place, 0, JOBS)],
        over=over,
    )
    started, memory = time.monotonic(), peak_memory()
    async with session, later:
        outcome, requests, reconciled, lost, twice = await VERBS[row.verb](scene)
    elapsed, grown = time.monotonic() - started, peak_memory() - memory

    taken = emulator.counts.creates_taken
    assert emulator.counts.repeated_nc == 0
    assert grown < 100 * MEGABYTE
    assert elapsed < row.fault.options.get("timeout", 20) + 3 * OVERRUN
    # A certain outcome is true, and an uncertain one is no more than that.
    assert taken == {"completed": 1, "MaybeCreated": taken}.get(outcome, 0) or row.verb != "create"
    assert taken <= 1
    assert server.posts <= 1 or outcome != "MaybeCreated"
    assert reconciled != "taken" or taken == 1
    if row.acted == "yes" and row.fault.place == "request" and outcome == "MaybeCreated":
        assert taken == 1
    table.check(row.key, (outcome, str(requests), reconciled, str(lost), str(twice), str(taken)))
    assert (lost, twice) == (0, 0)


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
