"""What a browser is told to refuse, and which names of the board are accepted. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HEADERS", "allowed_hosts", "is_allowed"]

#: Sent with every answer. Scripts, style sheets and streams come from the board itself, nothing comes from elsewhere,
#: and a script that got into a name would not run.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")


def allowed_hosts(names: Iterable[str]) -> frozenset[str]:
    """Check names by which the board may be called, and add those of this machine.

    Raises:
        ConfigError: One is no name of a host, or has a port.

    """
    if isinstance(names, str):
        raise ConfigError("hosts must be a list of names, such as ['board.example.com'], not a text")
    found = set(_LOOPBACK)
    for name in names:
        written = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
        match = _HOST.fullmatch(written)
        if match is None or match[1] != written:
            raise ConfigError(f"{name!r} is no name of a host: pass it without scheme, port and path")
        found.add(written.lower().removesuffix("."))
    return frozenset(found)


def is_allowed(header: str, hosts: frozenset[str]) -> bool:
    """Whether a ``Host`` header has one of these names, with whatever port.

    A page of somebody else can make its own name resolve to this machine, and its script then reads what is served
    here (DNS rebinding); but the header has that name.
    """
    match = _HOST.fullmatch(header)
    return match is not None and match[1].lower().removesuffix(".") in hosts
