"""What users iterate, when ``anext`` is cancelled, asked twice at a time, or asked again after an end or an error."""

from __future__ import annotations

import asyncio
import gc
import random
import re
from contextlib import AsyncExitStack, aclosing
from functools import partial
from itertools import chain, count

import pytest
from aioresponses import CallbackResult

from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    Fleet,
    Forbidden,
    Options,
    PaginationError,
    PollPolicy,
    RestoreFailed,
    WaitTimeout,
)
from mongorestore_async.listing.iterators import ResumableIterator

#: Page size and jobs of a list. Pages of more than 50 are handed out after a rest for other tasks; a fleet has three
#: lists.
SIZES = {
    "pager": (51, 55), "rows": (51, 55), "pages": (51, 260), "ahead": (51, 260),
    "fleet": (3, 7), "fleet rows": (3, 7), "watch": (3, 7),
}  # fmt: skip
STATES = ("OPEN", "IN_PROGRESS", "FINISHED")
KINDS = ("pager", "rows", "pages", "ahead", "watch", "fleet", "fleet rows")
each_kind = pytest.mark.parametrize("kind", KINDS)


class Api:
    """Lists and jobs of a few projects. A job goes on to its next state when the test says so.

    The request ``hangs_at``, counted from 1, is answered only after ``release``; what came meanwhile is not held up.
    """

    def __init__(self):
        self.jobs = {}  # of lists: ids by cluster
        self.states = {}  # of jobs that are watched: how far each is
        self.turns = random.Random(0)  # noqa: S311 - repeatable
        self.requests = count(1)
        self.hangs_at = 0
        self.hanging = asyncio.Event()
        self.release = asyncio.Event()

    async def __call__(self, sent):
        number = next(self.requests)
        for _ in range(self.turns.randrange(4)):
            await asyncio.sleep(0)
        if number == self.hangs_at:
            self.hanging.set()
            await self.release.wait()
        if found := re.search(r"/restoreJobs/(\w+)", sent.url):
            document = {"id": found[1], "statusName": STATES[self.states[found[1]]]}
            return CallbackResult(payload=document)
        if found := re.search(r"/clusters/([^/]+)/restoreJobs", sent.url):
            return self.page(sent, [{"id": job} for job in self.jobs[found[1]]])
        if "/groups?" in sent.url:
            return self.page(sent, [{"id": f"p{number}", "name": f"P{number}"} for number in range(3)])
        clusters = [
            {"groupId": f"p{number}", "groupName": f"P{number}", "clusters": [{"clusterId": f"c{number}", "name": "c"}]}
            for number in range(3)
        ]
        return self.page(sent, clusters)

    @staticmethod
    def page(sent, results):
        size = int(sent.query["itemsPerPage"])
        shown = results[(sent.page - 1) * size : sent.page * size]
        return CallbackResult(payload={"results": shown, "totalCount": len(results)})


@pytest.fixture
def api(server):
    made = Api()
    server.serve(made)
    return made


@pytest.fixture
async def begin(api, connect):
    """Begin to iterate: gives the iterator, the items it has to give, and how to name those that came."""
    poll = PollPolicy(shortest=0, longest=0, jitter=0, grace=0, budget_share=None)
    whole = connect(options=Options(retry=NO_RETRY, rate_limits=None, poll=poll))
    async with AsyncExitStack() as blocks:

        async def make(kind):
            await blocks.pop_all().aclose()
            size, jobs = SIZES[kind]
            session = whole.with_options(items_per_page=size)
            cluster = session.project("p0", OPS_MANAGER).cluster("c0")
            api.jobs = {f"c{number}": [f"{number}-{job}" for job in range(jobs)] for number in range(3)}
            if kind == "watch":
                api.states = {"a": 0, "b": 1, "c": 0}
                batch = await session.batch([cluster.ref(job) for job in api.states], until="finished")
                api.requests = count(1)

                def name(job):  # the next look finds the next state: none can pass unseen
                    api.states[job.id] = min(api.states[job.id] + 1, len(STATES) - 1)
                    return [f"{job.id} {job.status_name}"]

                return batch.watch(), [f"{job} {state}" for job in "abc" for state in STATES[job == "b" :]], name
            if kind.startswith("fleet"):
                stream = await blocks.enter_async_context(Fleet(session, OPS_MANAGER).restore_jobs(concurrency=2))
                ids = list(chain(*api.jobs.values()))
                if kind == "fleet rows":
                    return stream.to_rows(), ids, lambda row: [row["id"]]
                return aiter(stream), ids, lambda found: [found.job.id]
            pager = cluster.restore_jobs()
            if kind == "pager":
                return aiter(pager), api.jobs["c0"], lambda job: [job.id]
            if kind == "rows":
                return pager.to_rows(), api.jobs["c0"], lambda row: [row["id"]]
            pages = pager.pages() if kind == "pages" else await blocks.enter_async_context(pager.ahead(1))
            return pages, api.jobs["c0"], lambda page: [job.id for job in page]

        yield make


