"""Which cluster of which server a command is about: the options all commands share."""

from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES, Family

__all__ = ["VARIABLES", "Place"]

_SERVICE = ("MCLI_SERVICE",)
_PROJECT = ("MONGODB_ATLAS_PROJECT_ID", "MCLI_PROJECT_ID")
_BASE_URL = ("MONGODB_ATLAS_BASE_URL", "MCLI_OPS_MANAGER_URL")

#: Environment variables that stand for options.
VARIABLES = (*_SERVICE, *_PROJECT, *_BASE_URL, "MCLI_OUTPUT")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Place:
    """A cluster on a server.

    Attributes:
        family: Name of the product family.
        project_id: Project id.
        cluster_id: Cluster id, or name on Atlas.
        base_url: Where the API is, None for the public host.

    """

    family: Annotated[
        str, Parameter(env_var=_SERVICE, choices=tuple(FAMILIES), help="Product and API; there is no default.")
    ]
    project_id: Annotated[
        str, Parameter(name=("--project-id", "--projectId"), env_var=_PROJECT, help="Project (group) id.")
    ]
    cluster_id: Annotated[
        str,
        Parameter(
            name=("--cluster-id", "--clusterId", "--cluster"), help="Cluster id; on Atlas the name of the cluster."
        ),
    ]
    base_url: Annotated[
        str | None,
        Parameter(
            env_var=_BASE_URL, help="Where the API is; Ops Manager needs it. [default: the vendor's public host]"
        ),
    ] = None

    def resolve(self) -> Family[Any]:
        """The product family.

        Raises:
            ConfigError: It has no public host, and no address was given.

        """
        family = FAMILIES[self.family]
        if self.base_url is None and not family.has_public_host:
            raise ConfigError(
                f"{family.title} runs on a host of your own: pass its address with --base-url or {_BASE_URL[1]}"
            )
        return family

    def words(self, command: str, *options: str) -> list[str]:
        """A command line about this place."""
        place = ["--family", self.family, "--project-id", self.project_id, "--cluster-id", self.cluster_id]
        return ["mongorestore-async", command, *place, *options]
