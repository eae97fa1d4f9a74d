"""Checks of what a caller hands to a session."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.families import Family
from mongorestore_async.models.validators import require_text
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL

if TYPE_CHECKING:
    from yarl import URL

    from mongorestore_async.transport.session_view import SessionView

__all__ = ["check_call", "check_family", "warn_of_plain_http"]

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

_warned_families: set[str] = set()


def check_family(view: SessionView, family: Family[Any], *, stacklevel: int = 3) -> None:
    """Check a family that a caller names; warns, once in a process, of one that the vendor deprecates.

    Args:
        view: The session's.
        family: What was named.
        stacklevel: Of the warning: whose line it names.

    Raises:
        ConfigError: It is none, has no service accounts though the session logs in with one, or has no public host
            and the session no base URL of its own.

    """
    if not isinstance(family, Family):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"family is one of the values such as OPS_MANAGER, not {type(family).__name__}")
    if view.transport.uses_tokens and not family.has_service_accounts:
        raise ConfigError(f"{family.title} has no service accounts", hint=Hint(HintKind.USE_API_KEY))
    if not family.has_public_host and str(view.transport.base_url) == DEFAULT_BASE_URL:
        raise ConfigError(f"{family.title} runs on a host of your own", hint=Hint(HintKind.PASS_BASE_URL))
    if family.deprecation is not None and family.name not in _warned_families:
        _warned_families.add(family.name)
        warnings.warn(family.deprecation, DeprecationWarning, stacklevel=stacklevel)


def check_call(method: object, path: str) -> str:
    """Check a call to an endpoint that has no verb here, and return its method in upper case.

    Raises:
        ConfigError: No such method, or a path that does not start with one slash.

    """
    verb = method.upper() if isinstance(method, str) else None
    if verb is None or verb not in _METHODS:
        raise ConfigError(f"the method is one of {', '.join(sorted(_METHODS))}, not {method!r}")
    if not require_text("path", path).startswith("/") or path.startswith("//"):
        raise ConfigError("a path starts with one slash, such as /groups; the host is that of base_url")
    return verb


def warn_of_plain_http(url: URL) -> None:
    """Warn who logs in with a service account over plain http."""
    from mongorestore_async.auth.tokens import travels_in_clear

    if travels_in_clear(url):
        warnings.warn(
            f"the client secret and the tokens of the service account travel unencrypted to {url}; use https",
            stacklevel=3,
        )
