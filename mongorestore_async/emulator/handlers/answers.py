"""From a document to the bytes and headers of the fact sheet's header sets."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from mongorestore_async.emulator.choices import Oddity
from mongorestore_async.emulator.documents import ATLAS_API, ATLAS_V2_API, Links, Refusal, error_document
from mongorestore_async.emulator.handlers.apis import is_v2, side_of
from mongorestore_async.emulator.handlers.envelope import Shape, enveloped
from mongorestore_async.emulator.handlers.queries import PageQuery, flag
from mongorestore_async.emulator.handlers.versions import version_of
from mongorestore_async.emulator.stage import STAGE, Stage
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["answer", "challenge", "empty_answer", "error_answer", "list_answer", "make_links", "refusal_answer", "tidy"]

_SERVICE_VERSION = "gitHash=3b1f5c4e8d2a7f6090b1c2d3e4f5a6b7c8d9e0f1; versionString=8.0.14.100.20261015T0812Z"
_COMPRESS_FROM = 1024

#: The order in which the documents print the headers of a 200; the 401 has an order of its own.
_ORDER_200 = ("Vary", "Content-Type", "Strict-Transport-Security", "Date", "Connection", "Content-Length")
_ORDER_401 = ("Content-Type", "Date", "WWW-Authenticate", "Content-Length", "Connection")


def make_links(request: web.Request) -> Links:
    """The links of an answer to this request."""
    stage = request.app[STAGE]
    settings = stage.settings
    # Not request.host: without the header it would ask the resolver for the machine's name, and block.
    origin = f"{request.scheme}://{request.headers.get('Host', 'localhost')}"
    return Links(
        root=(settings.link_origin or origin).rstrip("/") + settings.base_path,
        download_root=(stage.downloads.origin or settings.download_origin or origin).rstrip("/") + settings.base_path,
        downloads=stage.downloads,
        foreign=Oddity.FOREIGN_LINKS in settings.oddities,
        atlas_api=ATLAS_V2_API if is_v2(request) else ATLAS_API,
    )


def answer(request: web.Request, document: dict[str, Any] | list[Any], shape: Shape, status: int = 200) -> web.Response:
    """The answer with this document: wrapped, indented and compressed as the request asks.

    Raises:
        Refusal: ``envelope`` or ``pretty`` is neither true nor false.

    """
    settings = request.app[STAGE].settings
    wrap, pretty = flag(request, "envelope"), flag(request, "pretty")
    if wrap:
        document = enveloped(document, status, shape, settings.envelope_style)
        status = 200 if settings.errors_in_envelope else status
    return _response(request, document, status, pretty=pretty)


def empty_answer(request: web.Request) -> web.Response:
    """204, without a body unless an envelope is asked for.

    Raises:
        Refusal: ``envelope`` is neither true nor false.

    """
    if flag(request, "envelope"):
        return answer(request, {}, Shape.ENTITY, 204)
    return web.Response(status=204, headers=_headers(request))


def error_answer(
    status: int, code: str, detail: str = "", *parameters: Any, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error as the API gives it, for hooks; make a new one for each request.

    Example: ``error_answer(503, "SERVICE_UNAVAILABLE", headers={"Retry-After": "1"})``.
    """
    document = error_document(status, code, detail, *parameters)
    text = json.dumps(document, sort_keys=True)
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def refusal_answer(request: web.Request, refusal: Refusal) -> web.Response:
    """The answer with an error document."""
    try:
        response = answer(request, refusal.document(), Shape.ERROR, refusal.status)
    except Refusal as worse:
        refusal = worse
        response = _response(request, worse.document(), worse.status, pretty=False)
    if is_v2(request):
        response.headers["X-Error-Code"] = refusal.code
    return response


