"""The session of a command: options for the server and the way to it; settings and keys from elsewhere.

That is the environment, a profile, or a prompt. The profile of a command is chosen before its options are made, because
it may stand for some of them.
"""

import getpass
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Group, Parameter, Token

import mongorestore_async
from mongorestore_async.cli.console import has_log, stderr_console
from mongorestore_async.cli.display.help_pages import ConnectionNames
from mongorestore_async.errors import ConfigError
from mongorestore_async.settings.variables import (
    BASE_URL_NAMES,
    PRIVATE_KEY_NAMES,
    PROFILE_NAMES,
    PUBLIC_KEY_NAMES,
    has_login,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cyclopts import ArgumentCollection

    from mongorestore_async import AsyncSession, Options, Profile, SessionArguments

__all__ = ["CONNECTION", "ServerOptions", "apply_log", "apply_profile", "make_session", "read_credentials"]

#: Group of these options in a help, which only names them.
CONNECTION = Group("Connection", sort_key=9, help_formatter=ConnectionNames())

#: Stands for the credentials in the URL of a proxy, in commands that are printed.
_PROXY_USER = "USER:PASSWORD@"

#: The profile of the running command, None for none.
_profile: "ContextVar[Profile | None]" = ContextVar("profile", default=None)

#: Families by the services of profiles.
_FAMILIES = {
    "cloud": "atlas-cloud-backup",
    "cloudgov": "atlas-cloud-backup",
    "cloud-manager": "cloud-manager",
    "ops-manager": "ops-manager",
}


@Parameter(name="*", group=CONNECTION)
@attrs.frozen(kw_only=True)
class ServerOptions:
    """Where the API is, and how to get there.

    Attributes:
        base_url: Address of the API, None for that of the environment or the public host.
        profile: Name of the profile that is used, None for none that was named.
        proxy: URL of an HTTP proxy, None for that of the environment.
        ca_file: PEM file with the CA certificates to trust, None for that of the environment or the system's.
        verbose: Whether to log each call.
        debug: Whether to log each HTTP request as well.
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
    profile: Annotated[
        str | None,
        Parameter(
            name=("--profile", "-P"),
            env_var=PROFILE_NAMES,
            metavar="NAME",
            help=(
                "Profile of the Atlas CLI or mongocli; options and variables win over it. [default: where the"
                " environment has no key, the profile default]"
            ),
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
    verbose: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Log each call on standard error: URL, status, duration, tries, pauses. No secrets are shown.",
        ),
    ] = False
    debug: Annotated[
        bool,
        Parameter(
            name=("--debug", "-D"),
            negative=(),
            show_default=False,
            help="Log each HTTP request of a call as well, with the headers of its answer.",
        ),
    ] = False
    no_strict_certificates: Annotated[
        bool,
        Parameter(
            name="--no-strict-certificates",
            negative=(),
            show_default=False,
            help="Leave out the strict checks of RFC 5280 that Python 3.13 and newer make; still verify certificates.",
        ),
    ] = False

    def settings(self) -> "SessionArguments":
        """Arguments of a session for the options that are set."""
        settings: SessionArguments = {}
        if self.base_url is not None:
            settings["base_url"] = self.base_url
        if self.proxy is not None:
            settings["proxy"] = self.proxy
        if self.ca_file is not None:
            settings["ca_file"] = self.ca_file
        if self.no_strict_certificates:
            settings["strict_certificates"] = False
        return settings

    def arguments(self) -> list[str]:
        """The options that are set as arguments of a command line, without the credentials for a proxy.

        The address is left out if the environment or the profile has the same, and the profile if the environment
        names it.
        """
        profile = _profile.get()
        known = {None, _first(BASE_URL_NAMES), None if profile is None else profile.base_url}
        words = [] if self.base_url in known else ["--base-url", str(self.base_url)]
        if self.profile not in {None, _first(PROFILE_NAMES)}:
            words += "--profile", str(self.profile)
        if self.proxy is not None:
            words += "--proxy", _without_credentials(self.proxy)
        if self.ca_file is not None:
            words += "--ca-file", str(self.ca_file)
        return words + ["--no-strict-certificates"] * self.no_strict_certificates


def apply_profile(_app: object, _commands: object, arguments: "ArgumentCollection") -> None:
    """Choose the profile of a command, and take from it what no option and no variable says: a source of cyclopts.

    One that is not named is only read where the environment has no login.

    Raises:
        ConfigError: The profile cannot be used.

    """
    _profile.set(None)
    options = list(arguments)
    named = next((each.tokens for each in options if "--profile" in each.names), None)
    if named is None:
        return
    from mongorestore_async.settings.profile_files import has_profiles, load_profile

    if not named and (has_login(os.environ) or not has_profiles(os.environ)):
        return
    profile = load_profile(named[0].value if named else None)
    _profile.set(profile)
    atlas = "cloud" if profile.tool == "atlascli" else ""
    found = {
        "MCLI_SERVICE": _FAMILIES.get(profile.service or atlas),
        "MCLI_PROJECT_ID": profile.project_id,
        "MCLI_OUTPUT": "json" if profile.output == "json" else None,
        BASE_URL_NAMES[0]: profile.base_url,
    }
    for option in options:
        value = next((found[name] for name in option.parameter.env_var or () if found.get(name)), None)
        if value is not None and not option.tokens:
            option.append(Token(keyword=f"profile {profile.name}", value=value, source=profile.file))


def apply_log(_app: object, _commands: object, arguments: "ArgumentCollection") -> None:
    """Keep what is replaced on a terminal from standing between the lines of a log: a hook of cyclopts as well."""
    logs = [each for each in arguments if not {"--verbose", "--debug"}.isdisjoint(each.names)]
    has_log.set(any(each.tokens for each in logs))


def read_credentials() -> dict[str, str]:
    """Read the environment; on a terminal, prompt for the keys that neither it nor the profile has.

    Raises:
        ConfigError: Nothing was entered at the prompt.

    """
    environ = dict(os.environ)
    profile = _profile.get()
    known = has_login(environ) if profile is None else profile.has_login(environ)
    if not known and sys.stdin.isatty() and sys.stderr.isatty():
        prompts = (
            (PUBLIC_KEY_NAMES, "Public key", _read_line),
            (PRIVATE_KEY_NAMES, "Private key (hidden)", getpass.getpass),
        )
        for names, label, read in prompts:
            if not _first(names):
                environ[names[0]] = _prompt(label, read)
    return environ


def make_session(
    environ: "Mapping[str, str]",
    server: ServerOptions,
    *,
    options: "Options | None" = None,
    settings: "SessionArguments | None" = None,
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
    options = options or mongorestore_async.Options()
    if server.verbose or server.debug:
        from mongorestore_async.cli.display.http_log import HttpLog

        log = HttpLog(stderr_console(), has_requests=server.debug, also=options.observer)
        options = attrs.evolve(options, observer=log)
    arguments: SessionArguments = {"options": options}
    arguments |= server.settings() | (settings or {})
    profile = _profile.get()
    if profile is not None:
        return mongorestore_async.AsyncSession.from_profile(profile, environ=environ, **arguments)
    return mongorestore_async.AsyncSession.from_env(environ, **arguments)


def _first(names: "Sequence[str]") -> str | None:
    return next(filter(None, map(os.environ.get, names)), None)


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
