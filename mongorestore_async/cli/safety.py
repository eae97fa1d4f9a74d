"""What stands between a create and the data it would overwrite: the options, and the checks that need no server."""

import sys
from typing import Annotated

import attrs
from cyclopts import Group, Parameter

from mongorestore_async.cli.place import Place
from mongorestore_async.errors import ConfigError, ProtectedTarget
from mongorestore_async.models import AutomatedRestore, HttpRestore, RestoreGuard, Target

__all__ = ["Safety"]

_SAFETY = Group("Safety", sort_key=4)


def _protected(text: str) -> Target:
    project, slash, cluster = text.partition("/")
    if not (project and slash and cluster) or "/" in cluster:
        raise ConfigError(f"--protect takes PROJECT/CLUSTER, or PROJECT/* for all clusters of a project, not {text!r}")
    return Target(project, cluster)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Safety:
    """Options of ``create`` that send less than they could."""

    yes: Annotated[
        bool,
        Parameter(
            name=("--yes", "--force", "-y"),
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Do not ask before the data of the target are removed.",
        ),
    ] = False
    dry_run: Annotated[
        bool, Parameter(negative=(), show_default=False, group=_SAFETY, help="Print what would be sent, send nothing.")
    ] = False
    precheck: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Look at the snapshot and the target first: versions, topology, whether the backup is complete.",
        ),
    ] = False
    ensure: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Start nothing if the same restore is running already; that one is shown.",
        ),
    ] = False
    protect: Annotated[
        tuple[str, ...],
        Parameter(
            env_var="MONGORESTORE_PROTECTED",
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Refuse to overwrite this cluster, as PROJECT/CLUSTER, or PROJECT/* for a project; may be repeated.",
        ),
    ] = ()
    overwrite_source: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            group=_SAFETY,
            help="Allow the target to be the cluster that the backup comes from.",
        ),
    ] = False

    @property
    def guard(self) -> RestoreGuard:
        """What the session refuses.

        Raises:
            ConfigError: What is to be protected is written in another form.

        """
        return RestoreGuard(tuple(map(_protected, self.protect)), protect_source=not self.overwrite_source)

    def check(self, place: Place, request: HttpRestore | AutomatedRestore) -> AutomatedRestore | None:
        """See whether a request may be sent, and give it back if somebody has to be asked first.

        Args:
            place: Where the data come from.
            request: What is asked for.

        Raises:
            ProtectedTarget: The target must not be overwritten.
            ConfigError: There is nobody to ask.

        """
        guard = self.guard
        if not isinstance(request, AutomatedRestore):
            return None
        own = Target(place.project_id, place.cluster_id or place.host_id or "")
        where = f"cluster {request.target.cluster} of project {request.target.project_id}"
        if (reason := guard.refusal(own, request.target)) is not None:
            advice = " (--overwrite-source allows it)" if own == request.target and guard.protect_source else ""
            raise ProtectedTarget(f"the restore would overwrite {where}, and {reason}{advice}")
        if self.yes:
            return None
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfigError(f"this removes all data of {where}, and there is no terminal to ask on: pass --yes")
        return request
