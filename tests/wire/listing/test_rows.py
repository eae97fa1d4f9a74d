"""Rows of restore jobs over a socket: one vocabulary for the jobs of every family, however they are listed."""

from __future__ import annotations

from datetime import UTC

import pytest

from mongorestore_async import OPS_MANAGER, Fleet, JobRef, JobRow, JobState

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NAMES = list(JobRow.__annotations__)


async def test_the_jobs_of_every_family_have_the_same_columns(place, emulate, connect):
    async with emulate(**place.settings) as emulator, connect(emulator) as session:
        pager = place.of(session, emulator).restore_jobs()
        jobs = await pager.collect()
        rows = [row async for row in pager.to_rows()]
        first = (await pager).to_rows()

    assert rows == [job.to_row() for job in jobs]
    assert rows[: len(first)] == first
    assert len(rows) in {1, 25}
    assert all(list(row) == NAMES for row in rows)
    assert {row["state"] for row in rows} <= set(JobState) - {JobState.UNKNOWN}
    moments = [row[name] for row in rows for name in NAMES if name.endswith(("_at", "_moment"))]
    assert {moment.tzinfo for moment in moments if moment is not None} == {UTC}
    assert [JobRef.parse(row["ref"]) for row in rows] == [job.ref for job in jobs]
    assert {row["family"] for row in rows} == {place.family}
    assert {(row["cluster_id"] or row["cluster_name"] or row["host_id"]) is None for row in rows} == {False}
    text = str(rows)
    assert all(word not in text for word in ("//", "pull", "Signature"))


async def test_the_rows_of_a_fleet_tell_where_each_job_was_found(emulate, connect):
    async with (
        emulate(projects=2, clusters_per_project=3, jobs_per_cluster=60) as emulator,
        connect(emulator) as session,
    ):
        async with Fleet(session, OPS_MANAGER, name="om").restore_jobs() as stream:
            first = await anext(stream)
            rows = [first.to_row(), *[row async for row in stream.to_rows()]]
        single = (
            await session.project(first.project.id, OPS_MANAGER).cluster(first.cluster.key).restore_job(first.job.id)
        )

    assert len({row["ref"] for row in rows}) == len(rows) == stream.progress.jobs
    assert all(list(row) == NAMES and row["cluster_name"] and row["project_name"] for row in rows)
    assert {row["fleet"] for row in rows} == {"om"}
    added = {name: value for name, value in rows[0].items() if single.to_row()[name] != value}
    assert added.keys() <= {"fleet", "project_name", "cluster_name"}
    assert "<td>360</td>" in stream._repr_html_()
    assert "om" in Fleet(session, OPS_MANAGER, name="om")._repr_html_()
    assert "project_name" in first._repr_html_()


async def test_pages_and_batches_show_little(emulate, connect, first_cluster):
    async with emulate(jobs_per_cluster=700) as emulator, connect(emulator) as session:
        cluster = first_cluster(session, emulator)
        pages = [page async for page in cluster.restore_jobs().pages()]
        projects = await session.projects(OPS_MANAGER)
        batch = await session.batch([job.ref for job in pages[0][:2]])

    assert [repr(page) for page in pages] == ["<Page 1: 500 of 700 items>", "<Page 2: 200 of 700 items>"]
    for shown in (pages[0]._repr_html_(), batch._repr_html_(), projects._repr_html_()):
        assert shown.startswith("<table>")
        assert len(shown) < 5000
        assert "//" not in shown
    assert "Page 1: 500 of 700 items: " in pages[0]._repr_html_()
    assert "ProjectSummary" in projects._repr_html_()
    assert batch.to_rows() == [job.to_row() for job in batch]
