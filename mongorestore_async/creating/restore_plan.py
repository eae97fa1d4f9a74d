"""Before a create: what would be sent, what stands against it, and whether it runs already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.codec.request_bodies import create_path, encode_request
from mongorestore_async.creating.precheck_facts import Evidence
from mongorestore_async.creating.prechecks import Finding, Rule, check_restore
from mongorestore_async.creating.running_restores import find_running
from mongorestore_async.errors import (
    BadRequest,
    ConfigError,
    Hint,
    HintKind,
    NotFound,
    NotRestorable,
    NotUnique,
    ProtectedTarget,
)
from mongorestore_async.errors.api import NO_BACKUP
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    ClusterSnapshot,
    ClusterSummary,
    HttpRestore,
    JobT,
    Snapshot,
    SnapshotDocument,
    Target,
)
from mongorestore_async.protocol.urls import build_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.resources.cluster import Cluster
    from mongorestore_async.resources.cluster_base import ClusterBase
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["RestorePlan", "plan_restore", "refuse_protected", "require_restorable", "running_restore"]

#: Snapshots looked at for versions and topology.
_LOOKED_AT = 100


@attrs.frozen(kw_only=True)
class RestorePlan:
    """What a create would do; see :meth:`ClusterBase.dry_run`.

    Attributes:
        method: HTTP verb.
        url: Where it would be sent to; holds no secrets.
        body: JSON value that would be sent.
        target: Cluster whose data would be replaced, None for a download.
        findings: What stands against it; of the pre-check only if that was asked for.

    """

    method: str
    url: str
    body: Mapping[str, Any] = attrs.field(hash=False)
    target: Target | None
    findings: tuple[Finding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether one of the findings is fatal."""
        return any(finding.fatal for finding in self.findings)


async def plan_restore(
    view: SessionView,
    source: ClusterBase[Any],
    names: Mapping[str, str],
    request: HttpRestore | AutomatedRestore,
    *,
    precheck: bool,
    overwrite: Target | None,
) -> RestorePlan:
    """Put together what a create would send; only a pre-check reads something for it.

    Args:
        view: What to call the API with.
        source: The cluster or config server the data come from.
        names: Its identifiers for the path.
        request: What would be asked for.
        precheck: Whether to look at the snapshot and the target.
        overwrite: The target, if its being overwritten is confirmed.

    Raises:
        ConfigError: As the create would, except that a protected target is a finding.

    """
    body = encode_request(source.family, request, now=view.now())
    path = source.family.api_path + create_path(source.family, request)
    findings: tuple[Finding, ...] = ()
    try:
        refuse_protected(view, source, request, overwrite)
    except ProtectedTarget as error:
        findings = (Finding(Rule.GUARD, error.problem, hint=error.hint),)
    if precheck:
        findings += check_restore(source.family, request, await _read_evidence(view, source, request))
    return RestorePlan(
        method="POST",
        url=str(build_url(view.transport.base_url, path, query=None, **names)),
        body=body,
        target=request.target if isinstance(request, AutomatedRestore) else None,
        findings=findings,
    )


def refuse_protected(
    view: SessionView,
    source: ClusterBase[Any],
    request: HttpRestore | AutomatedRestore,
    overwrite: Target | None,
) -> None:
    """Ask the guard of the session, if it has one.

    Raises:
        ProtectedTarget: The target is protected and not named in ``overwrite``, or another one is named there.
        ConfigError: ``overwrite`` is no target, or stands beside a download.

    """
    if overwrite is not None and not isinstance(overwrite, Target):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"overwrite is the Target of the request, not {type(overwrite).__name__}")
    if isinstance(request, HttpRestore):
        if overwrite is not None:
            raise ConfigError(
                "a download overwrites nothing:", hint=Hint(HintKind.LEAVE_OUT, {"argument": "overwrite"})
            )
        return
    target = request.target
    where = f"cluster {target.cluster} of project {target.project_id}"
    if overwrite is not None:
        if overwrite != target:
            raise ProtectedTarget(
                f"the restore goes into {where}, overwrite names cluster {overwrite.cluster} of project"
                f" {overwrite.project_id}: name the one that may be overwritten in both, or leave overwrite out"
            )
        return
    guard = view.options.guard
    # A config server takes no automated restore.
    own = Target(source.project, cast("Cluster[Any]", source).cluster)
    reason = None if guard is None else guard.refusal(own, target)
    if reason is not None:
        raise ProtectedTarget(
            f"the restore would overwrite {where}, and {reason}:",
            hint=Hint(
                HintKind.CONFIRM_OVERWRITE,
                {"project_id": target.project_id, "cluster": target.cluster, "is_source": own == target},
            ),
        )


