"""Settings from environment variables that MongoDB's own tools read.

Names and their order are those of MongoDB's Terraform provider first, then of the Atlas CLI and mongocli. An empty
variable counts as unset. Proxies are chosen as these tools, which are Go programs, choose them. Where a whole service
account and an API key are set, the service account wins, as in the provider (which knows a bare access token as well:
it cannot be renewed, so it is not used here).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.auth.credentials import DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import Secret, hide, unhide
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

__all__ = [
    "BASE_URL_NAMES",
    "CLIENT_ID_NAMES",
    "CLIENT_SECRET_NAMES",
    "PRIVATE_KEY_NAMES",
    "PUBLIC_KEY_NAMES",
    "EnvironmentProxies",
    "EnvironmentSettings",
    "read_environment",
]

#: Variables an API key is read from, the first that is set counting.
PUBLIC_KEY_NAMES = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY")
PRIVATE_KEY_NAMES = ("MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY")
BASE_URL_NAMES = ("MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_OPS_MANAGER_URL", "MCLI_OPS_MANAGER_URL")
_CA_FILE = ("MCLI_OPS_MANAGER_CA_CERTIFICATE",)
_SKIP_VERIFY = ("MCLI_OPS_MANAGER_SKIP_VERIFY",)
CLIENT_ID_NAMES = ("MONGODB_ATLAS_CLIENT_ID",)
CLIENT_SECRET_NAMES = ("MONGODB_ATLAS_CLIENT_SECRET",)
_ACCESS_TOKEN = ("MONGODB_ATLAS_ACCESS_TOKEN",)
_PROXIES = {"https": ("HTTPS_PROXY", "https_proxy"), "http": ("HTTP_PROXY", "http_proxy")}
_NO_PROXY = ("NO_PROXY", "no_proxy")


@attrs.frozen(repr=False)
class EnvironmentProxies:
    """Chooses the proxy of an address by ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, as Go's ``net/http`` does.

    In ``NO_PROXY``, separated by commas: an IP address or a network such as ``10.0.0.0/8``, ``example.com`` with all
    its subdomains, ``.example.com`` for the subdomains only, each with a port where wanted, or ``*``. The own machine
    (``localhost`` and loopback addresses) has no proxy.

    Attributes:
        proxies: Address of the proxy by scheme, credentials in it allowed.
        exceptions: The words of ``NO_PROXY``.

    """

    proxies: Mapping[str, str]
    exceptions: tuple[str, ...]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> EnvironmentProxies | None:
        """Read the variables; None where none names a proxy.

        Args:
            environ: Variables by name. An empty one counts as unset.

        """
        found = {scheme: _first(environ, names) for scheme, names in _PROXIES.items()}
        if "REQUEST_METHOD" in environ:  # in a CGI script, HTTP_PROXY is the client's header "Proxy" (CVE-2016-5386)
            found["http"] = None
        proxies = {scheme: proxy for scheme, proxy in found.items() if proxy is not None}
        if not proxies:
            return None
        words = str(unhide(_first(environ, _NO_PROXY)) or "").lower().split(",")
        return cls(proxies, tuple(word.strip() for word in words if word.strip()))

    def __call__(self, target: URL) -> str | None:
        """Choose the proxy for an address; None for none."""
        proxy = self.proxies.get(target.scheme)
        host = (target.host or "").lower().rstrip(".")
        if proxy is None or _is_own_machine(host):
            return None
        if any(_is_exception(word, host, target.port) for word in self.exceptions):
            return None
        return unhide(proxy) if "://" in unhide(proxy) else Secret(f"http://{unhide(proxy)}")


_SWITCHES: Mapping[str, bool] = {
    **dict.fromkeys(("true", "1", "yes", "t", "y"), True),
    **dict.fromkeys(("false", "0", "no", "f", "n"), False),
}


@attrs.frozen(kw_only=True)
class EnvironmentSettings:
    """What the environment says about a session.

    Attributes:
        auth: The service account or the API key.
        base_url: Where the API is.
        ca_file: PEM file with the CA certificates to trust, None for the system's.
        skip_verify: Whether server certificates are not to be verified.
        proxy: Chooses the proxy of an address, None for no proxy at all.

    """

    auth: DigestAuth | ServiceAccount | None
    _base_url: str = attrs.field(alias="base_url", converter=hide)
    ca_file: str | None
    skip_verify: bool
    proxy: EnvironmentProxies | None = attrs.field(repr=False)

    @property
    def base_url(self) -> str:
        """Where the API is; may hold credentials, which are then refused."""
        return unhide(self._base_url)


def read_environment(environ: Mapping[str, str], *, with_auth: bool = True) -> EnvironmentSettings:
    """Read the settings of a session.

    Args:
        environ: Variables by name.
        with_auth: Whether the login is wanted as well.

    Raises:
        ConfigError: Neither a service account nor an API key, half of one, or a switch that is neither true nor false.

    """
    # Tracebacks may be printed with local variables: nothing of an environment may stand in one.
    environ = RawDocument(environ, secret=True)
    ca_file = _first(environ, _CA_FILE)
    return EnvironmentSettings(
        auth=_credentials(environ) if with_auth else None,
        base_url=_first(environ, BASE_URL_NAMES) or DEFAULT_BASE_URL,
        ca_file=None if ca_file is None else str(unhide(ca_file)),
        skip_verify=_switch(environ, _SKIP_VERIFY),
        proxy=EnvironmentProxies.read(environ),
    )


def _credentials(environ: Mapping[str, str]) -> DigestAuth | ServiceAccount:
    client, secret = _first(environ, CLIENT_ID_NAMES), _first(environ, CLIENT_SECRET_NAMES)
    if client is not None and secret is not None:
        return ServiceAccount(str(unhide(client)), secret)
    public, private = _first(environ, PUBLIC_KEY_NAMES), _first(environ, PRIVATE_KEY_NAMES)
    if public is not None and private is not None:
        return DigestAuth(str(unhide(public)), private)
    if public is None and private is None and (client is not None or secret is not None):
        missing = CLIENT_SECRET_NAMES[0] if secret is None else CLIENT_ID_NAMES[0]
        raise ConfigError(f"incomplete service account in the environment: set {missing} as well")
    halves = ((PUBLIC_KEY_NAMES[0], public), (PRIVATE_KEY_NAMES[0], private))
    missing = " and ".join(name for name, value in halves if value is None)
    token = (
        "; an access token alone is not supported because it cannot be renewed"
        if _first(environ, _ACCESS_TOKEN)
        else ""
    )
    raise ConfigError(
        f"no API key in the environment: set {missing} (or {CLIENT_ID_NAMES[0]} and {CLIENT_SECRET_NAMES[0]} for a "
        f"service account){token}"
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((hide(environ[name]) for name in names if environ.get(name)), None)


def _switch(environ: Mapping[str, str], names: tuple[str, ...]) -> bool:
    value = _first(environ, names)
    word = None if value is None else _SWITCHES.get(str(unhide(value)).strip().lower())
    if value is None or word is not None:
        return bool(word)
    raise ConfigError(f"{names[0]} must be true or false")


def _is_own_machine(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _is_exception(word: str, host: str, port: int | None) -> bool:
    """Whether a word of ``NO_PROXY`` names a host."""
    if word == "*":
        return True
    address = _address(host)
    if "/" in word:
        try:
            return address is not None and address in ipaddress.ip_network(word, strict=False)
        except ValueError:
            return False
    name, colon, digits = word.rpartition(":")
    if colon and digits.isascii() and digits.isdecimal() and (":" not in name or name.endswith("]")):
        if int(digits) != port:
            return False
        word = name
    if address is not None:
        return address == _address(word.strip("[]"))
    name = word.removeprefix("*").rstrip(".")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
