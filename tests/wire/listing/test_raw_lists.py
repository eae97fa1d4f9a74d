"""Any list of an emulator as raw documents: the same documents as by the verbs, v1.0 and v2 alike."""

from __future__ import annotations

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    OPS_MANAGER,
    ApiError,
    NotFound,
    Options,
    RawDocument,
)

QUICK = Options.for_tests()


def plain(documents):
    return [document.to_dict(redacted=False) for document in documents]


@pytest.mark.parametrize("family", [OPS_MANAGER, ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP], ids=str)
async def test_a_list_of_jobs_is_the_same_by_both_ways(emulate, connect, family):
    kind = "replica-set" if family is OPS_MANAGER else "cloud-backup"
    async with emulate(jobs_per_cluster=12) as emulator, connect(emulator, options=QUICK) as session:
        found = emulator.world.first(kind)
        place = found.id if family is OPS_MANAGER else found.name
        jobs = await session.project(found.project_id, family).cluster(place).restore_jobs().collect()
        path = family.jobs_path.format(project=found.project_id, cluster=place)
        raw = await session.pages(path, family=family, items_per_page=5).collect(concurrency=2)

    assert len(raw) == 12
    assert all(isinstance(document, RawDocument) for document in raw)
    assert [document["id"] for document in raw] == [job.id for job in jobs]


async def test_a_version_reaches_the_server(emulate, connect):
    async with emulate() as emulator, connect(emulator, options=QUICK) as session:
        newer = session.pages("/groups", family=ATLAS_CLOUD_BACKUP, version="2025-03-12", headers={"X-A": "b"})
        page = await newer
        with pytest.raises(ApiError, match=r"HTTP 406 .*no version 2022-12-31 of .*; pass a version that"):
            await session.pages("/groups", family=ATLAS_CLOUD_BACKUP, version="2022-12-31").first()
        with pytest.raises(ApiError, match=r"HTTP 406 .*none of its versions was asked for; pass a family"):
            await session.request("GET", "/api/atlas/v2/groups")
        flex = emulator.world.first("cloud-backup").project_id
        with pytest.raises(ApiError, match=r"HTTP 406 .*cloud-backup asks for .*version='2025-03-12'"):
            await session.request("GET", f"/groups/{flex}/flexClusters", family=ATLAS_CLOUD_BACKUP)
        named = await session.request(
            "GET", f"/groups/{flex}/flexClusters", family=ATLAS_CLOUD_BACKUP, version="2024-11-13"
        )

    assert page.headers["Content-Type"].startswith("application/vnd.atlas.2023-01-01+json")
    assert named.headers["Content-Type"].startswith(ATLAS_FLEX.media_type)


async def test_an_unknown_list_is_not_found(emulate, connect):
    async with emulate() as emulator, connect(emulator, options=QUICK) as session:
        with pytest.raises(NotFound):
            await session.pages("/groups/none/alerts", family=OPS_MANAGER).first()
