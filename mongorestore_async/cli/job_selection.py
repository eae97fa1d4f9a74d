"""The jobs of a command: references, or options that name jobs."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Group, Parameter, Token

from mongorestore_async.cli.cluster_options import (
    CLUSTER,
    FAMILY,
    HOST,
    PROJECT,
    ClusterOptions,
)
from mongorestore_async.cli.console import program
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession
    from mongorestore_async.resources.cluster_base import ClusterBase

__all__ = ["JobRefs", "JobSelection", "job_command", "restore_source"]

_INSTEAD = Group("Instead of references", sort_key=1)


def _parse(_type: Any, tokens: Sequence[Token]) -> JobRef:
    return JobRef.parse(tokens[0].value)


JobRefs = Annotated[
    JobRef,
    Parameter(
        name="JOB",
        accepts_keys=False,
        n_tokens=1,
        converter=_parse,
        help="References of jobs, as the commands create and jobs print them.",
    ),
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class JobSelection:
    """Jobs named by options: those of a cluster or host, by id or by batch."""

    job_id: Annotated[
        tuple[str, ...],
        Parameter(group=_INSTEAD, negative=(), show_default=False, metavar="ID", help="Job id; may be repeated."),
    ] = ()
    batch_id: Annotated[
        str | None,
        Parameter(group=_INSTEAD, metavar="ID", help="All jobs of this batch (not on Atlas v2)."),
    ] = None
    family: Annotated[str | None, Parameter(group=_INSTEAD), FAMILY] = None
    project_id: Annotated[str | None, Parameter(group=_INSTEAD), PROJECT] = None
    cluster_id: Annotated[str | None, Parameter(group=_INSTEAD), CLUSTER] = None
    host_id: Annotated[str | None, Parameter(group=_INSTEAD), HOST] = None
    server: ServerOptions = attrs.field(factory=ServerOptions)

    def check(self, refs: Iterable[JobRef]) -> None:
        """Check that jobs are named, and in one way only.

        Raises:
            ConfigError: They are not; or a reference is of an unknown family, or of one that needs an address.

        """
        refs = tuple(refs)
        if refs and (self.job_id or self.batch_id or self.cluster_id or self.host_id):
            raise ConfigError("pass references of jobs, or options that name jobs, not both")
        for ref in refs:
            if ref.family not in FAMILIES:
                raise ConfigError(f"no product family is called {ref.family!r}; there are {', '.join(FAMILIES)}")
            ClusterOptions(
                family=ref.family,
                project_id=ref.project,
                cluster_id=ref.cluster,
                host_id=ref.host,
                server=self.server,
            ).resolve()
        if not refs:
            self._cluster().resolve()

    async def find(self, session: "AsyncSession", refs: Iterable[JobRef]) -> tuple[JobRef, ...]:
        """References of the jobs; for a batch, the list of jobs is read.

        Raises:
            ConfigError: The batch has no jobs.
            Unsupported: The family has no batches.
            RestoreError: The list could not be read.

        """
        if refs := tuple(refs):
            return refs
        source = self._cluster().source(session)
        found = [source.ref(job_id) for job_id in self.job_id]
        if self.batch_id is not None:
            found += [source.ref(job.id) async for job in source.restore_jobs(batch_id=self.batch_id)]
        if not found:
            raise ConfigError(f"no job of this cluster belongs to batch {self.batch_id!r}")
        return tuple(dict.fromkeys(found))

    def _cluster(self) -> ClusterOptions:
        if not self.job_id and self.batch_id is None:
            raise ConfigError("no job is named: pass references of jobs, or --job-id or --batch-id and their cluster")
        if self.family is None:
            raise ConfigError("--family is required with --job-id and --batch-id, or MCLI_SERVICE in the environment")
        if self.project_id is None:
            raise ConfigError("--project-id is required with --job-id and --batch-id")
        return ClusterOptions(
            family=self.family,
            project_id=self.project_id,
            cluster_id=self.cluster_id,
            host_id=self.host_id,
            server=self.server,
        )


def restore_source(session: "AsyncSession", ref: JobRef) -> "ClusterBase[Any]":
    """The cluster or config server that a job belongs to."""
    cluster = ClusterOptions(family=ref.family, project_id=ref.project, cluster_id=ref.cluster, host_id=ref.host)
    return cluster.source(session)


def job_command(command: str, refs: Iterable[JobRef | str], server: ServerOptions, *options: str) -> list[str]:
    """A command line for jobs."""
    return [program(), command, *map(str, refs), *options, *server.arguments()]
