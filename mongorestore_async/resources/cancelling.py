"""Cancelling a job, and what a lost answer to that means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ApiError, Forbidden, RestoreError, Unsupported
from mongorestore_async.models import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["cancel_job"]


async def cancel_job(view: SessionView, source: JobSource[Any], names: Mapping[str, str], job_id: str) -> None:
    """Cancel a restore job; see :meth:`ClusterBase.cancel_restore_job`.

    Args:
        view: What to call the API with.
        source: The place the job belongs to.
        names: Names of that place for a path.
        job_id: Id of the job.

    Raises:
        Unsupported: The family has no such verb.
        RestoreError: It was not cancelled, or nobody can tell.

    """
    family = source.family
    if family.cancel_path is None:
        raise Unsupported(f"restore job {job_id!r} cannot be cancelled: {family.title} does not support it")
    try:
        await view.call("DELETE", family.cancel_path, family=family, names={**names, "job": job_id})
    except ApiError as error:
        if not (error.request is not None and error.request.in_doubt and await _is_cancelled(source, job_id, error)):
            raise


async def _is_cancelled(source: JobSource[Any], job_id: str, error: ApiError) -> bool:
    """Whether an earlier try of a cancel had its effect although its answer was lost."""
    if error.transient or isinstance(error, Forbidden):
        return False  # the 404 of a gateway among them: the job may be there
    if error.status == 404:  # noqa: PLR2004
        return True
    try:
        return (await source.restore_job(job_id)).state is JobState.CANCELLED
    except RestoreError:
        return False
