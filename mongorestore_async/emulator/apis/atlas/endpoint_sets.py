"""The endpoint sets of Atlas v2 and their documented rate limits (``protocol`` section 7).

A line of the table is a pattern of the path below the API and a limit; the first match counts.
"""

from __future__ import annotations

import re

from mongorestore_async.emulator.document_parts import ATLAS_V2_API
from mongorestore_async.emulator.setting_types import RateCode, RateLimiting
from mongorestore_async.families import RateLimit

__all__ = ["ENDPOINT_SETS", "documented_limit"]


def _set(name: str, capacity: int, refill: int, *, of_caller: bool = False) -> RateLimit:
    return RateLimit(capacity, refill, 60, "caller" if of_caller else "project", name=name)


_CLUSTER = "/groups/[^/]+/clusters/[^/]+"
_FLEX = "/groups/[^/]+/flexClusters"
_PROJECT_SET = (1200, 500)
_CALLER_SET = (300, 100)
#: Where paths begin, and their endpoint set. Those of serverless instances are not documented.
ENDPOINT_SETS: tuple[tuple[str, RateLimit], ...] = (
    ("/rateLimits", _set("rateLimits", *_CALLER_SET, of_caller=True)),
    ("/orgs", _set("organizations", *_CALLER_SET, of_caller=True)),
    ("/users", _set("organizations", *_CALLER_SET, of_caller=True)),
    ("/clusters", _set("allClusters", *_CALLER_SET, of_caller=True)),
    (_FLEX + "/[^/]+/backup/snapshots", _set("flexSnapshots", *_PROJECT_SET)),
    (_FLEX + "/[^/]+/backup", _set("flexRestoreJobs", *_PROJECT_SET)),
    (_FLEX, _set("flexClusters", *_PROJECT_SET)),
    (_CLUSTER + "/(backup|restoreJobs|collectionRestoreJobs)", _set("cloudBackups", *_PROJECT_SET)),
    (_CLUSTER + "/(snapshots|snapshotSchedule|backupCheckpoints)", _set("legacyBackup", *_PROJECT_SET)),
    ("/groups/[^/]+/clusters", _set("clusters", 10_000, 5_000)),
    ("/groups/[^/]+/serverless/[^/]+/backup", _set("serverlessBackup", *_PROJECT_SET)),
    ("/groups/[^/]+/serverless", _set("serverlessInstances", *_PROJECT_SET)),
    ("/groups", _set("projects", *_PROJECT_SET, of_caller=True)),
)
_LIMITINGS = tuple(
    (
        re.compile(f"{ATLAS_V2_API}{beginning}(?:/|$)"),
        RateLimiting(limit=limit, code=RateCode.RATE_LIMITED_TOKEN_BUCKET, headers=True),
    )
    for beginning, limit in ENDPOINT_SETS
)


def documented_limit(path: str) -> RateLimiting | None:
    """The documented limit for a path of Atlas v2, below the path prefix; None for one that no endpoint set has."""
    return next((limiting for pattern, limiting in _LIMITINGS if pattern.match(path)), None)
