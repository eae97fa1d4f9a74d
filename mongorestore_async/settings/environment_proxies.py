"""The proxy of an address, by the variables that Go programs read: MongoDB's own tools are such programs."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.models.secret import Secret, unhide
from mongorestore_async.settings.variables import first_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

__all__ = ["EnvironmentProxies"]

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
        found = {scheme: first_set(environ, names) for scheme, names in _PROXIES.items()}
        if "REQUEST_METHOD" in environ:  # in a CGI script, HTTP_PROXY is the client's header "Proxy" (CVE-2016-5386)
            found["http"] = None
        proxies = {scheme: proxy for scheme, proxy in found.items() if proxy is not None}
        if not proxies:
            return None
        words = str(unhide(first_set(environ, _NO_PROXY)) or "").lower().split(",")
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
