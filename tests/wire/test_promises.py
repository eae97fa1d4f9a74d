"""The countable promises of docs/reliability.rst, each counted by the server."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
import pytest
from aiohttp import web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from builders.restores import REQUEST
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    ConfigError,
    DataError,
    Options,
    PaginationError,
    RateLimited,
    RestoreError,
    RetryPolicy,
    ServerError,
)
from mongorestore_async.emulator import NoncePolicy
from mongorestore_async.emulator.digest_server import DigestServer

# Challenges


@pytest.mark.parametrize("nextnonce", [False, True])
async def test_twenty_sequential_requests_meet_at_most_two_challenges(emulate, connect, first_cluster, nextnonce):
    async with emulate(jobs_per_cluster=2, nextnonce=nextnonce) as emulator, connect(emulator) as session:
        for _ in range(20):
            await first_cluster(session, emulator).restore_jobs()
        assert emulator.counts.challenges <= 2
        assert emulator.counts.requests <= 22


async def test_a_cold_burst_of_two_hundred_meets_one_challenge(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=2) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await asyncio.gather(*(cluster.restore_jobs() for _ in range(200)))
        assert emulator.counts.challenges == 1
        assert emulator.counts.requests == 201


@pytest.mark.parametrize("policy", [NoncePolicy.REUSABLE, NoncePolicy.RISING, NoncePolicy.LIMITED])
@pytest.mark.parametrize("fault", ["drop", "drop-answer", "truncate"])
async def test_no_nc_is_used_twice_although_connections_drop(emulate, connect, first_cluster, policy, fault):
    """A dropped keep-alive connection is where HTTP libraries repeat a request by themselves."""
    options = Options.for_tests(retry=RetryPolicy(base=0, tries=20))
    async with (
        emulate(jobs_per_cluster=2, nonce_policy=policy) as emulator,
        connect(emulator, options=options) as session,
    ):
        cluster = first_cluster(session, emulator)
        counter = itertools.count(1)

        async def break_some(_record):
            return fault if next(counter) % 7 == 0 else None

        emulator.before_answer = break_some
        for _ in range(30):
            await cluster.restore_jobs()
        for _ in range(5):
            await asyncio.gather(*(cluster.restore_jobs() for _ in range(12)))
        assert session.stats.retries >= 10
        assert emulator.counts.repeated_nc == 0


@pytest.mark.parametrize("calls", [1, 50])
async def test_a_wrong_key_gives_two_wrong_answers_and_no_more(emulate, connect, first_cluster, calls):
    """Whatever is called, also through views."""
    async with emulate() as emulator, connect(emulator, private_key="wrong") as session:
        cluster = first_cluster(session, emulator)
        view = session.with_options(timeout=30, retry=RetryPolicy(tries=9))
        uses = [
            cluster.restore_jobs().collect,
            cluster.create_restore_job,
            first_cluster(view, emulator).restore_jobs().page,
        ]
        for use in uses * 2:
            arguments = (REQUEST,) if use == cluster.create_restore_job else ()
            outcomes = await asyncio.gather(*(use(*arguments) for _ in range(calls)), return_exceptions=True)
            assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.counts.refusals <= 2
        assert emulator.counts.requests <= 3


async def test_a_key_revoked_under_32_calls_costs_35_refusals(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=2) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        moment = [1000.0]
        session._view.transport._authenticator.login._clock = lambda: moment[0]

        emulator.gate.close()
        calls = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(32)]
        while emulator.gate.waiting < 32:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        right = emulator.guard
        emulator.guard = DigestServer(attrs.evolve(emulator.settings, private_key="another"))
        emulator.gate.open()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.counts.refusals <= 32 + 3

        async def burst():
            before = emulator.counts.requests
            outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(20)), return_exceptions=True)
            return emulator.counts.requests - before, {type(outcome) for outcome in outcomes}

        for moment[0] in (1000.5, 1030.0, 1059.9):
            assert await burst() == (0, {AuthError})
        moment[0] = 1060.1
        requests, kinds = await burst()
        assert kinds == {AuthError}
        assert requests <= 2  # one probe: a challenge and its answer
        moment[0] = 1120.3
        emulator.guard = right
        assert (await burst())[1] == {type(await cluster.restore_jobs())}


@pytest.mark.parametrize("calls", [1, 8])
async def test_a_loop_of_stale_nonces_ends_within_twelve_requests(emulate, connect, first_cluster, calls):
    async with emulate() as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        fresh = itertools.count()

        async def stale(_record):
            challenge = f'Digest realm="r", nonce="n{next(fresh)}", qop="auth", stale=true'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})

        emulator.before_answer = stale
        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(calls)), return_exceptions=True)
        assert all(isinstance(outcome, AuthError) for outcome in outcomes)
        assert emulator.counts.requests <= 12 * calls


# Walks


@pytest.mark.parametrize("size", [1, 2, 500])
async def test_leaving_after_the_first_job_costs_two_requests(emulate, connect, first_cluster, size):
    async with emulate(jobs_per_cluster=40) as emulator, connect(emulator) as session:
        async for _job in first_cluster(session, emulator).restore_jobs(items_per_page=size):
            break
        assert emulator.counts.requests <= 2


def listing(pages):
    """Answer with what a function makes of the page number: ids, or a whole document."""

    async def before_answer(record):
        if record.outcome != "accepted":
            return None
        number = int(parse_qs(urlsplit(record.path).query)["pageNum"][0])
        made = pages(number)
        document = made if isinstance(made, dict) else {"results": [{"id": name} for name in made]}
        return web.json_response({"links": [{"rel": "next", "href": "http://elsewhere.invalid/next"}], **document})

    return before_answer


LOOPS = {
    "empty pages with a next link": lambda number: [str(number)] if number < 2 else [],
    "one page for ever": lambda _number: ["a", "b"],
    "two pages in turn": lambda number: ["a", "b"] if number % 2 else ["c", "d"],
    "three pages in turn": lambda number: [["a"], ["b"], ["c"]][number % 3],
    "one page, and a count of more": lambda _number: {"results": [{"id": "a"}], "totalCount": 100, "links": []},
    "one page, and a count that rises": lambda number: {
        "results": [{"id": "a"}],
        "totalCount": 100 + number,
        "links": [],
    },
    "one page, and a count that jumps": lambda number: {"results": [{"id": "a"}], "totalCount": 50 + 9 * (number % 2)},
}


@pytest.mark.parametrize("pages", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_loop_of_pages_ends_within_twenty_requests(emulate, connect, first_cluster, pages, concurrency):
    async with emulate() as emulator, connect(emulator) as session:
        emulator.before_answer = listing(pages)
        pager = first_cluster(session, emulator).restore_jobs(items_per_page=2)
        with pytest.raises(PaginationError):
            await pager.collect(concurrency=concurrency)
        # Pages asked for ahead before the loop showed are read once more if their counts differ.
        assert emulator.counts.requests <= 20 + 2 * (concurrency - 1)


ENDS = {
    "ignores paging": (lambda _number: {"results": [{"id": "a"}, {"id": "b"}], "links": []}, 2),
    "ignores paging, counts": (lambda _number: {"results": [{"id": "a"}], "totalCount": 1, "links": []}, 1),
    "clamps to its last page": (lambda number: {"results": [{"id": str(min(number, 3))}], "links": []}, 3),
    "clamps, counts": (lambda number: {"results": [{"id": str(min(number, 3))}], "totalCount": 3, "links": []}, 3),
    "links to another host": (
        lambda number: {"results": [{"id": str(number)}]} if number < 4 else {"results": [], "links": []},
        3,
    ),
    "caps its pages": (lambda number: {"results": [{"id": str(number)}] if number < 6 else [], "links": []}, 5),
}


@pytest.mark.parametrize(("pages", "jobs"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_odd_but_honest_lists_end_normally(emulate, connect, first_cluster, pages, jobs, concurrency):
    async with emulate() as emulator, connect(emulator) as session:
        emulator.before_answer = listing(pages)
        pager = first_cluster(session, emulator).restore_jobs(items_per_page=50)
        assert len(await pager.collect(concurrency=concurrency)) == jobs
        assert emulator.counts.requests <= jobs + 4


FAILURES = {
    "an HTML page": (DataError, lambda: web.Response(text="<html>Sign in</html>", content_type="text/html")),
    "an empty body": (DataError, web.Response),
    "an empty object": (DataError, lambda: web.json_response({})),
    "another list": (DataError, lambda: web.json_response({"results": [{"name": "no job"}]})),
    "results twice": (DataError, lambda: web.Response(text='{"results": [{"id": "1"}], "results": []}')),
    "a page that fails for good": (ServerError, lambda: web.Response(status=500)),
    "a proxy that gave up": (ServerError, lambda: web.Response(status=504, text="<html>")),
    "a redirect": (RestoreError, lambda: web.Response(status=302, headers={"Location": "/login"})),
}


@pytest.mark.parametrize(("kind", "make"), FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_list_is_cut_short_in_silence(emulate, connect, first_cluster, kind, make, concurrency):
    options = Options.for_tests()
    async with emulate(jobs_per_cluster=20) as emulator, connect(emulator, options=options) as session:

        async def fail_the_third(record):
            return make() if "pageNum=3&" in record.path else None

        emulator.before_answer = fail_the_third
        pager = first_cluster(session, emulator).restore_jobs(items_per_page=5)
        with pytest.raises(kind):
            await pager.collect(concurrency=concurrency)
        seen = []

        async def walk():
            async for job in pager:
                seen.append(job)  # noqa: PERF401 - the jobs before the error count

        with pytest.raises(kind) as caught:
            await walk()
        assert caught.value.resume_at == 3
        emulator.before_answer = None
        pager = first_cluster(session, emulator).restore_jobs(items_per_page=5, starting_at=caught.value.resume_at)
        assert len({job.id for job in seen} | {job.id async for job in pager}) == 20


# Outages


@pytest.mark.parametrize("fault", [500, 503, "drop", "drop-answer", "truncate"])
async def test_two_hundred_failing_lists_cost_at_most_600_requests(emulate, connect, first_cluster, fault):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()

        async def fail(_record):
            return web.Response(status=fault) if isinstance(fault, int) else fault

        emulator.before_answer = fail
        before = emulator.counts.requests
        outcomes = await asyncio.gather(*(cluster.restore_jobs().collect() for _ in range(200)), return_exceptions=True)
        assert all(isinstance(outcome, RestoreError) for outcome in outcomes)
        assert emulator.counts.requests - before <= 600


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("rate_limits", ["documented", None])
async def test_a_wait_of_an_hour_is_told_at_once(emulate, connect, first_cluster, status, form, rate_limits):
    options = Options(timeout=30, rate_limits=rate_limits)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()

        async def busy(_record):
            now = datetime.now(UTC)
            headers = {"Retry-After": "3600", "Date": format_datetime(now, usegmt=True)}
            if form == "date":
                headers["Retry-After"] = format_datetime(now + timedelta(hours=1), usegmt=True)
            return web.Response(status=status, headers=headers)

        emulator.before_answer = busy
        started = time.monotonic()
        with pytest.raises((RateLimited, ServerError)) as caught:
            await cluster.restore_jobs()
        assert time.monotonic() - started < 20
        assert caught.value.retry_after == pytest.approx(3600, abs=20)
        assert emulator.counts.requests == 3


# Ids


HOSTILE = [
    "../..", "..", ".", "a/b", "a\\b", "a?x=1", "a#b", "%2e%2e", "%2F", "a%00b", "%", "a b", " a", "a\n",
    "a\r\nHost: x", "", "\0", "\x7f", "é", "💣", "\ud800", "a;b", "a&b=c", "a=b", "+", "@", ":", "http:", "//x", "~",
    "*", "restoreJobs", "{project}", "{cluster}", "{job}", "%7Bjob%7D", "a,b", "$", "'", '"', "<>", "|", "^", "`",
    "[::1]", "\u202e", "\ufeff", "a" * 3000,
]  # fmt: skip


def check_target(head, project, cluster, job, batch):
    """What was sent has the segments of the path it was meant for, and says the ids that were given."""
    line, *fields = head.decode("ascii").split("\r\n")
    method, target, version = line.split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    assert sum(field.lower().startswith("host:") for field in fields) == 1
    assert "#" not in target
    path, _, query = target.partition("?")
    segments = path.split("/")[1:]
    assert len(segments) == (9 if job is None else 10)
    assert [unquote(segment) for segment in segments[:9]] == [
        "prefix", "api", "public", "v1.0", "groups", project, "clusters", cluster, "restoreJobs",
    ]  # fmt: skip
    if job is not None:
        assert unquote(segments[9]) == job
    elif batch is not None:
        assert parse_qs(query, keep_blank_values=True, strict_parsing=True)["batchId"] == [batch]


def test_hostile_ids_are_refused_or_encoded_and_keep_the_path(play_raw):
    with asyncio.Runner() as runner:
        body = b'{"results": []}'
        playing = play_raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        server = runner.run(playing.__aenter__())
        session = AsyncSession(None, base_url=server.url + "/prefix", options=Options(retry=NO_RETRY))

        async def use(project, cluster, job, batch):
            found = session.project(project, OPS_MANAGER).cluster(cluster)
            await (found.restore_jobs(batch_id=batch).page() if job is None else found.restore_job(job))

        def check(project, cluster, job, batch):
            before = len(server.heads)
            try:
                runner.run(use(project, cluster, job, batch))
            except ConfigError:
                assert len(server.heads) == before
                return
            except DataError:  # the answer is no job
                pass
            (head,) = server.heads[before:]
            check_target(head, project, cluster, job, batch)

        ids = st.sampled_from(HOSTILE) | st.text(max_size=12) | st.just("5" * 24)

        @settings(max_examples=300, suppress_health_check=list(HealthCheck))
        @given(ids, ids, st.none() | ids, st.none() | ids)
        @example("p", "c", "{cluster}", None)
        @example("{cluster}", "c", None, "{project}")
        def check_all(project, cluster, job, batch):
            check(project, cluster, job, batch)

        try:
            for hostile in HOSTILE:
                for place in range(4):
                    ids_given = ["p", "c", None, None]
                    ids_given[place] = hostile
                    check(*ids_given)
            check_all()
            assert len(server.heads) > 50
        finally:
            runner.run(session.close())
            runner.run(playing.__aexit__(None, None, None))


async def test_ids_of_the_wrong_type_are_refused(play_raw):
    async with play_raw(b"") as server, AsyncSession(None, base_url=server.url) as session:
        project = session.project("p", OPS_MANAGER)
        cluster = project.cluster("c")
        for wrong in (5, b"5", ["5"], object()):
            with pytest.raises(ConfigError):
                session.project(wrong, OPS_MANAGER)
            with pytest.raises(ConfigError):
                project.cluster(wrong)
            with pytest.raises(ConfigError):
                cluster.restore_jobs(batch_id=wrong)
            with pytest.raises(ConfigError):
                await cluster.restore_job(wrong)
        assert server.connections == 0


async def test_the_escape_hatch_does_not_leave_the_api(play_raw):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with play_raw(answer) as server, AsyncSession(None, base_url=server.url + "/prefix") as session:
        for path in (
            "/../x",
            "/a/../../x",
            "//x.invalid/y",
            "x",
            "http://x.invalid/",
            "/a?b",
            "/a#b",
            "/%2e%2E/x",
            "/a\r\nX: y",
        ):
            with pytest.raises(ConfigError):
                await session.request("GET", path, family=OPS_MANAGER)
            with pytest.raises(ConfigError):
                await session.request("GET", path)
        for method in ("GET /x HTTP/1.1\r\nX: y", "CONNECT", "TRACE", "get\n", ""):
            with pytest.raises(ConfigError):
                await session.request(method, "/x")
        assert server.connections == 0
        await session.request("GET", "/a", query={"x\r\ny": "&=#\r\n", "ü": "💣"})
        target = server.heads[0].split(b" ")[1].decode("ascii")
        assert parse_qs(target.partition("?")[2]) == {"x\r\ny": ["&=#\r\n"], "ü": ["💣"]}
