"""From a document to an answer: envelope, indentation, compression, headers, pages of lists.

What an endpoint of any API returns is made here.
"""

from __future__ import annotations

import json
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from aiohttp import web

from mongorestore_async.emulator.apis.request_info import PageQuery, is_v2, read_flag, side_of, version_of
from mongorestore_async.emulator.document_parts import ATLAS_API, ATLAS_V2_API, Links
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError, error_document
from mongorestore_async.emulator.setting_types import EnvelopeStyle, Oddity
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "SERVICE_VERSION",
    "Shape",
    "answer",
    "common_headers",
    "empty_answer",
    "error_answer",
    "items_answer",
    "list_answer",
    "make_links",
    "service_error_answer",
]

_ItemT = TypeVar("_ItemT")


class Shape(StrEnum):
    """The kinds of documents that the documented envelopes distinguish."""

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


def _wrap(document: dict[str, Any] | list[Any], status: int, shape: Shape, style: EnvelopeStyle) -> dict[str, Any]:
    """Wrap a document; see :class:`EnvelopeStyle` for the forms."""
    if style is EnvelopeStyle.DOCUMENTED:
        style = _DOCUMENTED[shape]
    if style is EnvelopeStyle.RESULTS and isinstance(document, dict) and "results" in document:
        return {**document, "status": status}
    return {"status": status, "envelope" if style is EnvelopeStyle.ENVELOPE else "content": document}


#: What ``X-MongoDB-Service-Version`` says.
SERVICE_VERSION = "gitHash=3b1f5c4e8d2a7f6090b1c2d3e4f5a6b7c8d9e0f1; versionString=8.0.14.100.20261015T0812Z"
_COMPRESS_FROM = 1024
#: The parameters that the links of a list repeat.
_KEPT = ("pretty", "batchId", "state", "sourceNamespace", "targetNamespace")


def make_links(request: web.Request) -> Links:
    """The links of an answer to this request."""
    state = request.app[SERVER_STATE]
    settings = state.settings
    # Not request.host: without the header it resolves the name of this machine, which blocks.
    origin = f"{request.scheme}://{request.headers.get('Host', 'localhost')}"
    return Links(
        root=(settings.link_origin or origin).rstrip("/") + settings.base_path,
        download_root=(state.downloads.origin or settings.download_origin or origin).rstrip("/") + settings.base_path,
        downloads=state.downloads,
        foreign=Oddity.FOREIGN_LINKS in settings.oddities,
        atlas_api=ATLAS_V2_API if is_v2(request) else ATLAS_API,
    )


def answer(request: web.Request, document: dict[str, Any] | list[Any], shape: Shape, status: int = 200) -> web.Response:
    """The answer with this document: wrapped, indented and compressed as the request asks.

    Raises:
        ServiceError: ``envelope`` or ``pretty`` is neither true nor false.

    """
    settings = request.app[SERVER_STATE].settings
    wrap, pretty = read_flag(request, "envelope"), read_flag(request, "pretty")
    if wrap:
        document = _wrap(document, status, shape, settings.envelope_style)
        status = 200 if settings.errors_in_envelope else status
    return _response(request, document, status, pretty=pretty)


def empty_answer(request: web.Request) -> web.Response:
    """204, without a body unless an envelope is asked for.

    Raises:
        ServiceError: ``envelope`` is neither true nor false.

    """
    if read_flag(request, "envelope"):
        return answer(request, {}, Shape.ENTITY, 204)
    return web.Response(status=204, headers=common_headers(request))