async def require_restorable(
    view: SessionView, source: ClusterBase[Any], request: HttpRestore | AutomatedRestore
) -> None:
    """Look at the snapshot and the target, and refuse what the server would refuse.

    Raises:
        NotRestorable: With all fatal findings.

    """
    found = check_restore(source.family, request, await _read_evidence(view, source, request))
    fatal = tuple(finding for finding in found if finding.fatal)
    if fatal:
        told = "; ".join(finding.words for finding in fatal)
        raise NotRestorable(f"nothing was started, the pre-check says no: {told}", findings=fatal)


def running_restore(
    family: Family[JobT], request: HttpRestore | AutomatedRestore, jobs: Iterable[JobT]
) -> tuple[JobT, ...] | None:
    """Choose the jobs of the restore that is under way already; None when a new one can be started.

    A download that may be the same does no harm to start again. A restore into a cluster does.

    Raises:
        NotUnique: Jobs are under way that may be this restore, or several that are.

    """
    found = find_running(family, request, jobs)
    if isinstance(request, HttpRestore):
        return found.restores[0] if found.restores else None
    if len(found.restores) == 1:
        return found.restores[0]
    doubtful = [job for restore in found.restores for job in restore] or found.unsure
    if not doubtful:
        return None
    named = ", ".join(str(job.ref or job.id) for job in doubtful)
    what = "are this restore, several times" if found.restores else "may be this restore and tell too little to know"
    raise NotUnique(f"nothing was started: jobs under way {what} ({named}).", hint=Hint(HintKind.WAIT_FOR_RUNNING))


async def _read_evidence(
    view: SessionView, source: ClusterBase[Any], request: HttpRestore | AutomatedRestore
) -> Evidence:
    now = view.now()
    if isinstance(request, HttpRestore):
        return Evidence(now=now, snapshot=await _snapshot(source, request.snapshot_id))
    family, wanted = source.family, request.source
    # A config server takes no automated restore.
    cluster = cast("Cluster[Any]", source)
    known: dict[str, Any] = {}
    if isinstance(wanted, Snapshot):
        known["snapshot"] = await _snapshot(source, wanted.id)
    else:
        summary = await _find_cluster(view, family, Target(source.project, cluster.cluster))
        known |= {"source": summary, "source_snapshots": await _some_snapshots(source, summary)}
        if isinstance(wanted, Checkpoint):
            known["checkpoint"] = await cluster.checkpoint(wanted.id)
        elif family.ranges_path is not None:
            known["ranges"] = await cluster.restorable_time_ranges()
    target = await _find_cluster(view, family, request.target)
    if target is not None:
        other = type(cluster)(view, family, request.target.project_id, request.target.cluster)
        known["target_snapshots"] = await _snapshots_of_target(other, target)
    return Evidence(now=now, target_read=True, target=target, **known)


async def _snapshot(source: ClusterBase[Any], snapshot_id: str) -> SnapshotDocument:
    try:
        return await source.snapshot(snapshot_id)
    except NotFound:
        # Those of a sharded cluster may stand elsewhere, and the id does not tell.
        if source.family.sharded_snapshot_path is None:
            raise
    return await source.snapshot(snapshot_id, sharded=True)


async def _find_cluster(view: SessionView, family: Family[Any], wanted: Target) -> ClusterSummary | None:
    clusters = documents_of(
        view,
        family,
        family.clusters_path,
        ClusterSummary,
        lambda found: found.id,
        {"project": wanted.project_id},
    )
    async for found in Pager(clusters, ListQuery()):
        if wanted.cluster == (found.id if family.cluster_key == "id" else found.name):
            return found
    return None


async def _some_snapshots(place: ClusterBase[Any], cluster: ClusterSummary | None) -> tuple[SnapshotDocument, ...]:
    sharded = "SHARDED" in ((cluster and cluster.type_name) or "").upper()
    pager = place.snapshots(
        sharded=sharded and place.family.sharded_snapshots_path is not None,
        completed="all" if place.family.snapshot_type is ClusterSnapshot else None,
        limit=_LOOKED_AT,
    )
    return tuple(await pager.collect())


async def _snapshots_of_target(place: ClusterBase[Any], cluster: ClusterSummary) -> tuple[SnapshotDocument, ...] | None:
    try:
        return await _some_snapshots(place, cluster)
    except (BadRequest, NotFound) as error:
        # A cluster of another kind, such as a dedicated one that a flex cluster is restored into, has them elsewhere.
        return () if error.error_code in NO_BACKUP else None
