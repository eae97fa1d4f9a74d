"""How long a fan-out will take: what its rate limits let pass, and how fast the server answered the discovery.

Every call falls under a limit, of the caller or of its project. A limit lets its capacity pass at once and then no more
than come back; the slowest one decides, for all are used at the same time. Where none holds the run back, the fastest
call of the discovery tells what a call takes, and so many are in flight at once.

The limits are those that the server tells, else those that the vendor documents, and those that the user chose. Only
where a limit of a project decides is that project asked for its own: each question is a call.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import RestoreError
from mongorestore_async.families import API_PATH
from mongorestore_async.resources.session import view_of
from mongorestore_async.transport.options import choose_limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mongorestore_async.families import Family, RateLimit
    from mongorestore_async.families.endpoint_set import EndpointSet
    from mongorestore_async.fleet.fleet_query import FleetQuery
    from mongorestore_async.fleet.fleet_run import FleetRun
    from mongorestore_async.resources import AsyncSession

__all__ = ["Forecast", "foretell", "seconds_for"]


@attrs.frozen
class Forecast:
    """What limits a run.

    Attributes:
        seconds: How long it takes at least.
        bound_by: The limit that decides, None where none does.
        documented: Whether that, or where none decides any limit, is only what is documented.

    """

    seconds: float = 0.0
    bound_by: RateLimit | None = None
    documented: bool = True


def seconds_for(limit: RateLimit, calls: int) -> float:
    """Say how long it takes until so many calls passed a limit that was not used before."""
    if limit.window:
        return (max(0, calls - 1) // limit.capacity) * limit.per_seconds
    return max(0, calls - limit.capacity) * limit.per_seconds / limit.refill


@attrs.frozen
class _Calls:
    """Calls of one kind.

    Attributes:
        path: Their path as the family has it.
        project: The project they are about, None for none.
        count: How many they are.

    """

    path: str
    project: str | None
    count: int


async def foretell(runs: Sequence[FleetRun], query: FleetQuery) -> Forecast:
    """Say how long fleets take to be read that were discovered in a dry run.

    Args:
        runs: Their discovery.
        query: What was asked of it.

    """
    told = {run: await _sets_of(run.session, run.family, None) for run in runs}
    first = _slowest(runs, query, told, {})
    own: dict[tuple[FleetRun, str], Sequence[EndpointSet]] = {}
    for run, project in first.projects:
        own[run, project] = await _sets_of(run.session, run.family, project)
    return (_slowest(runs, query, told, own) if own else first).forecast


@attrs.frozen
class _Found:
    forecast: Forecast
    projects: Sequence[tuple[FleetRun, str]]  # those whose limit holds the run back most, where it is a told one


async def _sets_of(session: AsyncSession, family: Family[Any], project: str | None) -> Sequence[EndpointSet]:
    """Ask for the limits of the server; nothing where it does not tell."""
    if family.api_path != API_PATH:
        return ()
    try:
        return [each async for each in session.rate_limits(project) if not each.documented]
    except RestoreError as error:
        if error.run_wide:
            raise
        return ()


def _slowest(
    runs: Sequence[FleetRun],
    query: FleetQuery,
    told: dict[FleetRun, Sequence[EndpointSet]],
    own: dict[tuple[FleetRun, str], Sequence[EndpointSet]],
) -> _Found:
    # Runs of one session share its limits.
    used: Counter[tuple[Any, RateLimit, str | None]] = Counter()
    from_server: set[RateLimit] = set()
    of_run: dict[tuple[Any, RateLimit, str | None], FleetRun] = {}
    pace = 0.0
    for run in runs:
        calls = [each for each in _calls_of(run) if each.count]
        if not calls:
            continue
        at_once = min(query.concurrency, run.session.options.max_in_flight)
        pace = max(pace, sum(each.count for each in calls) * run.discovery.fastest / at_once)
        for each in calls:
            sets = own.get((run, each.project or ""), told[run])
            for limit, is_told in _limits(run, each, sets):
                key = view_of(run.session).transport, limit, each.project if limit.scope == "project" else None
                used[key] += each.count
                of_run[key] = run
                if is_told:
                    from_server.add(limit)
    times = {key: seconds_for(key[1], count) for key, count in used.items()}
    slowest = max(times, key=lambda key: times[key], default=None)
    if slowest is None or times[slowest] <= pace:
        return _Found(Forecast(pace, None, documented=not any(told.values())), ())
    limit = slowest[1]
    held = [
        (of_run[key], key[2])
        for key, seconds in times.items()
        if key[2] is not None and key[1] in from_server and seconds > pace
    ]
    return _Found(Forecast(times[slowest], limit, documented=limit not in from_server), held)


def _calls_of(run: FleetRun) -> Iterator[_Calls]:
    """All calls that the run will make: of its discovery, then one for each cluster."""
    discovery, family = run.discovery, run.family
    yield _Calls(discovery.path, None, discovery.calls - discovery.listed)
    for project, clusters in run.planned.items():
        if discovery.listed:
            yield _Calls(family.clusters_path, project.id, 1)
        yield _Calls(family.jobs_path, project.id, len(clusters))


def _limits(run: FleetRun, calls: _Calls, sets: Iterable[EndpointSet]) -> Iterator[tuple[RateLimit, bool]]:
    """All limits that calls fall under, and whether the server told them."""
    rule = run.session.options.rate_limits
    told = next((each.rate_limit for each in sets if each.covers("GET", calls.path)), None)
    if told is not None and (told.scope == "caller" or calls.project is not None):
        yield told, True
    is_usual = rule is None or isinstance(rule, str)
    if told is None or not is_usual:
        chosen = choose_limit("documented" if is_usual else rule, run.family, calls.path, calls.project)
        if chosen is not None:
            yield chosen, False
