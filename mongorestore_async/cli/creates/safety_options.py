"""Options of creates that say what is checked, or asked for, before one is sent."""

import sys
from typing import Annotated

import attrs
from cyclopts import Group, Parameter

from mongorestore_async.cli.cluster_options import ClusterOptions
from mongorestore_async.cli.creates.overwrite_prompt import OverwritingRestore
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import (
    AutomatedRestore,
    HttpRestore,
    RestoreGuard,
    RestoreRequest,
    Target,
    overwritten_by,
)

__all__ = ["SafetyOptions"]

_SAFETY = Group("Safety", sort_key=4)
_FLAG = Parameter(negative=(), show_default=False, group=_SAFETY)


def _protected(text: str) -> Target:
    project, slash, cluster = text.partition("/")
    if not (project and slash and cluster) or "/" in cluster:
        raise ConfigError(f"--protect takes PROJECT/CLUSTER, or PROJECT/* for all clusters of a project, not {text!r}")
    return Target(project, cluster)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SafetyOptions:
    """What is checked, or asked for, before a create is sent."""

    yes: Annotated[
        bool,
        _FLAG,
        Parameter(
            name=("--yes", "--force", "-y"),
            help="Do not ask before data are overwritten.",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        _FLAG,
        Parameter(help="Print the request; do not send it."),
    ] = False
    precheck: Annotated[
        bool,
        _FLAG,
        Parameter(help="Check the snapshot and the target first."),
    ] = False
    ensure: Annotated[
        bool,
        _FLAG,
        Parameter(help="If the same restore already runs, start no other."),
    ] = False
    protect: Annotated[
        tuple[str, ...],
        _FLAG,
        Parameter(
            env_var="MONGORESTORE_PROTECTED",
            metavar="CLUSTER",
            help="PROJECT/CLUSTER or PROJECT/* to protect; may be repeated.",
        ),
    ] = ()
    overwrite_source: Annotated[
        bool,
        _FLAG,
        Parameter(help="Allow to overwrite the cluster of the backup."),
    ] = False

    @property
    def guard(self) -> RestoreGuard:
        """The clusters that the session must not overwrite.

        Raises:
            ConfigError: A protected cluster is not written as documented.

        """
        return RestoreGuard(tuple(map(_protected, self.protect)), protect_source=not self.overwrite_source)

    def check(self, cluster: ClusterOptions, request: RestoreRequest) -> OverwritingRestore | None:
        """Check whether a request may be sent; returns it if it has to be confirmed first.

        Args:
            cluster: Where the data come from.
            request: What is asked for.

        Raises:
            ProtectedTarget: The target must not be overwritten.
            ConfigError: A confirmation is needed, and there is no terminal.

        """
        guard = self.guard  # a bad --protect is told for a download as well
        target = overwritten_by(request)
        if target is None or isinstance(request, HttpRestore):
            return None
        guard.check(Target(cluster.project_id, cluster.cluster_id or cluster.host_id or ""), target)
        if self.yes:
            return None
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            what = "removes all data" if isinstance(request, AutomatedRestore) else "drops collections"
            raise ConfigError(
                f"this {what} of cluster {target.cluster} of project {target.project_id}, and there is no"
                f" terminal to ask for confirmation: pass --yes"
            )
        return request