def in_order(kind, names):
    """The names, sorted where their order is left to the server."""
    return sorted(names) if kind in {"watch", "fleet", "fleet rows"} else list(names)


async def drain(iterator, name, names):
    """Take what is left."""
    async for item in iterator:
        names += name(item)


@each_kind
async def test_what_a_cancelled_anext_would_have_given_is_given_by_the_next(kind, api, begin):
    asyncio.get_running_loop().set_debug(False)  # thousands of tasks
    moments, seeds = 0, count()
    while moments < 200:
        seed = next(seeds)
        chance = api.turns = random.Random(seed)  # noqa: S311 - the same
        iterator, expected, name = await begin(kind)
        names, cancelled = [], 0
        while True:
            waiting = asyncio.ensure_future(anext(iterator))
            turns = chance.randrange(25)  # of the loop: about as many as an anext takes that waits
            while turns and not waiting.done():
                await asyncio.sleep(0)
                turns -= 1
            waiting.cancel()
            try:
                names += name(await waiting)
            except asyncio.CancelledError:
                cancelled += 1
            except StopAsyncIteration:
                break
        moments += cancelled
        assert in_order(kind, names) == in_order(kind, expected), f"seed {seed}, cancelled {cancelled} times"
        assert [await anext(iterator, None) for _ in range(3)] == [None] * 3


async def wait_for(iterator):
    return await asyncio.wait_for(anext(iterator), 0.05)


async def under_timeout(iterator):
    async with asyncio.timeout(0.05):
        return await anext(iterator)


@each_kind
@pytest.mark.parametrize("ask", [wait_for, under_timeout])
@pytest.mark.parametrize("hangs_at", [1, 2])
async def test_an_anext_that_timed_out_is_repeated(kind, ask, hangs_at, api, begin):
    iterator, expected, name = await begin(kind)
    api.hangs_at = hangs_at
    names = []

    async def take_all(ask):
        while True:
            names.extend(name(await ask()))

    with pytest.raises(TimeoutError):
        await take_all(partial(ask, iterator))
    assert api.hanging.is_set()
    api.release.set()
    await drain(iterator, name, names)

    assert in_order(kind, names) == in_order(kind, expected)


@each_kind
async def test_a_second_anext_at_the_same_time_is_refused_and_disturbs_nothing(kind, api, begin):
    iterator, expected, name = await begin(kind)
    api.hangs_at = 1

    names = []
    while not api.hanging.is_set():
        waiting = asyncio.ensure_future(anext(iterator))
        hanging = asyncio.ensure_future(api.hanging.wait())
        await asyncio.wait((waiting, hanging), return_when=asyncio.FIRST_COMPLETED)
        if not hanging.done():
            hanging.cancel()
            names += name(await waiting)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="another anext"):
            await anext(iterator)
    api.release.set()
    names += name(await waiting)
    await drain(iterator, name, names)

    assert in_order(kind, names) == in_order(kind, expected)


@pytest.mark.parametrize("kind", ["pager", "pages"])
async def test_iterators_of_one_pager_know_nothing_of_each_other(kind, api, cluster):
    api.jobs = {cluster.ref("-").cluster: [f"job-{number}" for number in range(10)]}
    pager = cluster.restore_jobs(items_per_page=3)
    iterators = [aiter(pager) if kind == "pager" else pager.pages() for _ in range(3)]
    found = [[] for _ in iterators]

    async def walk(iterator, items):
        async for item in iterator:
            items += [item.id] if kind == "pager" else [job.id for job in item]
            await asyncio.sleep(0)

    await anext(iterators[2])
    await asyncio.gather(*map(walk, iterators[:2], found[:2]))

    assert found[0] == found[1] == [f"job-{number}" for number in range(10)]
    assert aiter(iterators[0]) is iterators[0]


