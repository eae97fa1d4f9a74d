"""What the benchmark server answers: built once, so that serving a page costs next to nothing.

Ids say what they stand for. The id of a cluster holds its number, its project and how many jobs it has, the id of a
job its cluster, its page and its place there; between two pages of a kind only eight bytes differ.
"""

from __future__ import annotations

import functools
import json
from typing import Any

__all__ = ["PROJECT", "cluster_id", "cluster_ids", "cluster_list", "page", "project_id", "project_of"]

PROJECT = "5e0000000000000000000000"

#: Where the cluster and the page stand in a prepared page.
_MARK = b"@@@@@@@@"

#: The largest page there is.
_MOST = 500


def project_id(number: int) -> str:
    """Id of a project by its number from 0."""
    return f"5e{number:022x}"


def cluster_id(number: int, jobs: int, project: int = 0) -> str:
    """Id of a cluster: its number (below 65,536), the number of its project, and how many jobs it has."""
    return f"c{number:07x}{project:08x}{jobs:08x}"


def cluster_ids(clusters: int, jobs: int, projects: int) -> list[str]:
    """Ids of the clusters that a list of all has, dealt out evenly to the projects."""
    return [cluster_id(number, jobs, number % projects) for number in range(clusters)]


def project_of(cluster: str) -> str:
    """Id of the project of a cluster, by its id."""
    return project_id(int(cluster[8:16], 16))


@functools.cache
def _jobs(*, cloud_backup: bool) -> tuple[bytes, ...]:
    make = _cloud_backup_job if cloud_backup else _job
    return tuple(_dump(make(place)) for place in range(_MOST))


def _dump(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _job(place: int) -> dict[str, Any]:
    """A job of Cloud Manager as its page shows it, the optional members of other pages included: about 900 bytes."""
    job = f"{_MARK.decode()}{place:016x}"
    api = f"https://cloud.mongodb.com/api/public/v1.0/groups/{PROJECT}/clusters/5f00000000000000000000aa"
    file = f"electron_0-1492636465-{job}.tar.gz"
    hashes = [{"fileName": file, "hash": f"{place:040x}", "typeName": "SHA1"}] if place % 4 == 0 else []
    return {
        "batchId": "5f00000000000000000000bb",
        "clusterId": "5f00000000000000000000aa",
        "created": "2017-04-21T03:49:57Z",
        "delivery": {
            "expirationHours": 1,
            "expires": "2017-04-21T04:49:57Z",
            "maxDownloads": 1,
            "methodName": "HTTP",
            "statusName": "READY",
            "url": f"https://api-backup.mongodb.com/backup/restore/v2/pull/{job}/OTY0ZmFiNmEzZjEzNGUyMTlhZjJj/{file}",
        },
        "encryptionEnabled": False,
        "groupId": PROJECT,
        "hashes": hashes,
        "id": job,
        "links": [{"href": f"{api}/restoreJobs/{job}", "rel": "self"}],
        "pointInTime": False,
        "snapshotId": "5f00000000000000000000cc",
        "statusName": "FINISHED",
        "timestamp": {"date": "2017-04-18T15:14:25Z", "increment": 1},
    }


def _cloud_backup_job(place: int) -> dict[str, Any]:
    """A job as Atlas v1.0 shows those of a cloud backup."""
    job = f"{_MARK.decode()}{place:016x}"
    api = f"https://cloud.mongodb.com/api/atlas/v1.0/groups/{PROJECT}/clusters/Cluster0/backup"
    return {
        "cancelled": False,
        "createdAt": "2018-07-19T20:39:57Z",
        "deliveryType": "automated",
        "deliveryUrl": [],
        "expired": False,
        "expiresAt": "2018-07-20T20:39:57Z",
        "finishedAt": "2018-07-19T20:50:17Z",
        "id": job,
        "links": [
            {"href": f"{api}/restoreJobs/{job}", "rel": "self"},
            {"href": f"{api}/snapshots/5f00000000000000000000cc", "rel": "http://mms.mongodb.com/snapshot"},
        ],
        "snapshotId": "5f00000000000000000000cc",
        "targetClusterName": "Cluster1",
        "targetGroupId": PROJECT,
        "timestamp": "2018-07-19T20:00:00Z",
    }


@functools.lru_cache(maxsize=64)
def _body(start: int, length: int, total: int, *, more: bool, cloud_backup: bool) -> bytes:
    rels = ("self", "next") if more else ("self",)
    links = [{"href": f"https://cloud.mongodb.com/{rel}", "rel": rel} for rel in rels]
    jobs = b",".join(_jobs(cloud_backup=cloud_backup)[start : start + length])
    return b'{"links":%b,"results":[%b],"totalCount":%d}' % (_dump(links), jobs, total)


def page(cluster: str, number: int, size: int, *, gone: int = 0, cloud_backup: bool = False) -> bytes:
    """Make the body of a page.

    Args:
        cluster: Id of the cluster.
        number: The page, from 1.
        size: Jobs of a page at most.
        gone: Jobs that are no longer at the front of the list; only for clusters of at most 500.
        cloud_backup: Whether the jobs are those of an Atlas cloud backup.

    """
    jobs = int(cluster[16:], 16)
    start, total = (number - 1) * size, jobs - gone
    length = max(0, min(size, total - start))
    more = start + length < total
    if jobs > _MOST:
        body, stretch = _body(0, length, total, more=more, cloud_backup=cloud_backup), number
    else:  # one prepared list, so that a page may begin anywhere in it
        body, stretch = _body(gone + start, length, total, more=more, cloud_backup=cloud_backup), 0
    return body.replace(_MARK, b"%b%04x" % (cluster[4:8].encode(), stretch))


@functools.lru_cache(maxsize=64)
def cluster_list(clusters: int, jobs: int, projects: int, number: int, size: int) -> bytes:
    """Make a page of ``GET /clusters``, one project per item, the clusters dealt out evenly."""
    found: list[list[dict[str, Any]]] = [[] for _ in range(projects)]
    for cluster, name in enumerate(cluster_ids(clusters, jobs, projects)):
        found[cluster % projects].append(
            {
                "clusterId": name,
                "name": f"cluster-{cluster}",
                "type": "replica set",
                "availability": "available",
                "versions": ["8.0.4"],
                "backupEnabled": True,
                "dataSizeBytes": 1000000,
                "nodeCount": 3,
            }
        )
    results = [
        {"groupId": project_id(place), "groupName": f"project-{place}", "orgId": PROJECT, "clusters": members}
        for place, members in enumerate(found)
    ]
    start = (number - 1) * size
    return _dump({"links": [], "results": results[start : start + size], "totalCount": projects})
