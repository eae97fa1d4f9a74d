"""The settings of a session, from environment variables that MongoDB's own tools read, and from a profile behind them.

Names and their order are those of MongoDB's Terraform provider first, then of the Atlas CLI and mongocli. An empty
variable counts as unset. Of several logins in one place an access token wins over a service account, and that over an
API key, as in the provider. A whole login of the environment wins over the profile; otherwise each value is the
variable's first, then the profile's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from mongorestore_async.auth.credentials import AccessToken, Credentials, DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL
from mongorestore_async.settings.environment_proxies import EnvironmentProxies
from mongorestore_async.settings.variables import (
    CLIENT_ID_NAMES,
    CLIENT_SECRET_NAMES,
    PRIVATE_KEY_NAMES,
    PUBLIC_KEY_NAMES,
    VARIABLES_OF,
    first_set,
    has_login,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.settings.profiles import Profile

    Find: TypeAlias = Callable[[str], str | None]

__all__ = ["SessionSettings", "read_environment"]

_SWITCHES: Mapping[str, bool] = {
    **dict.fromkeys(("true", "1", "yes", "t", "y"), True),
    **dict.fromkeys(("false", "0", "no", "f", "n"), False),
}

#: Where services are that have an address of their own.
_ADDRESSES: Mapping[str, str] = {"cloudgov": "https://cloud.mongodbgov.com"}


@attrs.frozen(kw_only=True)
class SessionSettings:
    """What the environment, and a profile, say about a session.

    Attributes:
        auth: What to log in with.
        base_url: Where the API is.
        ca_file: PEM file with the CA certificates to trust, None for the system's.
        skip_verify: Whether server certificates are not to be verified.
        proxy: Chooses the proxy of an address, None for no proxy at all.

    """

    auth: Credentials | None
    _base_url: str = attrs.field(alias="base_url", converter=hide)
    ca_file: str | None
    skip_verify: bool
    proxy: EnvironmentProxies | None = attrs.field(repr=False)

    @property
    def base_url(self) -> str:
        """Where the API is; may hold credentials, which are then refused."""
        return unhide(self._base_url)


def read_environment(
    environ: Mapping[str, str], *, profile: Profile | None = None, with_auth: bool = True
) -> SessionSettings:
    """Read the settings of a session.

    Args:
        environ: Variables by name.
        profile: What counts where a variable is not set; None for the environment alone.
        with_auth: Whether the login is wanted as well.

    Raises:
        ConfigError: No login, half of one, a switch that is neither true nor false, or a profile of Ops Manager without
            an address.

    """
    # Tracebacks may be printed with local variables: nothing of an environment may stand in one.
    environ = RawDocument(environ, secret=True)

    def find(name: str) -> str | None:
        found = first_set(environ, VARIABLES_OF[name])
        return found if found is not None or profile is None else profile.hidden(name)

    def find_in_environment(name: str) -> str | None:
        return first_set(environ, VARIABLES_OF[name])

    ca_file = find("ops_manager_ca_certificate")
    auth = None
    if with_auth:
        auth = _login(find_in_environment if has_login(environ) else find)
        if auth is None:
            raise _missing(find, profile)
    return SessionSettings(
        auth=auth,
        base_url=find("ops_manager_url") or _address(str(unhide(find("service")) or ""), profile),
        ca_file=None if ca_file is None else str(unhide(ca_file)),
        skip_verify=_switch(find("ops_manager_skip_verify"), profile),
        proxy=EnvironmentProxies.read(environ),
    )


def _login(find: Find) -> Credentials | None:
    """Make the login that is there as a whole, the first of three kinds."""
    token = find("access_token")
    if token is not None:
        return AccessToken(token)
    client, secret = find("client_id"), find("client_secret")
    if client is not None and secret is not None:
        return ServiceAccount(str(unhide(client)), secret)
    public, private = find("public_api_key"), find("private_api_key")
    if public is not None and private is not None:
        return DigestAuth(str(unhide(public)), private)
    return None


def _missing(find: Find, profile: Profile | None) -> ConfigError:
    """Say what is missing for a login."""
    lacking = {name for name in VARIABLES_OF if find(name) is None}
    account = {"client_id": CLIENT_ID_NAMES[0], "client_secret": CLIENT_SECRET_NAMES[0]}
    key = {"public_api_key": PUBLIC_KEY_NAMES[0], "private_api_key": PRIVATE_KEY_NAMES[0]}
    if profile is not None:
        return profile.without_login(lacking)
    if key.keys() <= lacking and not account.keys() <= lacking:
        (missing,) = (variable for name, variable in account.items() if name in lacking)
        return ConfigError(f"incomplete service account in the environment: set {missing} as well")
    missing = " and ".join(variable for name, variable in key.items() if name in lacking)
    return ConfigError(
        f"no API key in the environment: set {missing} (or {CLIENT_ID_NAMES[0]} and {CLIENT_SECRET_NAMES[0]} for a "
        f"service account, or {VARIABLES_OF['access_token'][0]})"
    )


def _address(service: str, profile: Profile | None) -> str:
    if profile is not None and service == "ops-manager":
        raise ConfigError(
            f"{profile} has no ops_manager_url, which the service ops-manager needs: add it to the profile, or "
            f"set {VARIABLES_OF['ops_manager_url'][0]}"
        )
    return _ADDRESSES.get(service, DEFAULT_BASE_URL)


def _switch(value: str | None, profile: Profile | None) -> bool:
    word = None if value is None else _SWITCHES.get(str(unhide(value)).strip().lower())
    if value is None or word is not None:
        return bool(word)
    name = VARIABLES_OF["ops_manager_skip_verify"][0]
    where = name if profile is None else f"{name}, or ops_manager_skip_verify of {profile},"
    raise ConfigError(f"{where} must be true or false")
