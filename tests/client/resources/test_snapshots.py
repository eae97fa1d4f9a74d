"""Snapshots of every family: where they are listed, what is sent, and choosing one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from builders.lists import listed, path_of
from mongorestore_async.errors import ConfigError, NotRestorable, Unsupported
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import CloudBackupSnapshot, ClusterSnapshot, TenantSnapshot

OM = "/api/public/v1.0/groups/p/clusters/c"
V1 = "/api/atlas/v1.0/groups/p"
V2 = "/api/atlas/v2/groups/p"
PLACES = {
    "ops-manager": (f"{OM}/snapshots", ClusterSnapshot),
    "cloud-manager": (f"{OM}/snapshots", ClusterSnapshot),
    "atlas-legacy-v1": (f"{V1}/clusters/c/snapshots", ClusterSnapshot),
    "atlas-legacy": (f"{V2}/clusters/c/snapshots", ClusterSnapshot),
    "atlas-cloud-backup-v1": (f"{V1}/clusters/c/backup/snapshots", CloudBackupSnapshot),
    "atlas-cloud-backup": (f"{V2}/clusters/c/backup/snapshots", CloudBackupSnapshot),
    "atlas-collection-restore": (f"{V2}/clusters/c/backup/snapshots", CloudBackupSnapshot),
    "atlas-tenant-v1": (f"{V1}/clusters/c/backup/tenant/snapshots", TenantSnapshot),
    "atlas-tenant": (f"{V2}/clusters/c/backup/tenant/snapshots", TenantSnapshot),
    "atlas-flex": (f"{V2}/flexClusters/c/backup/snapshots", TenantSnapshot),
    "atlas-serverless-v1": (f"{V1}/serverless/c/backup/snapshots", CloudBackupSnapshot),
    "atlas-serverless": (f"{V2}/serverless/c/backup/snapshots", CloudBackupSnapshot),
}
FLEX = "application/vnd.atlas.2024-11-13+json"
FIRST = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each_family = pytest.mark.parametrize("name", FAMILIES)


def taken(name, days=0, **members):
    date = (FIRST + timedelta(days=days)).isoformat()
    return {"id": name, "complete": True, "clusterId": "c", "created": {"date": date, "increment": 1}, **members}


@pytest.fixture
def place(session):
    return lambda name: session.project("p", FAMILIES[name]).cluster("c")


def test_every_family_is_in_the_table():
    assert PLACES.keys() == FAMILIES.keys()


@each_family
async def test_snapshots_are_listed_where_the_family_has_them(place, server, name):
    server.will(listed({"id": "s1"}, {}, {"id": "s2"}, totalCount=2))

    found = await place(name).snapshots().collect()

    path, model = PLACES[name]
    assert [(type(snapshot), snapshot.id) for snapshot in found] == [(model, "s1"), (model, "s2")]
    assert path_of(server.sent[0]) == path
    assert server.sent[0].headers["Accept"] == FAMILIES[name].media_type_of(FAMILIES[name].snapshots_path)


@each_family
async def test_one_snapshot_is_read_below_its_list(place, server, name):
    server.will({"id": "s1"})

    found = await place(name).snapshot("s1")

    path, model = PLACES[name]
    assert (type(found), found.raw["id"]) == (model, "s1")
    assert (path_of(server.last), server.last.query) == (f"{path}/s1", {})


async def test_blanks_that_are_counted_cost_one_page_more(cluster, server):
    server.will(listed({"id": "s1"}, {}))
    server.will(listed(totalCount=2))

    assert [snapshot.id for snapshot in await cluster.snapshots().collect()] == ["s1"]
    assert server.pages == [1, 2]


async def test_the_media_type_of_flex_is_its_own(place, server):
    server.will(listed())
    await place("atlas-flex").snapshots().collect()

    assert server.last.headers["Accept"] == FLEX


@pytest.mark.parametrize("name", ["atlas-cloud-backup", "atlas-cloud-backup-v1"])
class TestShardedSnapshots:
    async def test_are_asked_for_whole(self, place, server, name):
        server.will({"results": [{"id": "s1"}, {"id": "s2"}]})

        found = await place(name).snapshots(sharded=True).collect()

        assert [snapshot.id for snapshot in found] == ["s1", "s2"]
        assert path_of(server.last) == f"{PLACES[name][0]}/shardedClusters"
        assert [sent.query for sent in server.sent] == [{}]

    @pytest.mark.parametrize("blank", [0, 1])
    async def test_are_whole_with_their_count(self, place, server, name, blank):
        server.will(listed({"id": "s1"}, *[{}] * blank))

        assert len(await place(name).snapshots(sharded=True).collect()) == 1
        assert len(server.sent) == 1

    @pytest.mark.parametrize("sign", [{"links": [{"rel": "next", "href": "x"}]}, {"totalCount": 2}])
    async def test_are_paged_where_a_server_says_that_there_is_more(self, place, server, name, sign):
        server.will({"results": [{"id": "s1"}], **sign})
        server.will({"results": [{"id": "s2"}], "totalCount": 2})

        found = await place(name).snapshots(sharded=True).collect()

        assert [snapshot.id for snapshot in found] == ["s1", "s2"]
        assert [sent.query for sent in server.sent] == [{}, {"pageNum": "2"}]

    async def test_a_page_size_of_the_caller_is_sent(self, place, server, name):
        server.will(listed())
        await place(name).snapshots(sharded=True, items_per_page=7).collect()

        assert server.last.query == {"itemsPerPage": "7"}

    async def test_one_is_read_in_the_singular(self, place, server, name):
        server.will({"id": "s1"})
        await place(name).snapshot("s1", sharded=True)

        assert path_of(server.last) == f"{PLACES[name][0]}/shardedCluster/s1"


@pytest.mark.parametrize(
    ("name", "query"), [("atlas-tenant", {}), ("atlas-tenant-v1", {"pageNum": "1", "itemsPerPage": "500"})]
)
async def test_the_tenant_list_of_v2_has_no_pages(place, server, name, query):
    server.will({"results": [{"id": "s1"}], "totalCount": 1})
    await place(name).snapshots().collect()

    assert [sent.query for sent in server.sent] == [query]


class TestFilters:
    @pytest.mark.parametrize("completed", ["true", "false", "all"])
    async def test_completed_is_sent_as_text(self, place, server, completed):
        server.will(listed())
        await place("ops-manager").snapshots(completed=completed).collect()

        assert server.last.query["completed"] == completed

    async def test_a_moment_is_passed_on(self, place, server):
        server.will(listed())
        await place("atlas-cloud-backup").snapshots(query={"pointInTimeUtcSeconds": 1700000000}).collect()

        assert server.last.query["pointInTimeUtcSeconds"] == "1700000000"

    @pytest.mark.parametrize(
        ("name", "arguments", "error"),
        [
            ("ops-manager", {"completed": True}, ConfigError),
            ("ops-manager", {"completed": "yes"}, ConfigError),
            ("ops-manager", {"items_per_page": 501}, ConfigError),
            ("ops-manager", {"sharded": True}, Unsupported),
            ("atlas-flex", {"sharded": True}, Unsupported),
            ("atlas-cloud-backup", {"completed": "all"}, Unsupported),
        ],
    )
    def test_what_a_list_does_not_have_is_refused(self, place, server, name, arguments, error):
        with pytest.raises(error):
            place(name).snapshots(**arguments)
        assert server.sent == []


class TestLatestRestorable:
    async def test_is_the_newest_that_has_no_obstacle(self, cluster, server):
        server.will(
            listed(
                taken("old"),
                taken("best", 3),
                taken("bad", 4, complete=False),
                taken("gone", 5, expires="2026-01-07T00:00:00Z"),
                taken("undated", created=None),
                taken("kept", 1, expires="2099-01-01T00:00:00Z"),
            )
        )

        assert (await cluster.snapshots().latest_restorable()).id == "best"

    @pytest.mark.parametrize(
        ("before", "chosen"), [(FIRST, "s0"), (FIRST + timedelta(days=1.5), "s1"), (FIRST + timedelta(days=2), "s2")]
    )
    async def test_was_taken_at_or_before_the_moment(self, cluster, server, before, chosen):
        server.will(listed(*(taken(f"s{days}", days) for days in (2, 0, 1))))

        assert (await cluster.snapshots().latest_restorable(before=before)).id == chosen

    async def test_is_looked_for_on_every_page(self, cluster, server):
        server.will(listed(taken("s1"), totalCount=2))
        server.will(listed(taken("s2", 1), totalCount=2))

        assert (await cluster.snapshots().latest_restorable()).id == "s2"

    async def test_without_one_tells_what_stands_against_those_there_are(self, cluster, server):
        server.will(
            listed(
                taken("s1", complete=False),
                taken("s2", complete=False, missingShards=[{}]),
                taken("s3", expires="2026-01-02T00:00:00Z"),
                taken("s4", expires="2026-01-03T00:00:00Z"),
                taken("s5", created=None),
                taken("s6", 9),
            )
        )

        with pytest.raises(NotRestorable) as caught:
            await cluster.snapshots().latest_restorable(before=FIRST)

        assert str(caught.value) == (
            "no snapshot can be restored (2 incomplete, 2 expired, 1 shards are missing, 1 not dated, 1 taken later):"
            " wait for the next one, or take one"
        )

    async def test_without_any_asks_for_the_backup(self, cluster, server):
        server.will(listed({}))

        with pytest.raises(NotRestorable, match="the cluster has no snapshots: is its backup enabled"):
            await cluster.snapshots().latest_restorable()

    @pytest.mark.parametrize("before", [FIRST.replace(tzinfo=None), "2026-01-01"])
    async def test_takes_aware_moments_only(self, cluster, server, before):
        with pytest.raises(ConfigError, match="aware datetime"):
            await cluster.snapshots().latest_restorable(before=before)
        assert server.sent == []

    async def test_of_cloud_backup_is_the_completed_one(self, place, server):
        dates = {"expiresAt": "2099-01-01T00:00:00Z"}
        server.will(
            listed(
                {"id": "s1", "status": "completed", "createdAt": "2026-01-01T00:00:00Z", **dates},
                {"id": "s2", "status": "inProgress", **dates},
                {"id": "s3", "status": "failed", "createdAt": "2026-02-01T00:00:00Z", **dates},
            )
        )

        assert (await place("atlas-cloud-backup").snapshots().latest_restorable()).id == "s1"
