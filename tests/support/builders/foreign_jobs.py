"""A kind of job that no rule of the library is made for."""

from __future__ import annotations

import attrs

from mongorestore_async.models import JobDocument, JobState

__all__ = ["ForeignJob"]


@attrs.frozen(kw_only=True)
class ForeignJob(JobDocument):
    """A job of a family that is to come, and answers nothing but its state."""

    state = JobState.RUNNING
    requested_at = finished_at = expires_at = target = downloadable = None
