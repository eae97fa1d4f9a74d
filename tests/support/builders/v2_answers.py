"""Every kind of answer that Atlas v2 gives, called from an emulator one after the other."""

import json

import attrs
from yarl import URL

API = "/api/atlas/v2"
OLD, CLUSTERS, FLEX, NEWEST = "2023-01-01", "2024-08-05", "2024-11-13", "2025-03-12"

_GROUP = "/groups/{project}"
_CLUSTER = "/groups/{project}/clusters/{cluster}"
_FLEX = "/groups/{project}/flexClusters/{cluster}"
_SERVERLESS = "/groups/{project}/serverless/{cluster}"


@attrs.frozen
class Answer:
    """One answer.

    Attributes:
        call: Method and template of the path, below the API.
        version: Date that was asked for.
        kind: Name of its schema; with ``[]`` behind it, a list of them. An error where one came, "nothing" for 204.
        wanted: The kind there should be.
        status: HTTP status.
        headers: Of the answer.
        document: What came.

    """

    call: str
    version: str
    kind: str
    wanted: str
    status: int
    headers: dict
    document: object

    @property
    def title(self):
        return f"{self.call} at {self.version}, {self.status}"


#: Kind of an item, version, path of the list, path of one; the name of ``{item}`` in a list is ``id`` unless told.
NEIGHBOURS = (
    ("organization", OLD, "/orgs", "/orgs/{item}"),
    ("project", OLD, "/orgs/{org}/groups", None),
    ("project", OLD, "/groups", "/groups/{item}"),
    ("project-clusters", OLD, "/clusters", None),
    ("rate-limit", NEWEST, "/rateLimits", None),
    ("cluster-2024-08-05", CLUSTERS, f"{_GROUP}/clusters", f"{_GROUP}/clusters/{{item}}"),
    ("cluster-2023-02-01", "2023-02-01", f"{_GROUP}/clusters", f"{_GROUP}/clusters/{{item}}"),
    ("cluster-2023-01-01", OLD, f"{_GROUP}/clusters", f"{_GROUP}/clusters/{{item}}"),
    ("flex-cluster", FLEX, f"{_GROUP}/flexClusters", f"{_GROUP}/flexClusters/{{item}}"),
    ("serverless-instance", OLD, f"{_GROUP}/serverless", f"{_GROUP}/serverless/{{item}}"),
)
#: What stands in the path of one, where that is not its id.
_KEYS = {
    "cluster-2024-08-05": "name",
    "cluster-2023-02-01": "name",
    "cluster-2023-01-01": "name",
    "flex-cluster": "name",
    "serverless-instance": "name",
    "snapshot-database": "name",
    "snapshot-collection": "name",
    "restored-collection": "sourceNamespace",
}

_COLLECTIONS = f"{_CLUSTER}/collectionRestoreJobs"
_DATABASES = f"{_CLUSTER}/backup/snapshots/{{snapshot}}/databases"
_SHARDED = f"{_CLUSTER}/backup/snapshots/shardedCluster"
#: The same below one cluster, with its kind in the world before it.
BACKUPS = (
    ("cloud-backup", "cloud-backup-snapshot", OLD, f"{_CLUSTER}/backup/snapshots", None),
    ("cloud-backup", "cloud-backup-job", OLD, f"{_CLUSTER}/backup/restoreJobs", None),
    ("cloud-backup-sharded", "cloud-backup-sharded-snapshot", OLD, f"{_SHARDED}s", f"{_SHARDED}/{{item}}"),
    ("cloud-backup-sharded", "cloud-backup-job", OLD, f"{_CLUSTER}/backup/restoreJobs", None),
    *(
        (place, kind, NEWEST, path, None)
        for place in ("cloud-backup", "cloud-backup-sharded")
        for kind, path in (
            ("collection-restore-job", _COLLECTIONS),
            ("snapshot-database", _DATABASES),
            ("snapshot-collection", f"{_DATABASES}/{{database}}/collections"),
        )
    ),
    ("legacy", "legacy-snapshot", OLD, f"{_CLUSTER}/snapshots", None),
    ("legacy", "legacy-job", OLD, f"{_CLUSTER}/restoreJobs", None),
    ("legacy-sharded", "legacy-snapshot", OLD, f"{_CLUSTER}/snapshots", None),
    ("legacy-sharded", "legacy-checkpoint", OLD, f"{_CLUSTER}/backupCheckpoints", None),
    ("legacy-sharded", "legacy-job", OLD, f"{_CLUSTER}/restoreJobs", None),
    ("tenant", "tenant-snapshot", OLD, f"{_CLUSTER}/backup/tenant/snapshots", None),
    ("tenant", "tenant-job", OLD, f"{_CLUSTER}/backup/tenant/restores", None),
    ("flex", "tenant-snapshot", FLEX, f"{_FLEX}/backup/snapshots", None),
    ("flex", "flex-job", FLEX, f"{_FLEX}/backup/restoreJobs", None),
    ("serverless", "serverless-snapshot", OLD, f"{_SERVERLESS}/backup/snapshots", None),
    ("serverless", "serverless-job", OLD, f"{_SERVERLESS}/backup/restoreJobs", None),
)

