"""``envelope=true``: the answer inside the body, for callers that cannot see status or headers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from mongorestore_async.emulator.choices import EnvelopeStyle

__all__ = ["Shape", "enveloped"]


class Shape(StrEnum):
    """What kind of document is wrapped, as far as the documents make a difference."""

    MANAGER_LIST = "manager-list"
    ATLAS_LIST = "atlas-list"
    ENTITY = "entity"
    CREATED = "created"
    ERROR = "error"


_DOCUMENTED = {
    Shape.MANAGER_LIST: EnvelopeStyle.CONTENT,
    Shape.ATLAS_LIST: EnvelopeStyle.RESULTS,
    Shape.ENTITY: EnvelopeStyle.ENVELOPE,
    Shape.CREATED: EnvelopeStyle.ENVELOPE,
    Shape.ERROR: EnvelopeStyle.CONTENT,
}


def enveloped(document: dict[str, Any] | list[Any], status: int, shape: Shape, style: EnvelopeStyle) -> dict[str, Any]:
    """Wrap a document; see :class:`EnvelopeStyle` for the forms."""
    if style is EnvelopeStyle.DOCUMENTED:
        style = _DOCUMENTED[shape]
    if style is EnvelopeStyle.RESULTS and isinstance(document, dict) and "results" in document:
        return {**document, "status": status}
    return {"status": status, "envelope" if style is EnvelopeStyle.ENVELOPE else "content": document}
