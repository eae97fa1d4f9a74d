"""Whether a restore was created exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mongorestore_async.emulator import Cluster, CreateRecord, ServerState

__all__ = ["assert_created_once"]

#: Requests that a failure shows.
_SHOWN = 8


def assert_created_once(emulator: ServerState, target: Cluster | None = None) -> CreateRecord:
    """Check that exactly one create reached the server, whatever became of its answer.

    A create that was refused (4xx) started nothing and does not count; one that was answered 500 or whose answer was
    lost counts, for it may have been taken. A second one is what must never happen: an automated restore would replace
    the data of its target twice.

    Args:
        emulator: The emulator.
        target: The cluster, from ``emulator.world``: the target of automated restores, or the cluster whose snapshot is
            downloaded. None: creates for any cluster count.

    Returns:
        The create, with its request's number and the ids of its jobs.

    Raises:
        AssertionError: None or several reached it; says which, and what was asked instead.

    """
    __tracebackhide__ = True
    found = [create for create in emulator.creates if _counts(create) and _is_about(create, target)]
    if len(found) == 1:
        return found[0]
    raise AssertionError("\n".join(_explain(emulator, target, found)))


def _counts(create: CreateRecord) -> bool:
    return create.refused in {None, "UNEXPECTED_ERROR"}


def _is_about(create: CreateRecord, target: Cluster | None) -> bool:
    return target is None or target.id == (create.overwrites or create.source)


def _explain(emulator: ServerState, target: Cluster | None, found: list[CreateRecord]) -> list[str]:
    where = "" if target is None else f" for {target.kind} {target.name} ({target.id})"
    if found:
        lines = [f"{len(found)} creates reached the server{where}, expected exactly one:"]
        lines += [f"  {_line(create)}" for create in found]
        lines.append(
            "A create must not be sent again: it may have started a restore that replaces data. Catch MaybeCreated and "
            "ask its reconcile()."
        )
        return lines
    lines = [f"No create reached the server{where}, expected exactly one."]
    others = [create for create in emulator.creates if create not in found]
    if others:
        lines += ["Creates that were refused, or are for other clusters:", *(f"  {_line(create)}" for create in others)]
    records = emulator.requests[-_SHOWN:]
    lines += ["The last requests:", *(f"  {record}" for record in records)] if records else ["No request reached it."]
    return lines


def _line(create: CreateRecord) -> str:
    outcome = f"started {', '.join(create.jobs)}" if create.jobs else "started nothing"
    if create.refused:
        outcome = f"answered {create.refused}, {outcome}"
    return f"{create.request:4}  {create.method} {create.path} ({outcome})"