def error_answer(
    status: int, code: str, detail: str = "", *parameters: Any, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error as the API gives it, for hooks; make a new one for each request.

    Example: ``error_answer(503, "SERVICE_UNAVAILABLE", headers={"Retry-After": "1"})``.

    Args:
        status: HTTP status.
        code: ``errorCode`` of the answer.
        detail: Text for people.
        parameters: ``parameters`` of the answer.
        headers: Further header fields.

    Returns:
        The answer.

    """
    document = error_document(status, code, detail, *parameters)
    text = json.dumps(document, sort_keys=True)
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def service_error_answer(request: web.Request, error: ServiceError) -> web.Response:
    """The answer with an error document."""
    try:
        response = answer(request, error.document(), Shape.ERROR, error.status)
    except ServiceError as worse:
        error = worse
        response = _response(request, worse.document(), worse.status, pretty=False)
    if is_v2(request):
        response.headers["X-Error-Code"] = error.code
    return response


def _response(request: web.Request, document: dict[str, Any] | list[Any], status: int, *, pretty: bool) -> web.Response:
    settings = request.app[SERVER_STATE].settings
    # The members of all documented examples are in alphabetical order.
    text = json.dumps(document, sort_keys=True, indent=2 if pretty else None, separators=None if pretty else (",", ":"))
    version = version_of(request)
    # Errors are plain JSON even if a version was asked for.
    good = version if status < HTTPStatus.BAD_REQUEST else None
    headers = common_headers(request) | {"Content-Type": "application/json" if good is None else good.media_type}
    body = text.encode()
    response = web.Response(body=body, status=status, headers=headers)
    if settings.gzip and len(body) > _COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def common_headers(request: web.Request) -> dict[str, str]:
    """The headers that answers of every kind have."""
    headers = {"Vary": "Accept-Encoding", "Strict-Transport-Security": "max-age=300"}
    settings = request.app[SERVER_STATE].settings
    if side_of(request) is not Side.ATLAS or is_v2(request) or settings.service_version_on_atlas:
        headers["X-MongoDB-Service-Version"] = SERVICE_VERSION
    version = version_of(request)
    return headers if version is None else headers | version.headers


def list_answer(
    request: web.Request,
    total: int,
    fetch: Callable[[int, int], Sequence[dict[str, Any]]],
    *,
    linked: bool = True,
    paged: bool = True,
    counting: bool = True,
) -> web.Response:
    """A page of a list.

    Args:
        request: Has the page in its query.
        total: How many items the whole list has.
        fetch: Gives the documents from a position on, at most so many.
        linked: Whether the list document has links (lists of tenant jobs have none).
        paged: Whether it has pages; all of it is one page otherwise, whatever was asked for.
        counting: Whether the endpoint has ``includeCount``; without it, ``totalCount`` cannot be left out.

    Raises:
        ServiceError: A paging parameter is malformed or out of range.

    """
    settings = request.app[SERVER_STATE].settings
    page = PageQuery.read(request, settings).within(total, clamped=settings.clamp_past_end)
    start, size = (page.start, page.size) if paged else (0, total)
    document: dict[str, Any] = {"results": list(fetch(start, size))}
    if linked and Oddity.NO_LIST_LINKS not in settings.oddities:
        page_links = paged and settings.include_next_links
        document["links"] = _list_links(request, page, total, page_links=page_links, counting=counting)
    if (page.with_count or not counting) and settings.include_total_count:
        document["totalCount"] = total
    return answer(request, document, Shape.ATLAS_LIST if side_of(request) is Side.ATLAS else Shape.MANAGER_LIST)


def _list_links(
    request: web.Request, page: PageQuery, total: int, *, page_links: bool, counting: bool
) -> list[dict[str, str]]:
    links = make_links(request)
    settings = request.app[SERVER_STATE].settings
    path = request.rel_url.raw_path.removeprefix(settings.base_path).rstrip("/")
    kept = "".join(f"{name}={quote(request.query[name])}&" for name in _KEPT if name in request.query)
    found = [links.link(f"{links.root}{path}?{kept}pageNum={page.number}&itemsPerPage={page.asked}")]
    around = {"previous": page.number - 1, "next": page.number + 1 if page.start + page.size < total else 0}
    for rel, number in around.items():
        if page_links and number:
            # Recorded: another order than self, and includeCount although the request had none.
            count = "includeCount=true&" if counting else ""
            query = f"{kept}{count}itemsPerPage={page.asked}&pageNum={number}"
            found.append(links.link(f"{links.root}{path}?{query}", rel))
    return found


def items_answer(
    request: web.Request,
    items: Sequence[_ItemT],
    write: Callable[[_ItemT], dict[str, Any]],
    *,
    linked: bool = True,
    paged: bool = True,
    counting: bool = True,
) -> web.Response:
    """A page of a list whose items are all at hand; ``write`` makes the document of one. See :func:`list_answer`."""
    return list_answer(
        request,
        len(items),
        lambda start, count: [write(item) for item in items[start : start + count]],
        linked=linked,
        paged=paged,
        counting=counting,
    )
