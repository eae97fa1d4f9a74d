"""Deleted clusters whose backups are retained: where they can be asked for, and what a fleet makes of them."""

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    FAMILIES,
    OPS_MANAGER,
    ConfigError,
    Unsupported,
)
from mongorestore_async.fleet import FailureKind, Fleet

QUERY = "includeDeletedWithRetainedBackups"
LISTING = ["atlas-cloud-backup", "atlas-collection-restore", "atlas-legacy", "atlas-tenant"]


@pytest.fixture
def atlas(session):
    return Fleet(session, ATLAS_CLOUD_BACKUP, name="atlas")


@pytest.fixture
def deleted(world, server):
    """Let some clusters be listed where deleted ones are asked for; gives the queries of all lists of clusters."""
    asked = []
    world.deleted = {}

    async def answer(sent):
        if "/clusters?" not in sent.url or "/groups/" not in sent.url:
            return await world(sent)
        asked.append(sent.query.get(QUERY))
        project = sent.url.partition("/groups/")[2].partition("/")[0]
        listed = [{"id": f"id-{key}", "name": key} for key in world.places[project]]
        if QUERY in sent.query:
            listed += world.deleted.get(project, [])
        return world.page(sent, listed)

    server.serve(answer)
    return asked


@pytest.mark.parametrize("name", LISTING)
async def test_deleted_clusters_are_asked_for_by_query(session, server, name, warned_families):
    warned_families.add(name)
    listed = [{"id": "1", "name": "gone", "retainBackups": True}, {"id": "2", "name": "here"}]
    server.will({"results": listed, "totalCount": 2})
    (first, second) = await session.project(PROJECT, FAMILIES[name]).clusters(include_deleted=True).collect()

    assert server.last.query[QUERY] == "true"
    assert [(first.name, first.retain_backups), (second.name, second.retain_backups)] == [
        ("gone", True),
        ("here", None),
    ]


async def test_deleted_clusters_are_not_asked_for_unless_told(session, server):
    server.will({"results": [], "totalCount": 0})
    await session.project(PROJECT, ATLAS_CLOUD_BACKUP).clusters().collect()

    assert QUERY not in server.last.query


@pytest.mark.parametrize("family", [OPS_MANAGER, ATLAS_CLOUD_BACKUP_V1, ATLAS_FLEX], ids=str)
async def test_other_families_refuse_it_before_any_call(session, server, family):
    fleet = Fleet(session, family)

    with pytest.raises(Unsupported, match=r"does not list deleted clusters.*; leave include_deleted out"):
        session.project(PROJECT, family).clusters(include_deleted=True)
    with pytest.raises(Unsupported, match="include_deleted"):
        fleet.restore_jobs(include_deleted=True)
    with pytest.raises(Unsupported, match="include_deleted"):
        await fleet.dry_run(include_deleted=True)
    assert server.sent == []


async def test_one_fleet_of_several_that_cannot_refuses_for_all(atlas, session, server):
    merged = Fleet.merge(atlas, Fleet(session, ATLAS_FLEX, name="flex"))

    with pytest.raises(Unsupported, match="Atlas flex does not list"):
        merged.restore_jobs(include_deleted=True)
    assert server.sent == []


@pytest.mark.parametrize("value", [None, 1, "true"])
async def test_it_is_true_or_false(atlas, session, value):
    with pytest.raises(ConfigError, match="include_deleted must be True or False"):
        atlas.restore_jobs(include_deleted=value)
    with pytest.raises(ConfigError, match="include_deleted must be True or False"):
        session.project(PROJECT, ATLAS_CLOUD_BACKUP).clusters(include_deleted=value)


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_COLLECTION_RESTORE], ids=str)
async def test_a_fleet_reads_deleted_clusters_when_told(session, world, deleted, read, family):
    fleet = Fleet(session, family, name="atlas")
    world.deleted["p1"] = [{"id": "id-gone", "name": "gone", "retainBackups": True}]

    without = fleet.restore_jobs()
    await read(without)
    read_without, world.read = world.read, []
    stream = fleet.restore_jobs(include_deleted=True)
    await read(stream)

    assert set(deleted) == {None, "true"}
    assert (without.progress.clusters, stream.progress.clusters) == (6, 7)
    if family is ATLAS_CLOUD_BACKUP:
        assert sorted(world.read) == sorted([*read_without, "p1/gone"])


async def test_a_dry_run_counts_deleted_clusters(atlas, world, deleted):
    world.deleted = {"p0": [{"id": "1", "name": "gone"}], "p2": [{"id": "2", "name": "lost"}]}

    plain, wide = await atlas.dry_run(), await atlas.dry_run(include_deleted=True)

    assert (plain.clusters, plain.requests) == (6, 6)
    assert (wide.clusters, wide.requests, wide.discovery) == (8, 8, plain.discovery)
    assert world.read == []


@pytest.mark.parametrize("first", [True, False])
async def test_a_name_that_was_given_again_is_read_once(atlas, world, deleted, first):
    # In both orders: a path has the name only, and what answers is the cluster that is there.
    old = {"id": "old", "name": "c0", "retainBackups": True}
    world.places = {"p0": [] if first else ["c0"]}
    world.deleted["p0"] = [old, {"id": "id-c0", "name": "c0"}] if first else [old]

    found = []
    async with atlas.restore_jobs(include_deleted=True) as stream:
        found = [each async for each in stream]

    assert world.read == ["p0/c0"]
    assert {each.cluster.id for each in found} == {"id-c0"}
    assert len({each.job.id for each in found}) == len(found) == world.jobs


async def test_a_deleted_cluster_that_does_not_answer_is_a_failure(atlas, world, deleted, read):
    world.deleted["p1"] = [{"id": "1", "name": "gone"}]
    world.plays["p1/gone"] = world.refused(404, "CLUSTER_NOT_FOUND")
    stream = atlas.restore_jobs(include_deleted=True)

    assert await read(stream) == world.all_ids
    (failure,) = stream.failures
    assert (failure.cluster.key, failure.kind) == ("gone", FailureKind.GONE)


async def test_a_token_goes_on_with_deleted_clusters_and_no_others(atlas, world, deleted, read):
    world.deleted["p1"] = [{"id": "1", "name": "gone"}]
    world.plays["p1/gone"] = world.refused(500)
    wide = atlas.restore_jobs(include_deleted=True)
    await read(wide)
    del world.plays["p1/gone"]
    world.read.clear()

    await read(atlas.restore_jobs(include_deleted=True, resume=wide.resume_token))

    assert world.read == ["p1/gone"]
    with pytest.raises(ConfigError, match="resume is the token of a different query"):
        atlas.restore_jobs(resume=wide.resume_token)


async def test_names_and_globs_choose_among_deleted_clusters_too(atlas, world, deleted, read):
    world.deleted["p1"] = [{"id": "1", "name": "gone-1"}, {"id": "2", "name": "lost"}]

    stream = atlas.restore_jobs(include_deleted=True, clusters="gone-*")
    await read(stream)

    assert (world.read, stream.failures) == (["p1/gone-1"], ())