_INTO = {"targetGroupId": "{project}", "targetClusterName": "{cluster}"}
_RESTORE = {"snapshotId": "{snapshot}", "targetProjectId": "{project}", "targetDeploymentItemName": "{cluster}"}
_LEGACY = {"methodName": "AUTOMATED_RESTORE", **_INTO}
_AUTOMATED = {"deliveryType": "automated", "snapshotId": "{snapshot}", **_INTO}
_MOMENT = {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": "{moment}", **_INTO}
_OPLOG = {"deliveryType": "pointInTime", "oplogTs": "{moment}", "oplogInc": 1, **_INTO}
_DOWNLOAD = {"deliveryType": "download", "snapshotId": "{snapshot}"}
_HTTP = {"methodName": "HTTP", "maxDownloads": 3, "expirationHours": 2}
#: Kind of cluster, kind of answer, version, path of the create, path of one job, body.
CREATES = (
    *(
        (kind, "cloud-backup-job", OLD, f"{_CLUSTER}/backup/restoreJobs", None, body)
        for kind in ("cloud-backup", "cloud-backup-sharded")
        for body in (_AUTOMATED, _MOMENT, _OPLOG, _DOWNLOAD)
    ),
    ("serverless", "serverless-job", OLD, f"{_SERVERLESS}/backup/restoreJobs", None, _AUTOMATED),
    ("serverless", "serverless-job", OLD, f"{_SERVERLESS}/backup/restoreJobs", None, _MOMENT),
    *(
        (kind, "legacy-job[]", OLD, f"{_CLUSTER}/restoreJobs", None, {"delivery": delivery, "snapshotId": "{snapshot}"})
        for kind in ("legacy", "legacy-sharded")
        for delivery in (_LEGACY, _HTTP)
    ),
    ("flex", "flex-job", FLEX, f"{_FLEX}/backup/restoreJobs", None, _RESTORE),
    ("flex", "flex-job", FLEX, f"{_FLEX}/backup/download", f"{_FLEX}/backup/restoreJobs", {"snapshotId": "{snapshot}"}),
    *(
        ("tenant", "tenant-job", OLD, f"{_CLUSTER}/backup/tenant/{verb}", f"{_CLUSTER}/backup/tenant/restores", body)
        for verb, body in (("restore", _RESTORE), ("download", {"snapshotId": "{snapshot}"}))
    ),
)

_WHOLE = {"databases": [{"sourceNamespace": "shop"}]}
_NAMED = {"collections": [{"sourceNamespace": "shop.orders", "targetNamespace": "shop.old"}]}
_NEW = {"writeStrategy": "CREATE_NEW", "indexStrategy": "ALL", **_INTO}
_OVER = {"writeStrategy": "OVERWRITE_EXISTING", "indexStrategy": "ALL_EXCEPT_TTL", **_INTO}
#: Bodies of collection-level restores, and how their collections end; there is one at a time in a cluster.
COLLECTION_CREATES = (
    ({**_NEW, **_WHOLE, "snapshotId": "{snapshot}", "databaseSuffix": "_restored"}, {}),
    ({**_OVER, **_NAMED, "pointInTimeUtcSeconds": "{moment}"}, {}),
    ({**_NEW, **_NAMED, "oplogTs": "{moment}", "oplogInc": 1, "collectionSuffix": "_x"}, {"shop.orders": "FAILED"}),
    *(
        ({**_NEW, **_WHOLE, "snapshotId": "{snapshot}"}, {"shop.orders": word})
        for word in ("INDEX_BUILD_FAILED", "INDEXES_FAILED", "NOT_FOUND", "ROLLBACK", "NOT_RESTORED")
    ),
)


class V2Answers:
    """Calls an emulator that asks for no login.

    Attributes:
        seen: Every answer, in order.

    """

    def __init__(self, emulator, client):
        self.emulator = emulator
        self.client = client
        self.seen = []

    async def call(self, method, template, version, kind, body=None, **values):
        """Make a call; keeps its answer, and gives the document."""
        path = template.format(**values)
        query = "?itemsPerPage=500&completed=all" if method == "GET" and "completed" not in path else ""
        media = f"application/vnd.atlas.{version}+json"
        headers = {"Accept": media, **({"Content-Type": media} if body is not None else {})}
        data = None if body is None else json.dumps(filled(body, values)).encode()
        url = URL(f"{self.emulator.url}{API}{path}{query}", encoded=True)
        async with self.client.request(method, url, data=data, headers=headers) as response:
            text = await response.read()
            document = json.loads(text) if text else None
            came = "nothing" if response.status == 204 else kind if response.status < 400 else "error"
            how = (response.status, dict(response.headers), document)
            answer = Answer(f"{method} {template}", version, came, kind, *how)
        self.seen.append(answer)
        return document

    async def read(self, kind, version, listed, one, *, most=None, **values):
        """Read a list, and its items one by one."""
        document = await self.call("GET", listed, version, f"{kind}[]", **values)
        if one is None and kind in {"project", "project-clusters", "rate-limit"}:
            return
        member = _KEYS.get(kind, "id")
        for item in document.get("results", ())[:most]:
            await self.call("GET", one or f"{listed}/{{item}}", version, kind, item=item[member], **values)

    async def neighbours(self):
        """Everything that no cluster has."""
        project = next(iter(self.emulator.world.projects("atlas")))
        for kind, version, listed, one in NEIGHBOURS:
            await self.read(kind, version, listed, one, project=project.id, org=project.org_id)
        await self.call("GET", "/groups/byName/{name}", OLD, "project", name=project.name)
        await self.call("GET", "/rateLimits/{item}", NEWEST, "rate-limit", item=self.limit())

    async def backups(self, *, most=None):
        """Snapshots, checkpoints and jobs of every family.

        Args:
            most: How many of each list are read one by one; None: all.

        """
        for place, kind, version, listed, one in BACKUPS:
            values = self.values(place)
            await self.read(kind, version, listed, one, most=most, **values)
        schedule = f"{_CLUSTER}/snapshotSchedule"
        await self.call("GET", schedule, OLD, "snapshot-schedule", **self.values("legacy-sharded"))

    async def creates(self, outcomes=("done",)):
        """Each create, and its job in the states it runs through; a download is cancelled in the end.

        Args:
            outcomes: How the jobs end.

        """
        for place, kind, version, path, jobs, body in CREATES:
            for outcome in outcomes:
                self.emulator.end_next_jobs(*[outcome] * 3)
                values = self.values(place)
                made = await self.call("POST", path, version, kind, body=body, **values)
                if made.get("error"):
                    continue
                for job in made.get("results", [made]):
                    for _ in range(5):
                        one = f"{jobs or path}/{{item}}"
                        await self.call("GET", one, version, kind.removesuffix("[]"), item=job["id"], **values)
                        self.emulator.clock.advance(150)
        for place, kind in (("cloud-backup", "snapshot"), ("cloud-backup-sharded", "sharded-snapshot")):
            body = {"description": "before the upgrade", "retentionInDays": 3}
            taken = f"{_CLUSTER}/backup/snapshots"
            await self.call("POST", taken, OLD, f"cloud-backup-{kind}", body, **self.values(place))
        values = self.values("cloud-backup")
        made = await self.call("POST", f"{_CLUSTER}/backup/restoreJobs", OLD, "cloud-backup-job", _DOWNLOAD, **values)
        one = f"{_CLUSTER}/backup/restoreJobs/{{item}}"
        await self.call("DELETE", one, OLD, "nothing", item=made["id"], **values)
        await self.call("GET", one, OLD, "cloud-backup-job", item=made["id"], **values)

    async def collection_restores(self):
        """Restores of collections in the states they run through, with what became of each collection."""
        one = f"{_COLLECTIONS}/{{job}}"
        for body, endings in COLLECTION_CREATES:
            self.emulator.end_next_collections(endings)
            values = self.values("cloud-backup")
            made = await self.call("POST", _COLLECTIONS, NEWEST, "collection-restore-job", body, **values)
            if made.get("error"):
                continue
            for _ in range(6):
                await self.call("GET", one, NEWEST, "collection-restore-job", job=made["id"], **values)
                await self.read("restored-collection", NEWEST, f"{one}/collections", None, job=made["id"], **values)
                self.emulator.clock.advance(150)

    async def refusals(self):
        """Errors of every family."""
        for place, _, version, listed, one in BACKUPS:
            values = self.values(place)
            await self.call("GET", one or f"{listed}/{{item}}", version, "error", item="0" * 24, **values)
            await self.call("GET", listed, version, "error", **{**values, "cluster": "nobody", "database": "none"})
        for place, _, version, path, _, _ in CREATES:
            for body in ({}, {"snapshotId": 7}, {"surprise": True}):
                await self.call("POST", path, version, "error", body=body, **self.values(place))
        await self.call("GET", "/groups/{project}", OLD, "error", project="0" * 24)
        await self.call("GET", "/nothing", OLD, "error")
        await self.call("GET", "/groups", "1999-01-01", "error")

    def limit(self):
        """The id of an endpoint set, from the list of limits."""
        (limits,) = (one.document for one in self.seen if one.call == "GET /rateLimits")
        return limits["results"][0]["endpointSetId"] if "results" in limits else "none"

    def values(self, place):
        """What fills the templates below the first cluster of a kind."""
        world = self.emulator.world
        cluster = world.first(place)
        return {
            "project": cluster.project_id,
            "cluster": cluster.name,
            "snapshot": world.snapshots.id(cluster),
            "database": "shop",
            "moment": int(self.emulator.clock.now().timestamp()) - 7200,
        }


def filled(body, values):
    """A body with its values; what is nothing but a field keeps the type of the value."""
    if isinstance(body, dict):
        return {name: filled(value, values) for name, value in body.items()}
    if isinstance(body, str) and body.startswith("{"):
        return values[body.strip("{}")]
    return body
