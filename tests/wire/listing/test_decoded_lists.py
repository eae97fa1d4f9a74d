"""Lists give the same, whether their items are decoded with the page or structured one by one."""

from __future__ import annotations

import pytest

from mongorestore_async import OPS_MANAGER, Fleet, NotUnique, load_job
from mongorestore_async.codec import list_documents
from mongorestore_async.codec.list_documents import DecodedItems

JOBS = 130


@pytest.fixture(params=["struct", "converter"])
def road(request, monkeypatch):
    """Read lists in one of two ways; counts the items that were decoded with their page."""
    decoded = []

    def decode(model, body):
        found = None if request.param == "converter" else list_documents.decode_list(model, body)
        decoded.extend(found.results if found else ())
        yield found

    monkeypatch.setattr("mongorestore_async.listing.page_reader.decode_in_turns", decode)
    yield request.param
    assert bool(decoded) is (request.param == "struct")


@pytest.fixture
async def cluster(road, emulate, connect, first_cluster):
    settings = {"jobs_per_cluster": JOBS, "seed": 7, "speed": 0}
    async with emulate(**settings) as emulator, connect(emulator) as session:
        yield first_cluster(session, emulator)


async def test_every_way_to_read_a_list_gives_the_same_jobs(cluster):
    pager = cluster.restore_jobs(items_per_page=60)
    walked = [job async for job in pager]

    assert len({job.id for job in walked}) == len(walked) == JOBS
    assert await pager.collect() == await pager.collect(concurrency=4) == walked
    assert [job async for page in pager.pages() for job in page.items] == walked
    async with pager.ahead(2) as pages:
        assert [job async for page in pages for job in page] == walked
    assert list((await pager).items) == walked[:60]
    assert await pager.first() == walked[0]
    assert await cluster.restore_jobs(limit=75, items_per_page=60).collect() == walked[:75]
    with pytest.raises(NotUnique):
        await pager.one()


async def test_items_of_a_page_are_the_same_on_every_access(cluster):
    page = await cluster.restore_jobs()

    assert type(page.items) is tuple
    assert page.items[3] is page.items[3]
    assert not isinstance(page.items, DecodedItems)


async def test_jobs_know_their_place_and_their_document(cluster):
    async for job in cluster.restore_jobs(limit=20):
        single = await cluster.restore_job(job.id)
        assert (job.id, job.ref, job.created) == (single.id, single.ref, single.created)
        assert job == load_job(OPS_MANAGER, job.raw)


async def test_a_batch_is_found_by_its_id(cluster):
    job = await cluster.restore_jobs().first()
    found = await cluster.restore_jobs(batch_id=job.batch_id).collect()

    assert job.id in {one.id for one in found}
    assert {one.batch_id for one in found} == {job.batch_id}


async def test_neighbours_are_read_the_same_way(cluster):
    snapshots = await cluster.snapshots().collect()

    assert snapshots
    assert all(snapshot.raw["id"] == snapshot.id for snapshot in snapshots)


async def test_a_fleet_finds_everything(road, emulate, connect):
    async with (
        emulate(jobs_per_cluster=30, projects=3, clusters_per_project=3) as emulator,
        connect(emulator) as session,
    ):
        async with Fleet(session, OPS_MANAGER).restore_jobs(concurrency=4) as stream:
            found = {one.job.ref async for one in stream}
        assert not stream.failures
    assert len(found) >= 3 * 30