def _response(request: web.Request, document: dict[str, Any] | list[Any], status: int, *, pretty: bool) -> web.Response:
    settings = request.app[STAGE].settings
    # The members of all documented examples stand in alphabetical order.
    text = json.dumps(document, sort_keys=True, indent=2 if pretty else None, separators=None if pretty else (",", ":"))
    version = version_of(request)
    # Errors are plain JSON even if a version was asked for.
    good = version if status < HTTPStatus.BAD_REQUEST else None
    headers = _headers(request) | {"Content-Type": "application/json" if good is None else good.media_type}
    body = text.encode()
    response = web.Response(body=body, status=status, headers=headers)
    if settings.gzip and len(body) > _COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _headers(request: web.Request) -> dict[str, str]:
    headers = {"Vary": "Accept-Encoding", "Strict-Transport-Security": "max-age=300"}
    if side_of(request) is not Side.ATLAS or request.app[STAGE].settings.service_version_on_atlas:
        headers["X-MongoDB-Service-Version"] = _SERVICE_VERSION
    version = version_of(request)
    return headers if version is None else headers | version.headers


def challenge(stage: Stage, *, stale: bool) -> web.Response:
    """The 401, with the headers in the order of the documents."""
    document = error_document(401, "UNEXPECTED_ERROR", "You are not authorized for this resource.")
    response = web.Response(
        body=json.dumps(document, sort_keys=True).encode(),
        status=401,
        headers={"Content-Type": "application/json;charset=ISO-8859-1"},
    )
    for value in stage.guard.challenges(stage.clock.elapsed, stale=stale):
        response.headers.add("WWW-Authenticate", value)
    return response


def list_answer(
    request: web.Request,
    total: int,
    fetch: Callable[[int, int], Sequence[dict[str, Any]]],
    *,
    linked: bool = True,
    paged: bool = True,
) -> web.Response:
    """A page of a list.

    Args:
        request: Says which page.
        total: How many items the whole list has.
        fetch: Gives the documents from a position on, at most so many.
        linked: Whether the list document has links (lists of tenant jobs have none).
        paged: Whether it has pages; all of it is one page otherwise, whatever was asked for.

    Raises:
        Refusal: A paging parameter is malformed or out of range.

    """
    settings = request.app[STAGE].settings
    page = PageQuery.read(request, settings).within(total, clamped=settings.clamp_past_end)
    start, size = (page.start, page.size) if paged else (0, total)
    document: dict[str, Any] = {"results": list(fetch(start, size))}
    if linked and Oddity.NO_LIST_LINKS not in settings.oddities:
        document["links"] = _list_links(request, page, total, neighbours=paged and settings.include_next_links)
    if page.with_count and settings.include_total_count:
        document["totalCount"] = total
    return answer(request, document, Shape.ATLAS_LIST if side_of(request) is Side.ATLAS else Shape.MANAGER_LIST)


def _list_links(request: web.Request, page: PageQuery, total: int, *, neighbours: bool) -> list[dict[str, str]]:
    links = make_links(request)
    settings = request.app[STAGE].settings
    path = request.rel_url.raw_path.removeprefix(settings.base_path)
    kept = "".join(f"{name}={request.query[name]}&" for name in ("pretty", "batchId") if name in request.query)
    found = [links.link(f"{links.root}{path}?{kept}pageNum={page.number}&itemsPerPage={page.asked}")]
    around = {"previous": page.number - 1, "next": page.number + 1 if page.start + page.size < total else 0}
    for rel, number in around.items():
        if neighbours and number:
            # Recorded: another order than self, and includeCount although nobody sent it.
            query = f"{kept}includeCount=true&itemsPerPage={page.asked}&pageNum={number}"
            found.append(links.link(f"{links.root}{path}?{query}", rel))
    return found


async def tidy(_request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the documented set and order of headers, just before it is sent (a signal of the application)."""
    if response.headers.get("Server") == SERVER_SOFTWARE:
        del response.headers["Server"]
    response.headers.setdefault("Connection", "keep-alive" if response.keep_alive else "close")
    order = _ORDER_401 if response.status == 401 else _ORDER_200  # noqa: PLR2004 - Unauthorized
    ranks = {name.lower(): rank for rank, name in enumerate(order)}
    sent = response.headers.copy()
    response.headers.clear()
    response.headers.extend(sorted(sent.items(), key=lambda item: ranks.get(item[0].lower(), len(order))))
