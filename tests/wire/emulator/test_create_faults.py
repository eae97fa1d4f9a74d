"""Creates that are answered 500 although they were taken, or were not: what the emulator plays, and what we tell."""

from __future__ import annotations

import pytest

from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    FAMILIES,
    AutomatedRestore,
    CollectionRestore,
    HttpRestore,
    MaybeCreated,
    Options,
    Snapshot,
    Verdict,
    WriteStrategy,
)
from mongorestore_async.emulator import CreateFault, EmulatorSettings, ServerState
from mongorestore_async.errors import ConfigError

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(deprecated|retired|switched off):DeprecationWarning", "ignore:the server says:DeprecationWarning"
)

KINDS = {
    "ops-manager": "replica-set",
    "atlas-cloud-backup": "cloud-backup",
    "atlas-cloud-backup-v1": "cloud-backup",
    "atlas-legacy": "legacy",
    "atlas-tenant": "tenant",
    "atlas-flex": "flex",
    "atlas-serverless": "serverless",
}


def body_of(atlas):
    return {"deliveryType": "download", "snapshotId": atlas.snapshot}


async def test_creates_fail_one_after_the_other_as_they_were_told(call_atlas):
    async with call_atlas("cloud", jobs_per_cluster=0) as atlas:
        atlas.emulator.fail_next_creates("taken", "not-taken")
        seen = []
        for _ in range(3):
            response = await atlas.post(body_of(atlas))
            counts, jobs = atlas.emulator.counts, atlas.emulator.world.jobs.count(atlas.cluster)
            seen.append((response.status, counts.creates_received, counts.creates_taken, jobs))
            if response.status == 500:
                assert response.document["errorCode"] == response.headers["X-Error-Code"] == "UNEXPECTED_ERROR"
                assert (response.document["error"], response.document["parameters"]) == (500, [])

    assert seen == [(500, 1, 1, 1), (500, 2, 1, 1), (200, 3, 2, 2)]


@pytest.mark.parametrize("family", ["cloud-v1", "legacy", "legacy-v1", "tenant", "flex", "serverless", "serverless-v1"])
@pytest.mark.parametrize(("word", "made"), [("taken", 1), ("not-taken", 0)])
async def test_creates_of_every_family_can_fail(call_atlas, family, word, made):
    async with call_atlas(family, jobs_per_cluster=0, create_faults=[word]) as atlas:
        target = {"targetClusterName": atlas.cluster.name, "targetGroupId": atlas.cluster.project_id}
        item = {"targetDeploymentItemName": atlas.cluster.name, "targetProjectId": atlas.cluster.project_id}
        body = {"snapshotId": atlas.snapshot}
        body |= {
            "legacy": {"delivery": {"methodName": "HTTP"}},
            "tenant": item,
            "flex": item,
        }.get(family.removesuffix("-v1"), {"deliveryType": "automated", **target})
        response = await atlas.post(body)

        assert (response.status, response.document["errorCode"]) == (500, "UNEXPECTED_ERROR")
        assert (await atlas.get())["totalCount"] == made


async def test_a_create_that_is_refused_takes_no_word(call_atlas):
    async with call_atlas("cloud", create_faults=["not-taken"]) as atlas:
        assert await atlas.refused("POST", body={}) == (400, "MISSING_ATTRIBUTE")
        assert (await atlas.post(body_of(atlas))).status == 500
        assert (await atlas.post(body_of(atlas))).status == 200


async def test_words_that_are_left_are_forgotten(call_atlas):
    async with call_atlas("cloud", create_faults=["taken", "taken"]) as atlas:
        atlas.emulator.fail_next_creates()
        assert (await atlas.post(body_of(atlas))).status == 200


async def test_either_of_the_two_is_chosen_by_the_seed(call_atlas):
    async def play():
        async with call_atlas("cloud", jobs_per_cluster=0, create_faults=["either"] * 12) as atlas:
            seen = []
            for _ in range(12):
                assert (await atlas.post(body_of(atlas))).status == 500
                seen.append(atlas.emulator.world.jobs.count(atlas.cluster))
            return seen

    first = await play()
    assert first == await play()
    assert 0 < first[-1] < 12


@pytest.mark.parametrize("words", [("lost",), ("taken", "TAKEN"), ("",)])
def test_a_word_that_is_none_of_these_is_refused(words):
    with pytest.raises(ConfigError, match="taken, not-taken, either"):
        ServerState().fail_next_creates(*words)
    with pytest.raises(ConfigError, match="no CreateFault; choose from taken, not-taken, either"):
        EmulatorSettings(create_faults=words)


@pytest.mark.parametrize("fault", [CreateFault.TAKEN, CreateFault.NOT_TAKEN])
async def test_a_500_on_a_collection_restore_is_uncertain_too(emulate, connect, fault):
    settings = {"projects": 1, "collection_restores_per_cluster": 0}
    async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests()) as session:
        place = emulator.world.first("cloud-backup")
        cluster = session.project(place.project_id, ATLAS_COLLECTION_RESTORE).cluster(place.name)
        snapshot = await cluster.snapshots().latest_restorable()
        database = (await cluster.snapshot_databases(snapshot.id)).items[0].name
        request = CollectionRestore(
            Snapshot(snapshot.id),
            await cluster.restore_target(),
            write=WriteStrategy.CREATE_NEW,
            databases=[database],
        )
        emulator.fail_next_creates(fault)
        with pytest.raises(MaybeCreated, match="UNEXPECTED_ERROR") as caught:
            await cluster.create_restore_job(request)
        found = await caught.value.reconcile()
        jobs = emulator.world.collection_restores.of(place)

    if fault is CreateFault.TAKEN:
        assert (found.verdict, [job.id for job in found.batch]) == (Verdict.TAKEN, [job.id for job in jobs])
    else:
        assert (found.verdict, jobs) == (Verdict.CANNOT_TELL, [])


@pytest.mark.parametrize("automated", [True, False], ids=["automated", "download"])
@pytest.mark.parametrize("fault", [CreateFault.TAKEN, CreateFault.NOT_TAKEN])
@pytest.mark.parametrize("family", KINDS)
async def test_a_500_on_a_create_is_uncertain_and_the_list_tells(emulate, connect, family, fault, automated):
    if family == "atlas-serverless" and not automated:
        pytest.skip("serverless instances have no downloads")
    options = Options.for_tests()
    async with emulate(projects=1) as emulator, connect(emulator, options=options) as session:
        place, known = emulator.world.first(KINDS[family]), FAMILIES[family]
        cluster = session.project(place.project_id, known).cluster(getattr(place, known.cluster_key))
        snapshot = await cluster.snapshots().latest_restorable()
        request = HttpRestore.on_server_terms(snapshot.id)
        if automated:
            request = AutomatedRestore(Snapshot(snapshot.id), await cluster.restore_target())
        emulator.fail_next_creates(fault)

        with pytest.raises(MaybeCreated, match="UNEXPECTED_ERROR") as caught:
            await cluster.create_restore_job(request)
        found = await caught.value.reconcile()

        assert emulator.counts.creates_received == 1
        if fault is CreateFault.TAKEN:
            (candidate,) = found.candidates
            assert (found.verdict, found.batch.jobs) == (Verdict.TAKEN, (candidate,))
            assert candidate.id == emulator.world.jobs.at(place, 0).id
        else:
            # The server may take it yet: only a request that was never processed is surely not taken.
            assert (found.verdict, found.candidates, found.batch) == (Verdict.CANNOT_TELL, (), None)
