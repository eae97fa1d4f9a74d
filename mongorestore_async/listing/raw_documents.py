"""Lists of documents that no model is made for: any list endpoint of the API."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mongorestore_async.codec.list_documents import ListDocument, read_list
from mongorestore_async.errors import DataError, Hint, HintKind
from mongorestore_async.listing.page_reader import ListSource
from mongorestore_async.models.document import RawDocument, RawList, conceal, reveal
from mongorestore_async.models.secret import redact

if TYPE_CHECKING:
    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["identity_of", "raw_documents_of"]

_USE_REQUEST = Hint(HintKind.USE_REQUEST)


def raw_documents_of(view: SessionView, family: Family[Any] | None, path: str) -> ListSource[RawDocument]:
    """Say where a list of documents of any kind is.

    A bare array counts as a list that is whole with its first answer: a few endpoints answer one.

    Args:
        view: What to call the API with.
        family: The product family, None for a path below the base URL.
        path: Path without placeholders.

    """
    return ListSource(
        view=view, family=family, path=path, names={}, read=tuple, identify=identity_of, read_document=_read_document
    )


def identity_of(document: RawDocument) -> str:
    """Say what an item is known by when it comes again: its ``id``, without one all of it, as canonical JSON.

    Of the latter a digest is kept: a walk remembers the identities of many items.
    """
    found = document.get("id")
    if found is None or found == "":
        found = document
    elif isinstance(found, str):
        return f'"{found!s}'  # no digest begins like this
    return _digest(reveal(found))


def _digest(value: Any) -> str:
    try:
        text = _canonical(value)
    except RecursionError:  # a hostile one: what is nested deeper than that does not count
        text = _canonical(redact(value))
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _read_document(content: Any) -> ListDocument:
    content = conceal(content)
    if isinstance(content, RawList):
        _check_items(content, "$")
        return ListDocument(results=content, total_count=len(content))
    if not isinstance(content, RawDocument) or not isinstance(content.get("results"), RawList):
        raise DataError(
            "$: expected a list document with results, or an array, got another document",
            path="$",
            hint=_USE_REQUEST,
        )
    document = read_list(content)
    _check_items(document.results, "$.results")
    return document


def _check_items(items: RawList, path: str) -> None:
    for index, item in enumerate(reveal(items)):
        if not isinstance(item, dict):
            raise DataError(
                f"{path}[{index}]: expected object, got another type", path=f"{path}[{index}]", hint=_USE_REQUEST
            )
