"""The session of a command: options for the server and the way to it; credentials of the environment or a prompt."""

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Group, Parameter

import mongorestore_async
from mongorestore_async.cli.display.help_pages import ConnectionNames
from mongorestore_async.errors import ConfigError
from mongorestore_async.transport.environment import (
    BASE_URL_NAMES,
    CLIENT_ID_NAMES,
    CLIENT_SECRET_NAMES,
    PRIVATE_KEY_NAMES,
    PUBLIC_KEY_NAMES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async import AsyncSession, Options

__all__ = ["ServerOptions", "make_session", "read_credentials"]

#: Group of these options in a help, which only names them.
CONNECTION = Group("Connection", sort_key=9, help_formatter=ConnectionNames())

#: Stands for the credentials in the URL of a proxy, in commands that are printed.
_PROXY_USER = "USER:PASSWORD@"


@Parameter(name="*", group=CONNECTION)
@attrs.frozen(kw_only=True)
class ServerOptions:
    """Where the API is, and how to get there.

    Attributes:
        base_url: Address of the API, None for that of the environment or the public host.
        proxy: URL of an HTTP proxy, None for that of the environment.
        ca_file: PEM file with the CA certificates to trust, None for that of the environment or the system's.
        no_strict_certificates: Whether to leave out the strict checks of certificates.

    """

    base_url: Annotated[
        str | None,
        Parameter(
            env_var=BASE_URL_NAMES,
            metavar="URL",
            help="Address of the API; required for Ops Manager. [default: the vendor's public host]",
        ),
    ] = None
    proxy: Annotated[
        str | None,
        Parameter(
            metavar="URL",
            help=(
                "HTTP proxy, such as http://proxy.example.com:3128; pass one with a password in HTTPS_PROXY, where"
                " nobody else sees it. [default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY]"
            ),
        ),
    ] = attrs.field(default=None, repr=False)
    ca_file: Annotated[
        Path | None,
        Parameter(
            metavar="FILE",
            help="PEM file with CA certificates to trust. [default: MCLI_OPS_MANAGER_CA_CERTIFICATE, or the system]",
        ),
    ] = None
    no_strict_certificates: Annotated[
        bool,
        Parameter(
            name="--no-strict-certificates",
            negative=(),
            show_default=False,
            help="Leave out the strict checks of RFC 5280 that Python 3.13 and newer make; still verify certificates.",
        ),
    ] = False

    def settings(self) -> dict[str, Any]:
        """Arguments of a session for the options that are set."""
        given = {"base_url": self.base_url, "proxy": self.proxy, "ca_file": self.ca_file}
        settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return settings | ({"strict_certificates": False} if self.no_strict_certificates else {})

    def arguments(self) -> list[str]:
        """The options that are set as arguments of a command line, without the credentials for a proxy.

        The address is left out if the environment has the same.
        """
        in_environment = next((os.environ[name] for name in BASE_URL_NAMES if os.environ.get(name)), None)
        words = [] if self.base_url in {None, in_environment} else ["--base-url", str(self.base_url)]
        if self.proxy is not None:
            words += "--proxy", _without_credentials(self.proxy)
        if self.ca_file is not None:
            words += "--ca-file", str(self.ca_file)
        return words + ["--no-strict-certificates"] * self.no_strict_certificates


def read_credentials() -> dict[str, str]:
    """Read the environment; on a terminal, prompt for the keys that it does not have.

    Raises:
        ConfigError: Nothing was entered at the prompt.

    """
    environ = dict(os.environ)
    if sys.stdin.isatty() and sys.stderr.isatty():

        def has(names: tuple[str, ...]) -> bool:
            return any(environ.get(name) for name in names)

        if has(CLIENT_ID_NAMES) and has(CLIENT_SECRET_NAMES):
            return environ  # a service account, which is preferred to an API key
        prompts = (
            (PUBLIC_KEY_NAMES, "Public key", _read_line),
            (PRIVATE_KEY_NAMES, "Private key (hidden)", getpass.getpass),
        )
        for names, label, read in prompts:
            if not has(names):
                environ[names[0]] = _prompt(label, read)
    return environ


def make_session(
    environ: "Mapping[str, str]",
    server: ServerOptions,
    *,
    options: "Options | None" = None,
    settings: "Mapping[str, Any] | None" = None,
) -> "AsyncSession":
    """Make a session from :func:`read_credentials`.

    Args:
        environ: Variables with the credentials and settings.
        server: Where the API is, and how to get there; overrides the environment.
        options: Options of the session, None for the defaults.
        settings: Further arguments of the session, which override the environment.

    Raises:
        ConfigError: No credentials, or invalid settings.

    """
    # Named in full, so that the HTTP library is loaded now, and not for --help.
    return mongorestore_async.AsyncSession.from_env(
        environ, options=options or mongorestore_async.Options(), **server.settings(), **(settings or {})
    )


def _without_credentials(proxy: str) -> str:
    scheme, separator, rest = proxy.partition("://")
    _, at, host = rest.rpartition("@")
    return f"{scheme}{separator}{_PROXY_USER if at else ''}{host}"


def _prompt(label: str, read: "Callable[[str], str]") -> str:
    try:
        answer = read(f"{label}: ").strip()
    except EOFError:
        answer = ""
    if not answer:
        raise ConfigError("no key was entered; an API key consists of a public and a private key")
    return answer


def _read_line(prompt: str) -> str:
    # input() would write the prompt to standard output, between the results.
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()
