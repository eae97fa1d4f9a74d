"""What errors carry: findings of a pre-check, and what is known about a create whose answer was lost."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

import attrs

from mongorestore_async.errors.hints import Hint, add_advice

__all__ = ["Finding", "OpenReconciliation", "Reconciliation", "Rule", "TakenReconciliation", "Verdict"]

JobT_co = TypeVar("JobT_co", covariant=True)


class Rule(StrEnum):
    """What a :class:`Finding` is about."""

    SNAPSHOT = "snapshot"
    """Only a snapshot that is complete, consistent and not expired can be restored."""
    LINK = "link"
    """The link of a download may not outlive its snapshot (``LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION``)."""
    TOPOLOGY = "topology"
    """A sharded cluster goes into a sharded cluster, and nothing else does."""
    CHECKPOINT = "checkpoint"
    """Checkpoints are of sharded clusters with feature compatibility version 4.0 or lower."""
    OPLOG = "oplog"
    """A sharded cluster has oplog and point-in-time restores from feature compatibility version 4.2 on."""
    TIME_RANGE = "time-range"
    """The moment has to lie in a restorable time range, where the family lists those."""
    VERSION = "version"
    """The target runs the release of the snapshot (``TENANT_RESTORE_VERSION_MISMATCH``), or a newer one."""
    TARGET = "target"
    """The target exists, is no part of a sharded cluster, and has its backup enabled."""
    RUNNING = "running"
    """No other restore into the target is running; :meth:`ClusterBase.ensure_restore` checks it, the pre-check only
    for restores of single collections, of which a cluster takes one at a time."""
    GUARD = "guard"
    """The session's guard protects the target."""


@attrs.frozen
class Finding:
    """A reason why a restore would fail, or may fail.

    Attributes:
        rule: What it is about.
        problem: What is wrong, and what to do where ``hint`` does not say it.
        fatal: Whether the restore would certainly be refused, or must not be; False is a warning.
        hint: What to do where that names parts of the Python interface, or None.

    """

    rule: Rule
    problem: str
    fatal: bool = True
    hint: Hint | None = None

    @property
    def words(self) -> str:
        """What is wrong and what to do."""
        return self.problem if self.hint is None else add_advice(self.problem, str(self.hint))


class Verdict(StrEnum):
    """What is known about a create whose answer was lost."""

    TAKEN = "taken"
    """Exactly one new restore fits the request in every field there is to compare."""
    NOT_TAKEN = "not taken"
    """The request certainly never reached the server."""
    CANNOT_TELL = "cannot tell"
    """No new restore fits (yet), or several do."""


@attrs.frozen(kw_only=True)
class Reconciliation(Generic[JobT_co]):
    """What :meth:`MaybeCreated.reconcile` found out: a :class:`TakenReconciliation` or an :class:`OpenReconciliation`.

    Type checkers know which of the two it is after ``if found.verdict is Verdict.TAKEN:``.

    Attributes:
        verdict: ``Verdict.TAKEN`` when exactly one new restore fits the request in every field there is to compare,
            ``Verdict.NOT_TAKEN`` when the request certainly never reached the server, ``Verdict.CANNOT_TELL``
            otherwise: a job may still show up, or another process may have started the same restore.
        batch: The restore that was taken, a :class:`RestoreBatch`, else None.
        candidates: All new jobs that fit the request.

    """

    verdict: Verdict
    batch: Any | None
    candidates: tuple[JobT_co, ...]


@attrs.frozen(kw_only=True)
class TakenReconciliation(Reconciliation[JobT_co]):
    """The create was taken, and its restore was found.

    Attributes:
        verdict: ``Verdict.TAKEN``.
        batch: The restore, a :class:`RestoreBatch`: wait for it or download it as if the create had been answered.
        candidates: Its jobs.

    """

    verdict: Literal[Verdict.TAKEN] = Verdict.TAKEN
    batch: Any


@attrs.frozen(kw_only=True)
class OpenReconciliation(Reconciliation[JobT_co]):
    """The create started nothing, or it cannot be told whether it did.

    Attributes:
        verdict: ``Verdict.NOT_TAKEN``: it can be sent again. ``Verdict.CANNOT_TELL``: reconcile again later.
        batch: None.
        candidates: All new jobs that fit the request; none where it was not taken.

    """

    verdict: Literal[Verdict.NOT_TAKEN, Verdict.CANNOT_TELL]
    batch: None = None
