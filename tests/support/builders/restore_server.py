"""A server of restores for the client layer: lists, clusters, snapshots, creates, and a count of what was started."""

import asyncio
import json

from aioresponses import CallbackResult

from builders.lists import listed, path_of


class RestoreServer:
    """Keeps the jobs of each cluster; used as ``server.serve(RestoreServer(...))``.

    Every answer takes ``seconds`` of the virtual clock; a create is taken halfway. ``echo``: whether jobs show their
    target. ``lag``: how long a job is not listed. ``clusters``, ``snapshots``, ``projects``: documents by project and
    cluster. ``failing``: other answers to reads, by path.
    """

    def __init__(self, *, seconds=0.2, echo=True, lag=0.0, clusters=None, snapshots=None, projects=None, atlas=False):
        self.seconds = seconds
        self.echo = echo
        self.lag = lag
        self.clusters = clusters or {}
        self.snapshots = snapshots or {}
        self.projects = projects or {}
        self.atlas = atlas
        self.jobs = {}
        self.created = []
        self.failing = {}
        self.reads = []
        self.over = False
        self.prefix = "made"
        self.delays = iter(())

    def add(self, place, **job):
        """Let a job run at ``(project, cluster)``."""
        self.jobs.setdefault(place, []).append((float("-inf"), job))
        return job

    async def __call__(self, sent):
        path = path_of(sent).partition("/groups")[2].strip("/").split("/")
        where = tuple(path[:1] + path[2:3])
        now = asyncio.get_running_loop().time
        seconds = next(self.delays, self.seconds)
        await asyncio.sleep(seconds / 2)
        if sent.method == "POST":
            job = self._take(where, sent.body)
            await asyncio.sleep(seconds / 2)
            return self._answer(job if self.atlas else listed(job))
        self.reads.append("/".join(path))
        if failure := self.failing.get("/".join(path)):
            return failure
        await asyncio.sleep(seconds / 2)
        if path[-1] == "restoreJobs":
            return self._answer(listed(*(job for at, job in self.jobs.get(where, ()) if at + self.lag <= now())))
        if path[-1] == "snapshots":
            found = self.snapshots.get(where)
            return self._missing() if found is None else self._answer(listed(*found))
        if len(path) == 1:
            found = self.projects.get(path[0])
            return self._missing() if found is None else self._answer({"id": path[0], "name": found})
        return self._answer(listed(*self.clusters.get(path[0], ())))

    def _take(self, where, body):
        job = {"id": f"{self.prefix}-{len(self.created)}"}
        if self.atlas:
            job |= {name: body[name] for name in body if name.startswith(("delivery", "snapshot", "target"))}
            job |= {"finishedAt": "2026-11-02T12:00:00Z"} if self.over else {}
        else:
            delivery = body["delivery"]
            job |= {"statusName": "FINISHED" if self.over else "IN_PROGRESS", "snapshotId": body["snapshotId"]}
            shown = {name: value for name, value in delivery.items() if self.echo or not name.startswith("target")}
            job["delivery"] = {**shown, "methodName": "HTTP"}
        self.created.append(job)
        self.jobs.setdefault(where, []).append((asyncio.get_running_loop().time(), job))
        return job

    @staticmethod
    def _answer(document):
        return CallbackResult(body=json.dumps(document), content_type="application/json")

    @staticmethod
    def _missing():
        return CallbackResult(
            status=404,
            payload={"error": 404, "errorCode": "CLUSTER_NOT_FOUND", "reason": "Not Found", "detail": "none"},
        )
