"""The arguments of a session, and those that settings of the environment or of a profile make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

from mongorestore_async.models.secret import hide

if TYPE_CHECKING:
    import os
    import ssl as tls

    import aiohttp
    from yarl import URL

    from mongorestore_async.auth.credentials import Credentials
    from mongorestore_async.settings.environment import SessionSettings
    from mongorestore_async.transport.connection import ProxyChoice
    from mongorestore_async.transport.options import Options

__all__ = ["SessionArguments", "hide_arguments", "merge_arguments"]


class SessionArguments(TypedDict, total=False):
    """The arguments of :class:`AsyncSession`."""

    auth: Credentials | None
    base_url: str | URL
    envelope: bool
    pretty: bool
    http: aiohttp.ClientSession | None
    ssl: tls.SSLContext | bool | None
    ca_file: str | os.PathLike[str] | None
    strict_certificates: bool
    proxy: str | URL | ProxyChoice | None
    options: Options | None


def hide_arguments(given: SessionArguments) -> SessionArguments:
    """Hide what may hold a password: a traceback may be printed with local variables."""
    arguments: dict[str, Any] = dict(given)
    arguments |= {name: hide(arguments[name]) for name in ("base_url", "proxy") if name in arguments}
    return cast("SessionArguments", arguments)


def merge_arguments(found: SessionSettings, given: SessionArguments) -> SessionArguments:
    """Make the arguments of a session from settings; those that are given win.

    Args:
        found: Settings of the environment, and of a profile.
        given: Arguments of the caller.

    """
    arguments: dict[str, Any] = {"auth": found.auth, "base_url": hide(found.base_url)}
    if not given.keys() & {"http", "ssl", "ca_file"}:
        arguments |= {"ssl": False} if found.skip_verify else {"ca_file": found.ca_file}
    if found.proxy is not None and "http" not in given:
        arguments["proxy"] = found.proxy
    return cast("SessionArguments", arguments | dict(given))
