"""The operator that fetches archives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.airflow.operator_base import RestoreOperator
from mongorestore_async.airflow.trigger_texts import read_job_texts

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow.sdk import Context

    from mongorestore_async.downloading.download_types import DownloadedFile
    from mongorestore_async.resources import AsyncSession

__all__ = ["DownloadArchiveOperator"]


class DownloadArchiveOperator(RestoreOperator):
    """Fetches the archives of restore jobs into a folder, checks them, and tells of each its path, size and hash.

    A further try goes on where the last one broke off, if it sees the same folder.

    Args:
        jobs: References of jobs that are ready for download, templated: text, or a list of text.
        directory: The folder, templated.
        concurrency: Archives at once.
        check_gzip: As for :meth:`RestoreBatch.download`.
        overwrite: As for :meth:`RestoreBatch.download`.
        kwargs: ``conn_id``, and the arguments of every operator.

    """

    template_fields: Collection[str] = ("conn_id", "jobs", "directory")

    def __init__(
        self,
        *,
        jobs: Any,
        directory: str,
        concurrency: int = 2,
        check_gzip: bool = False,
        overwrite: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.jobs = jobs
        self.directory = directory
        self.concurrency = concurrency
        self.check_gzip = check_gzip
        self.overwrite = overwrite

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fetch them.

        Raises:
            AirflowFailException: An error that a further try would meet again.
            RestoreError: Any other error; what was received is kept.

        """

        async def work(session: AsyncSession) -> list[dict[str, Any]]:
            jobs = read_job_texts(self.jobs)
            if not jobs:
                return []
            batch = await session.batch(jobs)
            files = await batch.download(
                self.directory,
                concurrency=self.concurrency,
                check_gzip=self.check_gzip,
                overwrite=self.overwrite,
            )
            return [_told(file) for file in files]

        found = self.with_session(work)
        self.offer_link(context, [each["job"] for each in found if each["job"]])
        return found


def _told(file: DownloadedFile) -> dict[str, Any]:
    return {
        "job": None if file.ref is None else str(file.ref),
        "path": str(file.path),
        "size": file.size,
        "sha1": file.sha1,
        "verification": str(file.verification),
        "reason": file.reason,
    }
