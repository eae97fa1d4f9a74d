"""A snapshot of any family in the same few columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.cli.rows import moment, short, some
from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.sheets import Sheet
from mongorestore_async.cli.tables import Column
from mongorestore_async.cli.units import size
from mongorestore_async.models import CloudBackupSnapshot, ClusterSnapshot, TenantSnapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.models import SnapshotDocument

__all__ = ["SnapshotRow", "snapshot_sheet"]


@attrs.frozen(kw_only=True)
class SnapshotRow:
    """What a table and a CSV file show of a snapshot: text, empty where the API does not tell.

    Attributes:
        id: Snapshot id.
        restorable: ``yes``, or ``no``.
        obstacles: What stands against restoring it, in words.
        taken: When the data were current, UTC, ISO 8601, as all dates.
        expires: When it is deleted; empty when it is kept for ever.
        kind: ``sharded cluster`` or ``replica set``.
        version: Version of the server, or else its feature compatibility version.
        bytes: Size on disk; of a cluster's parts together.

    """

    id: str
    restorable: str
    obstacles: str = ""
    taken: str = ""
    expires: str = ""
    kind: str = ""
    version: str = ""
    bytes: str = ""

    @classmethod
    def of(cls, snapshot: SnapshotDocument, now: datetime) -> SnapshotRow:
        """Reduce a snapshot of any family to a row.

        Args:
            snapshot: What the API sent.
            now: The present moment, by which it may have expired.

        """
        obstacles = snapshot.obstacles(now)
        version, stored = _version_and_size(snapshot)
        return cls(
            id=printable(snapshot.id),
            restorable="no" if obstacles else "yes",
            obstacles=printable(", ".join(obstacles)),
            taken=moment(snapshot.taken_at),
            expires=moment(snapshot.kept_until),
            kind={None: "", True: "sharded cluster", False: "replica set"}[snapshot.is_sharded],
            version=printable(version or ""),
            bytes="" if stored is None else str(stored),
        )


def snapshot_sheet() -> Sheet[SnapshotDocument, SnapshotRow]:
    """Snapshots as lists show them, judged by the present moment."""
    now = datetime.now(UTC)
    return Sheet(
        row_type=SnapshotRow,
        row=lambda snapshot: SnapshotRow.of(snapshot, now),
        document=lambda snapshot, redacted: snapshot.to_dict(redacted=redacted),
        columns=(
            Column("Snapshot", lambda row: row.id),
            Column("Restorable", lambda row: row.restorable, style=_style),
            Column("Data of", lambda row: short(row.taken), rank=1),
            Column("Obstacles", lambda row: row.obstacles, rank=2, style=lambda _: "yellow"),
            Column("Expires", lambda row: short(row.expires), rank=3),
            Column("Size", lambda row: size(int(row.bytes)) if row.bytes else "", rank=5, number=True),
            Column("Version", lambda row: row.version, rank=6),
            Column("Kind", lambda row: row.kind, rank=4),
        ),
        summary=_summary,
        nothing="no snapshots",
    )


def _version_and_size(snapshot: SnapshotDocument) -> tuple[str | None, int | None]:
    if isinstance(snapshot, ClusterSnapshot):
        sizes = [part.storage_size_bytes for part in snapshot.parts if part.storage_size_bytes is not None]
        versions = [part.mongod_version or part.fcv for part in snapshot.parts]
        return next(filter(None, versions), None), sum(sizes) if sizes else None
    if isinstance(snapshot, CloudBackupSnapshot):
        return snapshot.mongod_version, snapshot.storage_size_bytes
    return (snapshot.mongo_db_version, None) if isinstance(snapshot, TenantSnapshot) else (None, None)


def _style(row: SnapshotRow) -> str:
    return "green" if row.restorable == "yes" else "yellow"


def _summary(rows: Sequence[SnapshotRow]) -> str:
    restorable = sum(row.restorable == "yes" for row in rows)
    return f"{some(len(rows), 'snapshot')}, {restorable} of them restorable. Dates are UTC."
