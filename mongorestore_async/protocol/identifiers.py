"""Ids and names that become one segment of a path."""

from __future__ import annotations

import re

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import require_text

__all__ = ["check_identifier"]

# Percent-encoding alone does not help: proxies and servers decode, and normalise, a path before they route it.
_BREAKS_A_PATH = re.compile(r"[/\\?#]|\.\.|\A\.\Z")


def check_identifier(kind: str, value: str) -> str:
    """Return ``value`` if it can be one segment of a path; no length and no alphabet is asked for.

    Args:
        kind: What the error calls it, such as ``"cluster id"``.
        value: What the caller passed.

    Raises:
        ConfigError: ``value`` is no str, is empty or a dot, starts or ends with white space, or holds a
            character or dots that would end, leave or change the path.

    """
    require_text(kind, value)
    if (found := _BREAKS_A_PATH.search(value)) is not None:
        raise ConfigError(f"{kind} must not contain {found[0]!r}: pass the bare id or name, not a path or a URL")
    return value
