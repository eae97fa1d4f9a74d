"""curl: the vendor's documents show every call with it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from clients.calls import Calls

V1, V2, MANAGER = "/api/atlas/v1.0", "/api/atlas/v2", "/api/public/v1.0"
_KEYED = ("--silent", "--show-error", "--noproxy", "*", "--digest", "--max-time", "60")


class Refused(Exception):
    """An answer that is no success."""


class Curl:
    """Runs curl with the emulator's key."""

    def __init__(self, world: dict[str, Any]) -> None:
        self._url = world["url"]
        self._user = f"{world['public_key']}:{world['private_key']}"

    def __call__(self, path: str, *more: str, version: str | None = None, body: Any = None) -> Any:
        """Make a call; gives its document, or True where there is none."""
        media = "application/json" if version is None else f"application/vnd.atlas.{version}+json"
        sent = () if body is None else ("--header", f"Content-Type: {media}", "--data", json.dumps(body))
        headers = ("--header", f"Accept: {media}")
        command = ["curl", *_KEYED, "--user", self._user, *headers, *sent, *more, "--write-out", "\n%{http_code}"]
        done = subprocess.run([*command, self._url + path], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(f"curl ended with {done.returncode}: {done.stderr}")
        text, _, status = done.stdout.rpartition("\n")
        document = json.loads(text) if text else True
        if not status.startswith("2"):
            raise Refused(f"{status} {document['errorCode']}")
        return document


def main() -> None:
    """Make the calls."""
    calls = Calls()
    world = calls.world
    curl = Curl(world)
    managers(calls, curl, world["manager"])
    atlas(calls, curl, world["atlas"])


def managers(calls: Calls, curl: Curl, side: dict[str, Any]) -> None:
    """Ops Manager and Cloud Manager."""
    project, place = side["project"], side["clusters"]["replica-set"]
    group = f"{MANAGER}/groups/{project['id']}"
    cluster = f"{group}/clusters/{place['id']}"
    for path in ("/orgs", f"/orgs/{side['org']}", f"/orgs/{side['org']}/groups", "/groups", "/groups/"):
        calls("projects", f"GET {shown(path, side)}, manager", curl, MANAGER + path)
    by_name = f"{MANAGER}/groups/byName/{project['name']}"
    calls("projects", "GET /groups/byName/{name}, manager", curl, by_name)
    calls("clusters", "GET /clusters, manager", curl, f"{MANAGER}/clusters")
    calls("clusters", "GET clusters, manager", curl, f"{group}/clusters?pretty=true")
    calls("clusters", "GET hosts, manager", curl, f"{group}/hosts")
    calls("snapshots", "GET snapshots, manager", curl, f"{cluster}/snapshots?completed=all")
    calls("snapshots", "GET backupConfigs, manager", curl, f"{group}/backupConfigs")
    calls("jobs", "GET restoreJobs, manager", curl, f"{cluster}/restoreJobs?pretty=true")
    calls("jobs", "GET restoreJobs/{id}, manager", curl, f"{cluster}/restoreJobs/{place['job']}")
    bodies: dict[str, dict[str, Any]] = {
        "HTTP": {"delivery": {"methodName": "HTTP", "expirationHours": "1", "maxDownloads": "1"}},
        "AUTOMATED_RESTORE": {
            "delivery": {
                "methodName": "AUTOMATED_RESTORE",
                "targetGroupId": project["id"],
                "targetClusterId": place["id"],
            }
        },
    }
    for title, body in bodies.items():
        wanted = {**body, "snapshotId": place["snapshot"]}
        calls("creates", f"POST restoreJobs, {title}, manager", curl, f"{cluster}/restoreJobs", body=wanted)


def atlas(calls: Calls, curl: Curl, side: dict[str, Any]) -> None:
    """Both versions of Atlas."""
    group = f"/groups/{side['project']['id']}"
    places = side["clusters"]
    for api, date in ((V1, None), (V2, "2023-01-01")):
        for path in ("/orgs", f"/orgs/{side['org']}/groups", "/groups", "/groups/", f"{group}", "/clusters"):
            area = "clusters" if path == "/clusters" else "projects"
            calls(area, f"GET {shown(path, side)}, {api[11:]}", curl, api + path, version=date)
        clusters_date = date and "2024-08-05"
        calls("clusters", f"GET clusters, {api[11:]}", curl, f"{api}{group}/clusters", version=clusters_date)
        families = {
            "cloud-backup": ("clusters", "backup/snapshots", "backup/restoreJobs"),
            "legacy": ("clusters", "snapshots", "restoreJobs"),
            "tenant": ("clusters", "backup/tenant/snapshots", "backup/tenant/restores"),
            "serverless": ("serverless", "backup/snapshots", "backup/restoreJobs"),
            "flex": ("flexClusters", "backup/snapshots", "backup/restoreJobs"),
        }
        for kind, (collection, *tails) in families.items():
            if kind == "flex" and date is None:
                continue
            version = "2024-11-13" if kind == "flex" else date
            for area, tail in zip(("snapshots", "jobs"), tails, strict=True):
                path = f"{api}{group}/{collection}/{places[kind]['name']}/{tail}"
                calls(area, f"GET {tail}, {kind}, {api[11:]}", curl, path, version=version)
    collections(calls, curl, side)
    creates(calls, curl, side)


def collections(calls: Calls, curl: Curl, side: dict[str, Any]) -> None:
    """Limits, and collection-level restores: both are at the newest version only."""
    newest, place = "2025-03-12", side["clusters"]["cloud-backup"]
    cluster = f"{V2}/groups/{side['project']['id']}/clusters/{place['name']}"
    calls("projects", "GET /rateLimits, v2", curl, f"{V2}/rateLimits", version=newest)
    databases = f"{cluster}/backup/snapshots/{place['snapshot']}/databases"
    calls("snapshots", "GET databases, v2", curl, databases, version=newest)
    listed = f"{databases}/{side['database']}/collections"
    calls("snapshots", "GET collections, v2", curl, listed, version=newest)
    jobs = f"{cluster}/collectionRestoreJobs"
    calls("jobs", "GET collectionRestoreJobs, v2", curl, jobs, version=newest)
    became = f"{jobs}/{place['collection_job']}/collections?state=SUCCESSFUL"
    calls("jobs", "GET collectionRestoreJobs/{id}/collections, v2", curl, became, version=newest)
    body = {
        "snapshotId": place["snapshot"],
        "targetGroupId": side["project"]["id"],
        "targetClusterName": place["name"],
        "writeStrategy": "CREATE_NEW",
        "indexStrategy": "NONE",
        "databases": [{"sourceNamespace": side["database"], "targetNamespace": "copy"}],
    }
    calls("creates", "POST collectionRestoreJobs, v2", curl, jobs, version=newest, body=body)


def creates(calls: Calls, curl: Curl, side: dict[str, Any]) -> None:
    """Creates of v2, and a cancel; what a flex create needs is what the Atlas CLI sends."""
    project = side["project"]["id"]
    flex, backed = side["clusters"]["flex"], side["clusters"]["cloud-backup"]
    place = f"{V2}/groups/{project}/flexClusters/{flex['name']}/backup/restoreJobs"
    restore = {
        "instanceName": flex["name"],
        "snapshotId": flex["snapshot"],
        "targetDeploymentItemName": flex["name"],
        "targetProjectId": project,
    }
    calls("creates", "POST restoreJobs, flex, v2", curl, place, version="2024-11-13", body=restore)
    place = f"{V2}/groups/{project}/clusters/{backed['name']}/backup/restoreJobs"
    target = {"targetClusterName": backed["name"], "targetGroupId": project}
    bodies: dict[str, dict[str, Any]] = {
        "automated": {"deliveryType": "automated", "snapshotId": backed["snapshot"], **target},
        "pointInTime": {
            "deliveryType": "pointInTime",
            "snapshotId": backed["snapshot"],
            "pointInTimeUTCSeconds": side["moment"],
            **target,
        },
        "download": {"deliveryType": "download", "snapshotId": backed["snapshot"]},
    }
    made = None
    for title, body in bodies.items():
        name = f"POST restoreJobs, {title}, v2"
        made = calls("creates", name, curl, place, version="2023-01-01", body=body)
    job = backed["running_download"] if made is None else made["id"]
    cancel = ("--request", "DELETE")
    calls("creates", "DELETE restoreJobs/{id}, v2", curl, f"{place}/{job}", *cancel, version="2023-01-01")


def shown(path: str, side: dict[str, Any]) -> str:
    """The path without the ids of this world."""
    return path.replace(side["org"], "{org}").replace(side["project"]["id"], "{project}")


main()
