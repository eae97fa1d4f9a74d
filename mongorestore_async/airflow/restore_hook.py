"""The hook: a session made of an Airflow connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import attrs
from airflow.sdk import BaseHook

from mongorestore_async.airflow.connection_settings import ConnectionFields, session_arguments
from mongorestore_async.airflow.provider import CONNECTION_TYPE, DEFAULT_CONNECTION
from mongorestore_async.errors import Forbidden, RestoreError
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, OPS_MANAGER
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL
from mongorestore_async.resources import AsyncSession
from mongorestore_async.transport.options import Options

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from mongorestore_async.models import PollPolicy

__all__ = ["RestoreHook"]


class RestoreHook(BaseHook):
    """Makes sessions of a connection of the type ``mongorestore_async``.

    The host is the base URL, login and password are the API key; the other fields are in the form. Each session belongs
    to the caller, who closes it: ``async with hook.get_conn() as session``.

    Args:
        conn_id: Name of the connection.

    """

    conn_name_attr = "conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = CONNECTION_TYPE
    hook_name = "MongoDB restore jobs"

    def __init__(self, conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    def get_conn(self, poll: PollPolicy | None = None) -> AsyncSession:
        """Make a session; outside of an event loop, for Airflow reads connections with a blocking call.

        Args:
            poll: How waits poll, None for the default.

        Raises:
            ConfigError: A field of the connection does not fit.

        """
        found = self.get_connection(self.conn_id)
        return _session(found, cast("Any", found).extra_dejson, poll)

    async def aget_conn(self, poll: PollPolicy | None = None) -> AsyncSession:
        """Make a session in an event loop, as the triggerer does; as :meth:`get_conn`."""
        found = await self.aget_connection(self.conn_id)
        return _session(found, await cast("Any", found).aextra_dejson(), poll)

    def test_connection(self) -> tuple[bool, str]:
        """Say whether the server takes the key: the button of the form."""
        try:
            return True, asyncio.run(_look(self.get_conn()))
        except RestoreError as error:
            return False, f"{type(error).__name__}: {error}"


async def _look(session: AsyncSession) -> str:
    async with session:
        family = ATLAS_CLOUD_BACKUP if str(session.base_url) == DEFAULT_BASE_URL else OPS_MANAGER
        try:
            page = await session.projects(family, items_per_page=1)
        except Forbidden as error:
            return f"The key is accepted, but may not list projects: {error.problem}"
        count = len(page) if page.total_count is None else page.total_count
        return f"The key is accepted; it sees {count} projects."


def _session(found: Connection, extra: dict[str, Any], poll: PollPolicy | None) -> AsyncSession:
    fields = ConnectionFields(
        host=found.host,
        port=found.port,
        schema=found.schema,
        login=found.login,
        password=found.password,
        extra=extra,
    )
    arguments, changes = session_arguments(fields)
    options = Options(**changes)
    return AsyncSession(options=options if poll is None else attrs.evolve(options, poll=poll), **arguments)
