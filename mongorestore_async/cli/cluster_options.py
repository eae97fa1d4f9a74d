"""Options that name a cluster, or a config server, on a server."""

from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from mongorestore_async.cli.console import program
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.families import FAMILIES, Family
from mongorestore_async.settings.variables import BASE_URL_NAMES, PROFILE_NAMES

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, Cluster
    from mongorestore_async.resources.cluster_base import ClusterBase

__all__ = [
    "CLUSTER",
    "FAMILY",
    "HOST",
    "PROJECT",
    "VARIABLES",
    "ClusterOptions",
    "check_address",
]

_SERVICE = ("MCLI_SERVICE",)
_PROJECT = ("MONGODB_ATLAS_PROJECT_ID", "MCLI_PROJECT_ID")

#: Environment variables that stand for options.
VARIABLES = (*_SERVICE, *_PROJECT, *BASE_URL_NAMES, *PROFILE_NAMES, "MCLI_OUTPUT", "MONGORESTORE_PROTECTED")

FAMILY = Parameter(
    env_var=_SERVICE,
    choices=tuple(FAMILIES),
    show_choices=False,
    metavar="NAME",
    help="Product and API, such as cloud-manager.",
)
PROJECT = Parameter(name=("--project-id", "--projectId"), env_var=_PROJECT, metavar="ID", help="Project (group) id.")
CLUSTER = Parameter(
    name=("--cluster-id", "--clusterId", "--cluster", "--clusterName"),
    metavar="ID",
    help="Cluster id; on Atlas, the cluster name.",
)
HOST = Parameter(name="--host-id", metavar="ID", help="Mirrored config server, instead of a cluster.")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ClusterOptions:
    """A cluster, or a config server host, on a server.

    Attributes:
        family: Name of the product family.
        project_id: Project id.
        cluster_id: Cluster id, or name on Atlas.
        host_id: Config server host id, instead of a cluster.
        server: Where the API is, and how to get there.

    """

    family: Annotated[str, FAMILY]
    project_id: Annotated[str, PROJECT]
    cluster_id: Annotated[str | None, CLUSTER] = None
    host_id: Annotated[str | None, HOST] = None
    server: ServerOptions = attrs.field(factory=ServerOptions)

    def resolve(self) -> Family[Any]:
        """Check the options; the product family, or that of its config servers if a host is named.

        Raises:
            ConfigError: The family has no public host, and no address was given; or not exactly one of cluster and
                host.
            Unsupported: The family has no config servers.

        """
        family = FAMILIES[self.family]
        if self.cluster_id is None and self.host_id is None:
            raise ConfigError("--cluster-id is required, or --host-id for a mirrored config server")
        if self.cluster_id is not None and self.host_id is not None:
            raise ConfigError("--cluster-id and --host-id exclude each other: pass one of them")
        check_address(family, self.server)
        if self.host_id is not None and family.config_server is not None:
            return family.config_server
        return family

    def source(self, session: "AsyncSession") -> "ClusterBase[Any]":
        """The cluster or config server.

        Raises:
            ConfigError: An id that cannot be sent, or a family the session cannot be used with.
            Unsupported: The family has no config servers.

        """
        if self.host_id is None:
            return self.named_cluster(session)
        return session.project(self.project_id, FAMILIES[self.family]).config_server(self.host_id)

    def named_cluster(self, session: "AsyncSession") -> "Cluster[Any]":
        """The cluster, for what config servers do not have.

        Raises:
            ConfigError: A config server is named; an id that cannot be sent, or a family the session cannot be used
                with.

        """
        if self.host_id is not None:
            raise ConfigError("a config server has no such list: pass --cluster-id instead of --host-id")
        return session.project(self.project_id, FAMILIES[self.family]).cluster(self.cluster_id or "")

    def command_line(self, command: str, *options: str) -> list[str]:
        """A command line for this cluster or host."""
        where = ["--cluster-id", self.cluster_id or ""] if self.host_id is None else ["--host-id", self.host_id]
        address = ["--family", self.family, "--project-id", self.project_id, *where]
        return [program(), command, *address, *options, *self.server.arguments()]


def check_address(family: Family[Any], server: ServerOptions) -> None:
    """Check that the address of a family is known.

    Raises:
        ConfigError: It has no public host, and no address was given.

    """
    if server.base_url is None and not family.has_public_host:
        raise ConfigError(f"{family.title} has no public host", hint=Hint(HintKind.PASS_BASE_URL))
