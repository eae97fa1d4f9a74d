"""What restore jobs and snapshots belong to: its address, and the snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from mongorestore_async.errors import ConfigError, Hint, HintKind, Unsupported
from mongorestore_async.listing.arrays import documents_of, read_document
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.models import ClusterSnapshot, Document, JobRef, JobT, SnapshotDocument
from mongorestore_async.resources.snapshots import SnapshotPager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["Place"]

DocumentT = TypeVar("DocumentT", bound=Document)

_COMPLETED = ("true", "false", "all")


class Place(Generic[JobT]):
    """A cluster or a config server host of a project, and its snapshots.

    Attributes:
        family: The product family.
        project: Project id.

    """

    def __init__(self, view: SessionView, family: Family[JobT], project: str, place: Mapping[str, str]) -> None:
        self.family = family
        self.project = project
        self._view = view
        self._names = {"project": project, **place}

    def ref(self, job_id: str) -> JobRef:
        """Address of a job of this place, to be stored and used by another process; see :meth:`AsyncSession.batch`."""
        return JobRef(family=self.family.name, job=job_id, **self._names)

    def snapshots(
        self,
        *,
        sharded: bool = False,
        completed: str | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> SnapshotPager:
        """List the snapshots of this place ("Snapshots").

        Args:
            sharded: On Atlas cloud backup the snapshots of a sharded cluster are another list: whether to read it.
            completed: ``"true"`` (the server's default), ``"false"`` or ``"all"``; Ops Manager, Cloud Manager and
                Atlas legacy only.
            items_per_page: As for :meth:`restore_jobs`.
            limit: As for :meth:`restore_jobs`.
            query: Further query parameters, such as ``{"pointInTimeUtcSeconds": 1700000000}`` on Atlas v2.

        Raises:
            ConfigError: A value out of its range.
            Unsupported: ``sharded`` or ``completed`` for a family that has no such list or filter.

        """
        path = self._snapshot_path(self.family.sharded_snapshots_path if sharded else self.family.snapshots_path)
        filters: dict[str, str] = {}
        if completed is not None:
            if self.family.snapshot_type is not ClusterSnapshot:
                raise Unsupported(
                    f"{self.family.title} has no filter for complete snapshots",
                    hint=Hint(HintKind.LEAVE_OUT, {"argument": "completed"}),
                )
            if completed not in _COMPLETED:
                raise ConfigError(f"completed is one of {', '.join(_COMPLETED)} as text, not {completed!r}")
            filters["completed"] = completed
        source = documents_of(
            self._view, self.family, path, self.family.snapshot_type, lambda found: found.id, self._names
        )
        return SnapshotPager(
            source,
            ListQuery(
                items_per_page=items_per_page, limit=limit, filters=filters, extra={} if query is None else query
            ),
        )

    async def snapshot(self, snapshot_id: str, *, sharded: bool = False) -> SnapshotDocument:
        """Read one snapshot; ``sharded`` as for :meth:`snapshots`.

        Raises:
            NotFound: No such snapshot.
            Unsupported: ``sharded`` for a family that has no such list.

        """
        path = self._snapshot_path(self.family.sharded_snapshot_path if sharded else self.family.snapshot_path)
        return await self._read(path, self.family.snapshot_type, snapshot=snapshot_id)

    def _snapshot_path(self, path: str | None) -> str:
        if path is not None:
            return path
        if self.family.snapshots_path is None:
            raise Unsupported(f"{self.family.title} lists no snapshots here; use the family that they belong to")
        raise Unsupported(
            f"{self.family.title} has one list of snapshots only",
            hint=Hint(HintKind.LEAVE_OUT, {"argument": "sharded"}),
        )

    async def _read(self, path: str, model: type[DocumentT], **names: str) -> DocumentT:
        return await read_document(self._view, self.family, path, model, {**self._names, **names})