@each_kind
async def test_an_iterator_may_be_dropped_at_any_time(kind, begin):
    iterator, _, _ = await begin(kind)

    async for _ in iterator:
        break
    del iterator
    gc.collect()  # a warning of a finalizer would be an error


@pytest.mark.parametrize("kind", ["pager", "pages", "watch"])
async def test_closing_is_not_needed_and_does_nothing(kind, begin):
    iterator, expected, name = await begin(kind)
    names = name(await anext(iterator))

    async with aclosing(iterator):
        names += name(await anext(iterator))
    await drain(iterator, name, names)

    assert in_order(kind, names) == in_order(kind, expected)


@pytest.mark.parametrize("kind", ["pager", "pages", "ahead"])
async def test_after_an_error_of_a_call_the_next_anext_asks_for_that_page_again(kind, api, server, begin):
    iterator, expected, name = await begin(kind)

    async def refuse(sent):
        if sent.page == 2 and next(refused, False):
            return server.answer({"error": 403}, status=403)
        return await api(sent)

    refused = iter([True, True])
    server.serve(refuse)
    names, errors = [], []
    while len(errors) < 2:
        try:
            names += name(await anext(iterator))
        except Forbidden as error:
            errors.append(error)
    await drain(iterator, name, names)

    assert [error.resume_at for error in errors] == [2, 2]
    assert names == expected
    assert [server.pages.count(number) for number in (1, 2)] == [1, 3]


@pytest.mark.parametrize("kind", ["pager", "pages", "ahead"])
async def test_contradicting_pages_are_an_error_each_time(kind, server, begin):
    iterator, _, name = await begin(kind)
    links = [{"rel": "next", "href": "https://elsewhere.example.com/"}]
    server.serve(lambda _: server.answer({"results": [{"id": "a"}], "links": links}))
    names, errors = [], []
    while len(errors) < 3:
        try:
            names += name(await anext(iterator))
        except PaginationError as error:
            errors.append(error)
    asked = len(server.pages)
    with pytest.raises(PaginationError):
        await anext(iterator)

    assert names == ["a"]
    assert len(set(map(id, errors))) == 1
    assert len(server.pages) == asked


async def test_an_item_that_cannot_be_made_is_an_error_each_time():
    class Numbers(ResumableIterator[int]):
        async def _refill(self):
            self._ready = map(int, ["1", "x", "2"])

    numbers = Numbers()

    assert await anext(numbers) == 1
    for _ in range(3):
        with pytest.raises(ValueError, match="'x'"):
            await anext(numbers)


async def test_the_last_items_end_an_iterator_without_another_look():
    class Numbers(ResumableIterator[int]):
        looks = 0

        async def _refill(self):
            self.looks += 1
            self._ready, self._is_last = map(int, ["1", "x"] if self.looks > 2 else ["1"]), self.looks > 1

    numbers, faulty = Numbers(), Numbers()
    faulty.looks = 2

    assert [number async for number in numbers] == [1, 1]
    assert [number async for number in numbers] == []
    assert numbers.looks == 2
    assert await anext(faulty) == 1
    for _ in range(3):  # not the end: an item is missing
        with pytest.raises(ValueError, match="'x'"):
            await anext(faulty)


async def test_a_watch_that_ended_badly_says_so_each_time(server, begin):
    iterator, _, name = await begin("watch")
    server.serve(lambda sent: server.answer({"id": sent.url[-1], "statusName": "BROKEN"}))

    names = list(chain(*[name(await anext(iterator)) for _ in range(6)]))
    for _ in range(3):
        with pytest.raises(RestoreFailed, match="3 of 3"):
            await anext(iterator)

    assert sorted(names[3:]) == ["a BROKEN", "b BROKEN", "c BROKEN"]


async def test_a_cancelled_anext_does_not_lengthen_a_watch(api, cluster):
    api.states = {"a": 0}
    api.hangs_at = 1
    iterator = cluster.watch_restore_job("a", timeout=0.3)
    started = asyncio.get_running_loop().time()

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await wait_for(iterator)
        api.hangs_at += 1
    for _ in range(2):
        with pytest.raises(WaitTimeout, match=r"after 0\.3 s"):
            await anext(iterator)

    assert asyncio.get_running_loop().time() - started == pytest.approx(0.3)
