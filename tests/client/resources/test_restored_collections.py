"""What became of each collection of a restore, and what a snapshot holds."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from builders.lists import listed, path_of
from mongorestore_async import ATLAS_COLLECTION_RESTORE, FAMILIES
from mongorestore_async.errors import ConfigError, DataError, Unsupported
from mongorestore_async.models import RestoredCollectionState

CLUSTER = "/api/atlas/v2/groups/p/clusters/c"
JOB = f"{CLUSTER}/collectionRestoreJobs/j"
DATABASES = f"{CLUSTER}/backup/snapshots/s/databases"
FOUND = {
    "sourceNamespace": "shop.orders",
    "targetNamespace": "shop.orders",
    "effectiveTargetNamespace": "shop.orders_1",
    "state": "INDEX_BUILD_FAILED",
    "restoredDocuments": 5,
    "totalDocuments": 9_000_000_000,
    "indexStatus": {
        "state": "FAILED",
        "errorMessage": "duplicate key",
        "failedIndexes": [{"v": 2, "key": {"a": 1, "b": "text"}, "name": "a_1_b_text", "unique": True}],
    },
}
ODD = ["shop.a/b", "shop.a?b#c%d", "shop.a b ", "shop.é\n", "shop.a%2Fb", "shop.a\\b", "shop.a..b", "shop...", "shop.-"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def cluster(session):
    return session.project("p", ATLAS_COLLECTION_RESTORE).cluster("c")


async def test_collections_of_a_job_are_listed(cluster, server):
    server.will(listed(FOUND, {"sourceNamespace": "shop.view", "state": "SOMETHING_NEW"}))

    one, other = await cluster.restored_collections("j").collect()

    assert (one.state, one.restored_documents, one.total_documents) == ("INDEX_BUILD_FAILED", 5, 9_000_000_000)
    assert one.state is RestoredCollectionState.INDEX_BUILD_FAILED
    assert (one.renamed, one.index_status.failed, one.index_status.failed_indexes[0].name) == (True, True, "a_1_b_text")
    assert one.raw == FOUND
    assert (other.state, other.renamed, other.index_status) == ("SOMETHING_NEW", False, None)
    assert path_of(server.last) == f"{JOB}/collections"
    assert server.last.headers["Accept"] == "application/vnd.atlas.2025-03-12+json"


async def test_lists_of_collections_can_be_filtered(cluster, server):
    server.will(listed())
    pager = cluster.restored_collections(
        "j", state=RestoredCollectionState.FAILED, source="a.b/ö", target="c.d&e", items_per_page=7, limit=5
    )
    assert server.sent == []
    await pager.collect()

    assert server.last.query == {
        "state": "FAILED",
        "sourceNamespace": "a.b/ö",
        "targetNamespace": "c.d&e",
        "pageNum": "1",
        "itemsPerPage": "7" if server.last.query["itemsPerPage"] == "7" else "5",
    }


async def test_one_source_may_be_restored_under_two_names(cluster, server):
    twice = [{"sourceNamespace": "a.b", "targetNamespace": name, "state": "SUCCESSFUL"} for name in ("a.b", "a.c")]
    server.will(listed(*twice))

    assert [each.target_namespace for each in await cluster.restored_collections("j").collect()] == ["a.b", "a.c"]


async def test_collections_come_page_after_page(cluster, server):
    names = [f"a.c{number}" for number in range(25)]

    def serve(sent):
        shown = names[(sent.page - 1) * 10 : sent.page * 10]
        return server.answer({"results": [{"sourceNamespace": name} for name in shown], "totalCount": 25})

    server.serve(serve)
    found = [each.source_namespace async for each in cluster.restored_collections("j", items_per_page=10)]
    assert found == names


@pytest.mark.parametrize("namespace", ["shop.orders", *ODD])
async def test_a_namespace_is_one_segment_of_a_path(cluster, server, namespace):
    server.will({"sourceNamespace": namespace, "state": "SUCCESSFUL"})

    found = await cluster.restored_collection("j", namespace)

    head, _, last = path_of(server.last).rpartition("/")
    assert (head, unquote(last), found.source_namespace) == (f"{JOB}/collections", namespace, namespace)


@pytest.mark.parametrize("value", ["", "a.\0", "a.\ud800", "a./../x", "a.x/..", "..", "a.b\\..\\c", "a./.", None, 5])
async def test_names_that_no_path_can_have_are_refused(cluster, server, value):
    with pytest.raises(ConfigError):
        await cluster.restored_collection("j", value)
    with pytest.raises(ConfigError):
        cluster.snapshot_collections("s", value)
    if value is not None:
        with pytest.raises(ConfigError):
            cluster.restored_collections("j", source=value)
    assert server.sent == []


@pytest.mark.parametrize("job", ["", "../x", "a/b", None])
async def test_a_bad_job_id_is_refused(cluster, server, job):
    with pytest.raises(ConfigError, match="job id"):
        cluster.restored_collections(job)
    with pytest.raises(ConfigError):
        await cluster.restored_collection(job, "a.b")
    assert server.sent == []


async def test_the_answer_to_another_question_is_refused(cluster, server):
    server.will({"sourceNamespace": "shop.items"})
    with pytest.raises(DataError, match="about another collection") as caught:
        await cluster.restored_collection("j", "shop.orders")
    assert caught.value.path == "$.sourceNamespace"
    server.will({"state": "FAILED"})
    assert (await cluster.restored_collection("j", "shop.orders")).state == "FAILED"


async def test_a_snapshot_is_browsed(cluster, server):
    server.will(listed({"name": "shop", "links": []}, {"name": "crm"}))
    server.will(listed({"name": "orders"}, {"name": "a.b/c"}))

    databases = await cluster.snapshot_databases("s").collect()
    collections = await cluster.snapshot_collections("s", "shop", items_per_page=3, limit=2).collect()

    assert [database.name for database in databases] == ["shop", "crm"]
    assert [collection.name for collection in collections] == ["orders", "a.b/c"]
    assert [path_of(sent) for sent in server.sent] == [DATABASES, f"{DATABASES}/shop/collections"]
    assert {sent.headers["Accept"] for sent in server.sent} == {"application/vnd.atlas.2025-03-12+json"}


async def test_a_database_may_have_an_odd_name(cluster, server):
    server.will(listed())
    await cluster.snapshot_collections("s", "sh?op#%ö").collect()
    assert path_of(server.last) == f"{DATABASES}/sh%3Fop%23%25%C3%B6/collections"


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "atlas-collection-restore"])
async def test_no_other_family_has_them(session, server, name):
    cluster = session.project("p", FAMILIES[name]).cluster("c")
    for make in (
        lambda: cluster.restored_collections("j"),
        lambda: cluster.snapshot_databases("s"),
        lambda: cluster.snapshot_collections("s", "d"),
    ):
        with pytest.raises(Unsupported, match=r"has no list of .*: use ATLAS_COLLECTION_RESTORE"):
            make()
    with pytest.raises(Unsupported, match="use ATLAS_COLLECTION_RESTORE"):
        await cluster.restored_collection("j", "a.b")
    assert server.sent == []


@pytest.mark.parametrize(
    ("attribute", "version"),
    [
        ("projects_path", "2023-01-01"),
        ("all_clusters_path", "2023-01-01"),
        ("clusters_path", "2024-08-05"),
        ("snapshots_path", "2023-01-01"),
        ("snapshot_path", "2023-01-01"),
        ("sharded_snapshots_path", "2023-01-01"),
        ("sharded_snapshot_path", "2023-01-01"),
        ("jobs_path", "2025-03-12"),
        ("job_path", "2025-03-12"),
        ("create_path", "2025-03-12"),
        ("restored_collections_path", "2025-03-12"),
        ("restored_collection_path", "2025-03-12"),
        ("snapshot_databases_path", "2025-03-12"),
        ("snapshot_collections_path", "2025-03-12"),
    ],
)
def test_each_path_is_asked_for_in_its_version(attribute, version):
    family = ATLAS_COLLECTION_RESTORE
    assert family.media_type_of(getattr(family, attribute)) == f"application/vnd.atlas.{version}+json"
