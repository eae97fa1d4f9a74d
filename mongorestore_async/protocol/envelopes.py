"""Envelopes: the form of answers in which the HTTP status stands in the body.

With ``envelope=true`` the API wraps the HTTP status into the body, for callers that cannot see it. The sources disagree
on the form, so all of them are read: ``status`` with ``content`` or with ``envelope`` (either an object or a whole list
document), and ``status`` beside ``results``.
"""

from __future__ import annotations

from typing import Any, cast

__all__ = ["unwrap"]

_WRAPPERS = ("content", "envelope")
_LIST_OR_ERROR = frozenset({"results", "error", "errorCode"})


def unwrap(document: Any, *, status: int, asked: bool) -> tuple[int, Any]:
    """Take a body out of its envelope.

    The inner status wins over the HTTP status: an envelope may answer 200 around an error document.

    Args:
        document: The decoded body.
        status: HTTP status of the answer.
        asked: Whether the request had ``envelope=true``. If not, only an object of exactly ``status`` (an
            integer) and one wrapper is taken for an envelope: a tenant job has a ``status`` of its own.

    Returns:
        The status that counts and the document inside; both unchanged when there is no envelope.

    """
    if not isinstance(document, dict):
        return status, document
    members = cast("dict[str, Any]", document)
    inner = members.get("status")
    if not isinstance(inner, int) or isinstance(inner, bool):
        return status, members
    wrapper = next((name for name in _WRAPPERS if name in members), None)
    if wrapper is not None and (asked or len(members) == 2):  # noqa: PLR2004
        return inner, members[wrapper]
    if asked and _LIST_OR_ERROR & members.keys():
        return inner, {name: value for name, value in members.items() if name != "status"}
    if asked and len(members) == 1:
        return inner, None
    return status, members
