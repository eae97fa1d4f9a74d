"""Changes a test makes to the document of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["patched"]


def patched(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document with members replaced, objects merged, and members given as ``...`` taken away."""
    if not changes:
        return document
    result = dict(document)
    for name, value in changes.items():
        before: Any = result.get(name)
        if value is ...:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(before, dict):
            result[name] = patched(cast("dict[str, Any]", before), cast("dict[str, Any]", value))
        else:
            result[name] = value
    return result
