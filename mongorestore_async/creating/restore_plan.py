"""Before a create: what would be sent, why it would fail, and whether it is running already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.codec.request_bodies import create_path, encode_request
from mongorestore_async.creating.guard import refuse_aliases
from mongorestore_async.creating.precheck_reader import read_evidence
from mongorestore_async.creating.prechecks import check_restore
from mongorestore_async.errors import (
    ConfigError,
    Finding,
    Hint,
    HintKind,
    NotRestorable,
    ProtectedTarget,
    Rule,
)
from mongorestore_async.models import HttpRestore, Target, overwritten_by
from mongorestore_async.protocol.urls import build_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.models import RestoreRequest
    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["RestorePlan", "plan_restore", "refuse_protected", "require_restorable"]


@attrs.frozen(kw_only=True)
class RestorePlan:
    """What a create would do; see :meth:`ClusterBase.dry_run`.

    Attributes:
        method: HTTP verb.
        url: Where it would be sent to; holds no secrets.
        body: JSON value that would be sent.
        target: Cluster whose data would be replaced, None for a download and for a restore that only adds.
        findings: Reasons why it would fail; those of the pre-check only if requested.

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
    source: JobSource[Any],
    names: Mapping[str, str],
    request: RestoreRequest,
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
        precheck: Whether to check the snapshot and the target.
        overwrite: The target, if its being overwritten is confirmed.

    Raises:
        ConfigError: As the create would, except that a protected target is a finding.

    """
    body = encode_request(source.family, request, now=view.now())
    path = source.family.api_path + create_path(source.family, request)
    findings: tuple[Finding, ...] = ()
    try:
        refuse_protected(view, source, request, overwrite)
        if precheck and overwrite is None:
            await refuse_aliases(view, source, request)
    except ProtectedTarget as error:
        findings = (Finding(Rule.GUARD, error.problem, hint=error.hint),)
    if precheck:
        findings += check_restore(source.family, request, await read_evidence(view, source, request))
    return RestorePlan(
        method="POST",
        url=str(build_url(view.transport.base_url, path, query=None, **names)),
        body=body,
        target=overwritten_by(request),
        findings=findings,
    )


def refuse_protected(
    view: SessionView,
    source: JobSource[Any],
    request: RestoreRequest,
    overwrite: Target | None,
) -> None:
    """Ask the guard of the session, if it has one.

    Raises:
        ProtectedTarget: The target is protected and not named in ``overwrite``, or another one is named there.
        ConfigError: ``overwrite`` is no target, or stands beside a request that overwrites nothing.

    """
    if overwrite is not None and not isinstance(overwrite, Target):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"overwrite must be the Target of the request, not {type(overwrite).__name__}")
    target = overwritten_by(request)
    if target is None:
        if overwrite is not None:
            what = "a download" if isinstance(request, HttpRestore) else "a restore with WriteStrategy.CREATE_NEW"
            raise ConfigError(
                f"{what} does not overwrite a cluster:", hint=Hint(HintKind.LEAVE_OUT, {"argument": "overwrite"})
            )
        return
    if overwrite is not None and overwrite != target:
        raise ProtectedTarget(
            f"the restore goes into cluster {target.cluster} of project {target.project_id}, overwrite"
            f" names cluster {overwrite.cluster} of project {overwrite.project_id}: name the one that may be"
            f" overwritten in both, or leave overwrite out"
        )
    guard = view.options.guard
    if guard is not None and overwrite is None:
        # A config server takes no automated restore, so the source is a cluster.
        guard.check(Target(source.project, str(source.ref("-").cluster)), target)


async def require_restorable(view: SessionView, source: JobSource[Any], request: RestoreRequest) -> None:
    """Check the snapshot and the target, and refuse what the server would refuse.

    Raises:
        NotRestorable: With all fatal findings.

    """
    found = check_restore(source.family, request, await read_evidence(view, source, request))
    fatal = tuple(finding for finding in found if finding.fatal)
    if fatal:
        told = "; ".join(finding.words for finding in fatal)
        raise NotRestorable(f"nothing was started: the pre-check failed: {told}", findings=fatal)
