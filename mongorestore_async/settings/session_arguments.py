"""The arguments of a session, and those that settings of the environment or of a profile make."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypedDict, cast

from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import hide
from mongorestore_async.settings.environment import read_environment

if TYPE_CHECKING:
    import ssl as tls
    from collections.abc import Mapping

    import aiohttp
    from yarl import URL

    from mongorestore_async.auth.credentials import Credentials
    from mongorestore_async.settings.profiles import Profile
    from mongorestore_async.transport.connection import ProxyChoice
    from mongorestore_async.transport.options import Options

__all__ = ["SessionArguments", "find_arguments", "hide_settings"]


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


def hide_settings(
    environ: Mapping[str, str] | None, given: SessionArguments
) -> tuple[Mapping[str, str], SessionArguments]:
    """Hide what may be secret of a caller's settings: a traceback may be printed with local variables.

    Args:
        environ: Variables by name, None for those of the process.
        given: Arguments of the caller.

    """
    arguments: dict[str, Any] = dict(given)
    arguments |= {name: hide(arguments[name]) for name in ("base_url", "proxy") if name in arguments}
    variables = RawDocument(os.environ if environ is None else environ, secret=True)
    return variables, cast("SessionArguments", arguments)


def find_arguments(
    environ: Mapping[str, str], given: SessionArguments, profile: Profile | None = None
) -> SessionArguments:
    """Make the arguments of a session from settings; those that are given win.

    Args:
        environ: Variables by name.
        given: Arguments of the caller.
        profile: What counts where a variable is not set; None for the environment alone.

    Raises:
        ConfigError: As :func:`~mongorestore_async.settings.environment.read_environment`.

    """
    found = read_environment(environ, profile=profile, with_auth="auth" not in given)
    arguments: dict[str, Any] = {"auth": found.auth, "base_url": hide(found.base_url)}
    if not given.keys() & {"http", "ssl", "ca_file"}:
        arguments |= {"ssl": False} if found.skip_verify else {"ca_file": found.ca_file}
    if found.proxy is not None and "http" not in given:
        arguments["proxy"] = found.proxy
    return cast("SessionArguments", arguments | dict(given))
