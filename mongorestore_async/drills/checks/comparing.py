"""Whether the documents that a server counted are those that are known: of the plan, or of the last drill."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.drills.plan import DrillCluster
    from mongorestore_async.drills.results import DrillOutcome

__all__ = ["compare_counts", "is_known"]

#: How many differences are told.
_TOLD = 5


def is_known(entry: DrillCluster, last: DrillOutcome | None) -> bool:
    """Whether there is anything to compare with."""
    return bool(entry.namespaces) or (last is not None and bool(last.namespaces))


def compare_counts(
    entry: DrillCluster, counted: Mapping[str, int], last: DrillOutcome | None, snapshot: str | None
) -> str:
    """Say what is wrong with the counts; empty when nothing is.

    What the plan says holds. Without it the last drill is compared with: the same snapshot has the same documents; of
    another one each namespace must be there still, and have not lost more than the plan allows.

    Args:
        entry: The cluster in the plan.
        counted: Documents by namespace.
        last: What the last drill found for the cluster.
        snapshot: The snapshot that was restored.

    """
    if not counted:
        return "there are no databases"
    if entry.namespaces:
        wrong = _from_plan(entry, counted)
    elif last is not None and last.namespaces:
        wrong = _from_last(last.namespaces, counted, 0 if last.snapshot == snapshot else entry.may_shrink_percent)
        if last.snapshot == snapshot:
            wrong = [
                f"{name} has {counted[name]} documents, not {count} as in the last drill of this snapshot"
                for name, count in last.namespaces.items()
                if name in counted and counted[name] > count
            ] + wrong
    else:
        wrong = [] if any(counted.values()) else ["there are no documents"]
    more = f", and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
    return "; ".join(wrong[:_TOLD]) + more


def _from_plan(entry: DrillCluster, counted: Mapping[str, int]) -> list[str]:
    wrong = [
        f"{name} is missing" if name not in counted else f"{name} has {counted[name]} documents, not {count}"
        for name, count in entry.namespaces.items()
        if counted.get(name, -1) < count or (counted.get(name) != count and not entry.at_least)
    ]
    unknown = [] if entry.at_least else sorted(counted.keys() - entry.namespaces.keys())
    return wrong + [f"{name} is not in the plan" for name in unknown]


def _from_last(known: Mapping[str, int], counted: Mapping[str, int], percent: int) -> list[str]:
    return [
        f"{name} is missing, which the last drill found"
        if name not in counted
        else f"{name} has {counted[name]} documents, the last drill found {count}"
        for name, count in known.items()
        if counted.get(name, -1) * 100 < count * (100 - percent)
    ]
