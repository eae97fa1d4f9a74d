"""Orders of ensures, creates and cancels of collection restores on one session: never two where one was meant."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from aioresponses import CallbackResult

from builders.lists import listed
from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    CollectionRestore,
    MaybeCreated,
    NotRestorable,
    NotUnique,
    RestoreBatch,
    Snapshot,
    Target,
    WriteStrategy,
)

SEEDS = 25


class Server:
    """Takes creates late, although their callers are gone; shows them late, and not always what they restore."""

    def __init__(self, dice):
        self.dice = dice
        self.echoes = dice.random() < 0.5
        self.lag = dice.choice([0, 3])
        self.jobs = []

    async def __call__(self, sent):
        loop = asyncio.get_running_loop()
        if sent.method == "POST":
            taken = loop.create_future()
            loop.call_later(self.dice.uniform(0, 1), self._take, sent.body, taken)
            await asyncio.shield(taken)
            await asyncio.sleep(self.dice.uniform(0, 1))
            return CallbackResult(status=201, payload=taken.result())
        await asyncio.sleep(self.dice.uniform(0, 0.5))
        shown = [job for at, _, job in self.jobs if at + self.lag <= loop.time()]
        return CallbackResult(payload=listed(*shown))

    def _take(self, body, taken):
        job = {"id": f"j{len(self.jobs)}", "state": "IN_PROGRESS"}
        if self.echoes:
            job |= body
        else:  # whether a target is busy is known all the same
            job |= {name: body[name] for name in ("targetGroupId", "targetClusterName")}
        self.jobs.append((asyncio.get_running_loop().time(), body["snapshotId"], job))
        taken.set_result(job)


def ask(snapshot, target, dice):
    names = ["shop.orders", "shop.items", "crm.people"]
    dice.shuffle(names)
    return CollectionRestore(
        Snapshot(snapshot), target, write=WriteStrategy.OVERWRITE_EXISTING, databases=["hr"], collections=names
    )


async def play(session, server, seed):
    dice = random.Random(seed)  # noqa: S311 - the order of a test
    atlas = Server(dice)
    server.serve(atlas)
    cluster, target = session.project("p", ATLAS_COLLECTION_RESTORE).cluster(f"c{seed}"), Target("p2", f"t{seed}")

    async def call(verb):
        await asyncio.sleep(dice.uniform(0, 2))
        if verb == "ensure":
            return await cluster.ensure_restore(ask("s1", target, dice))
        # The same restore for the library, told apart by the server.
        return await cluster.create_restore_job(ask("S1", target, dice))

    verbs = ["ensure", "ensure", *dice.choices(["ensure", "create"], [3, 1], k=dice.randint(0, 3))]
    tasks = [asyncio.create_task(call(verb)) for verb in verbs]
    for task in tasks:
        if dice.random() < 0.4:
            asyncio.get_running_loop().call_later(dice.uniform(0, 5), task.cancel)
    await asyncio.wait(tasks)
    await asyncio.sleep(20)  # what was sent is taken, and listed
    last = await asyncio.gather(call("ensure"), return_exceptions=True)
    ends = [asyncio.CancelledError() if task.cancelled() else task.exception() or task.result() for task in tasks]
    return atlas, verbs, [*ends, *last]


async def test_never_two_collection_restores_where_one_was_meant(connect, server):
    session, started = connect(), 0
    for seed in range(SEEDS):
        atlas, verbs, ends = await play(session, server, seed)
        sent = Counter(snapshot for _, snapshot, _ in atlas.jobs)

        assert sent["s1"] <= 1, seed
        assert 1 <= len(atlas.jobs) <= 1 + verbs.count("create"), seed
        # A job that shows nothing but its target, and that nobody here is known to have started, may be the one.
        allowed = (RestoreBatch, asyncio.CancelledError, MaybeCreated, NotUnique, NotRestorable)
        assert all(isinstance(end, allowed) for end in ends), (seed, ends)
        if atlas.echoes and "create" not in verbs:
            assert isinstance(ends[-1], RestoreBatch), (seed, ends[-1])
        started += len(atlas.jobs)
    assert started >= SEEDS
