"""A mirrored config server (SCCC) of Ops Manager or Cloud Manager ("Config server jobs")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.models import JobT
from mongorestore_async.protocol.identifiers import check_identifier
from mongorestore_async.resources.cluster_base import ClusterBase

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["ConfigServer"]


class ConfigServer(ClusterBase[JobT]):
    """One config server host that is no member of a replica set: a topology MongoDB dropped in 3.4.

    Made by :meth:`Project.config_server`; making one does no I/O.

    Attributes:
        host: Host id.

    """

    def __init__(self, view: SessionView, family: Family[JobT], project: str, host: str) -> None:
        super().__init__(view, family, project, {"host": host})
        self.host = host
        check_identifier("host id", host)

    def __repr__(self) -> str:
        return f"<ConfigServer {self.family.name} {self.project}/{self.host}>"
