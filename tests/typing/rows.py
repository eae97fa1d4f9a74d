"""How users take restore jobs as rows. Never executed: both checkers must agree with every line."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_type

from mongorestore_async import Found, JobRow, Page, Pager, RestoreBatch, RestoreJob, TenantRestoreJob
from mongorestore_async.arrow import job_table, record_batches, write_ipc, write_parquet

if TYPE_CHECKING:
    from mongorestore_async import FleetStream, JobDocument, ProjectSummary


async def jobs_become_rows(
    page: Page[RestoreJob],
    pager: Pager[RestoreJob],
    batch: RestoreBatch[TenantRestoreJob],
    stream: FleetStream[JobDocument],
    found: Found[RestoreJob],
) -> None:
    assert_type(page.to_rows(), list[JobRow])
    assert_type(batch.to_rows(), list[JobRow])
    assert_type(found.to_row(), JobRow)
    async for row in pager.to_rows():
        assert_type(row["requested_at"], datetime | None)
        assert_type(row["state"], str)
        row["created"]  # type: ignore[typeddict-item]
    assert_type([row async for row in stream.to_rows()], list[JobRow])
    assert_type(await write_parquet(stream.to_rows(), "jobs.parquet"), int)
    assert_type(await write_ipc(pager.to_rows(), "jobs.arrow"), int)
    async for batch_of_rows in record_batches(pager.to_rows()):
        print(batch_of_rows.num_rows)
    print(job_table(page.to_rows()))


async def other_lists_have_no_rows(page: Page[ProjectSummary], pager: Pager[ProjectSummary]) -> None:
    page.to_rows()  # type: ignore[misc]
    pager.to_rows()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - mypy does not see it
