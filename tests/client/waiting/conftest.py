"""A server with restore jobs whose states a test sets, for waits."""

from __future__ import annotations

import asyncio
import copy
import inspect
import re
from typing import Any

import attrs
import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import CLOUD_MANAGER, NO_RETRY, OPS_MANAGER, Options
from mongorestore_async.models import PollPolicy

_PATH = re.compile(
    r"/groups/([^/]+)/(?:clusters|flexClusters|hosts)/([^/]+)/(?:backup/)?(?:restoreJobs|collectionRestoreJobs)(?:/([^/?]+))?(?:\?|\Z)"
)


@attrs.define
class Backups:
    """Restore jobs by cluster, newest last, and what goes wrong with the clusters.

    ``looks`` holds a note per request: the cluster, and ``list``, ``batch`` or the id of a job.
    """

    jobs: dict[str, dict[str, dict[str, Any]]] = attrs.field(factory=dict)
    faults: dict[str, Any] = attrs.field(factory=dict)
    looks: list[tuple[str, str]] = attrs.field(factory=list)
    cap: int = 500
    under_way: int = 0
    most_under_way: int = 0
    on_look: Any = None

    def put(self, cluster: str, job: str, status: str = "IN_PROGRESS", **members: Any) -> dict[str, Any]:
        document = {"id": job, "statusName": status, **members}
        return self.jobs.setdefault(cluster, {}).setdefault(job, document)

    def end(self, *jobs: str, status: str = "FINISHED") -> None:
        for found in self.jobs.values():
            for job in found.keys() & set(jobs):
                found[job]["statusName"] = status

    def end_after(self, looks: int, *jobs: str, status: str = "FINISHED") -> None:
        """End jobs when so many looks have been answered."""

        def watch() -> None:
            if len(self.looks) >= looks:
                self.end(*jobs, status=status)

        self.on_look = watch

    async def answer(self, sent: Any) -> Any:
        assert sent.method == "GET", "a wait changes nothing"
        path = _PATH.search(sent.url)
        assert path is not None, sent.url
        _, cluster, job = path.groups()
        self.looks.append((cluster, job or ("batch" if "batchId" in sent.query else "list")))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            return await self._answer(sent, cluster, job)
        finally:
            self.under_way -= 1
            if self.on_look is not None:
                self.on_look()

    async def _answer(self, sent: Any, cluster: str, job: str | None) -> Any:
        if (fault := self.faults.get(cluster)) is not None:
            made = fault(self.looks[-1][1]) if callable(fault) else fault
            made = await made if inspect.isawaitable(made) else made
            if made is not None:
                return made
        known = self.jobs.get(cluster)
        if known is None:
            return missing("CLUSTER_NOT_FOUND")
        if job is not None:
            return (
                CallbackResult(payload=copy.deepcopy(known[job])) if job in known else missing("RESTORE_JOB_NOT_FOUND")
            )
        batch = sent.query.get("batchId")
        found = [each for each in reversed(known.values()) if batch is None or each.get("batchId") == batch]
        size = min(self.cap, int(sent.query["itemsPerPage"]))
        shown = found[(sent.page - 1) * size : sent.page * size]
        return CallbackResult(payload={"results": copy.deepcopy(shown), "totalCount": len(found)})


def missing(code: str) -> CallbackResult:
    return refuse(404, code)


def refuse(status: int, code: str = "UNEXPECTED_ERROR") -> CallbackResult:
    return CallbackResult(status=status, payload={"error": status, "errorCode": code, "detail": f"No: {code}."})


@pytest.fixture
def refused() -> Any:
    """Make an answer with an error document."""
    return refuse


@pytest.fixture
def backups(server: Any) -> Backups:
    """Restore jobs behind every request of the test."""
    made = Backups()
    server.serve(made.answer)
    return made


@pytest.fixture
def poll() -> PollPolicy:
    """Looks a few milliseconds apart."""
    return PollPolicy(shortest=0.002, longest=0.01, grace=0.05, patience=5, budget_share=None)


@pytest.fixture
def waiting_session(connect: Any, poll: PollPolicy) -> Any:
    """Make sessions whose waits do not last; takes changes of the options."""

    def make(**changes: Any) -> Any:
        return connect(options=Options(**{"retry": NO_RETRY, "rate_limits": None, "poll": poll, **changes}))

    return make


@pytest.fixture
def batch_of(waiting_session: Any, backups: Backups) -> Any:
    """Make a batch of jobs out of texts such as ``"cluster/job"``; what it cost is not counted."""

    async def make(*places: str, until: Any = "finished", family: Any = OPS_MANAGER, **changes: Any) -> Any:
        session = waiting_session(**changes)
        batch = await session.batch([f"{family.name}/{PROJECT}/{place}" for place in places], until=until)
        backups.looks.clear()
        return batch

    return make


@pytest.fixture
def many(batch_of: Any, backups: Backups) -> Any:
    """Put so many restores onto so many clusters, and make a batch of all."""

    async def make(clusters: int, each: int = 1, *, family: Any = CLOUD_MANAGER, **changes: Any) -> Any:
        places = [f"c{number}/c{number}-j{job}" for number in range(clusters) for job in range(each)]
        for place in places:
            backups.put(*place.split("/"))
        return await batch_of(*places, family=family, **changes)

    return make
