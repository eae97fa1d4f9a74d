"""The emulator as a web application: its routes, and the way of every request through it.

A new API is one more name in ``_ROUTES``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from mongorestore_async.emulator.apis import organizations, project_endpoints
from mongorestore_async.emulator.apis.answers import error_answer, service_error_answer
from mongorestore_async.emulator.apis.atlas import (
    atlas_backup_snapshots,
    atlas_cloud_backup,
    atlas_collection_restore,
    atlas_flex,
    atlas_legacy,
    atlas_serverless,
    atlas_snapshot_contents,
    atlas_tenant,
    endpoint_sets,
)
from mongorestore_async.emulator.apis.manager import manager_backups, manager_clusters, manager_jobs, manager_snapshots
from mongorestore_async.emulator.apis.request_info import api_of, family_of, is_v2
from mongorestore_async.emulator.digest_server import Outcome
from mongorestore_async.emulator.document_parts import MANAGER_API, UNAUTHENTICATED_API
from mongorestore_async.emulator.download_server import DOWNLOAD_ROUTES, is_download
from mongorestore_async.emulator.faults.broken_answers import drip, drop, hold, truncate
from mongorestore_async.emulator.faults.fault_plan import PLAYED_FAULT
from mongorestore_async.emulator.request_log import REQUEST_NUMBER
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.service_errors import ServiceError, error_document
from mongorestore_async.emulator.setting_types import Manager
from mongorestore_async.emulator.token_server import OAUTH_API, TokenStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.emulator.apis.request_info import Handler, Route
    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Allowance
    from mongorestore_async.emulator.request_log import Fault, RequestRecord

__all__ = ["TASKS", "arrange_headers", "cancel_tasks", "create_app", "create_download_app", "pipeline"]

_ROUTES: tuple[Route, ...] = (
    *project_endpoints.ROUTES,
    *organizations.ROUTES,
    *manager_clusters.ROUTES,
    *manager_backups.ROUTES,
    *manager_jobs.ROUTES,
    *manager_snapshots.ROUTES,
    *atlas_legacy.ROUTES,
    *atlas_cloud_backup.ROUTES,
    *atlas_backup_snapshots.ROUTES,
    *atlas_collection_restore.ROUTES,
    *atlas_snapshot_contents.ROUTES,
    *atlas_tenant.ROUTES,
    *atlas_flex.ROUTES,
    *atlas_serverless.ROUTES,
    *endpoint_sets.ROUTES,
)
#: Clients have addressed the real servers with a slash at the end for years.
_SLASH = "{slash:/?}"
_PROJECT_IN_PATH = re.compile("/groups/([0-9a-f]{24})(?:/|$)")
#: The order in which the documents print the headers of a 200; the 401 has an order of its own.
_HEADERS_200 = ("Vary", "Content-Type", "Strict-Transport-Security", "Date", "Connection", "Content-Length")
_HEADERS_401 = ("Content-Type", "Date", "WWW-Authenticate", "Content-Length", "Connection")
#: The tasks of the requests in progress of one application; a state may be served by several.
TASKS = web.AppKey("tasks", set[asyncio.Task[Any]])

_log = logging.getLogger(__name__)


def create_app(settings: EmulatorSettings | None = None, *, state: ServerState | None = None) -> web.Application:
    """The emulator as an application, for those who host it themselves.

    Its state is ``app[SERVER_STATE]``: keys, counts, world, clock, hooks.

    Args:
        settings: What kind of server to play.
        state: A state to serve, instead of a new one made from the settings.

    Returns:
        The application.

    """
    served = ServerState(settings) if state is None else state
    routes = [(method, path + _SLASH, handler) for method, path, handler in (*_ROUTES, *served.tokens.routes())]
    return _make_app(served, (*routes, *DOWNLOAD_ROUTES))


def create_download_app(state: ServerState) -> web.Application:
    """An application for the downloads of an emulator, without any API; see :class:`DownloadHost`."""
    return _make_app(state, DOWNLOAD_ROUTES)


def _make_app(state: ServerState, routes: Iterable[Route]) -> web.Application:
    app = web.Application(middlewares=[pipeline], client_max_size=state.settings.body_limit)
    app[SERVER_STATE] = state
    app[TASKS] = set()
    for method, path, handler in routes:
        app.router.add_route(method, state.settings.base_path + path, handler)
    app.on_response_prepare.append(arrange_headers)
    app.on_cleanup.append(cancel_tasks)
    return app


@web.middleware
async def pipeline(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Process a request: log, gate, hooks, login, rate limit, endpoint, answer (a middleware)."""
    state = request.app[SERVER_STATE]
    task = asyncio.current_task()
    if task is not None:
        for tasks in (state.working, request.app[TASKS]):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    record = state.log.begin(request, family_of(request))
    request[REQUEST_NUMBER] = record.number
    await state.gate.wait()
    fault: Fault = state.fault(record) if state.fault is not None else None
    response: web.StreamResponse | None = None
    if fault != "drop" and not isinstance(fault, web.StreamResponse):
        record, response, later = await _process(request, handler, state, record)
        fault = fault if later is None else later
    if isinstance(fault, web.StreamResponse):
        response = fault
    return await _finish(request, state, record, response, fault)


async def cancel_tasks(app: web.Application) -> None:
    """Cancel the requests still in progress (a signal of the application, after its connections were closed).

    aiohttp drops a request whose client has gone, so its task would outlive the server while a hook hangs.
    """
    tasks = app[TASKS]
    working = list(tasks)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


async def _process(
    request: web.Request, handler: Handler, state: ServerState, record: RequestRecord
) -> tuple[RequestRecord, web.StreamResponse | None, Fault]:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        error = ServiceError("REQUEST_TOO_LARGE", state.settings.body_limit)
        return record, service_error_answer(request, error), None
    record, refused = _admit(request, state, record, body)
    if refused is not None:
        return record, refused, None
    record, refused, fault = _strike(request, state, record)
    if refused is not None or fault == "drop" or isinstance(fault, web.StreamResponse):
        return record, refused, fault
    allowance = _count(request, state)
    if allowance is not None and allowance.wait:
        response: web.StreamResponse = _rate_limited(request, state, allowance)
    else:
        response = await _call_handler(request, handler)
    if is_v2(request) and response.headers.get("X-Error-Code") == "GROUP_NOT_FOUND":
        # Recorded: for such a project the service in front answers.
        response.headers.pop("X-MongoDB-Service-Version", None)
    else:
        response.headers.update(state.rate_limit_counter.headers(allowance))
    if state.settings.nextnonce and record.nonce is not None:
        response.headers["Authentication-Info"] = state.guard.next_nonce(state.clock.elapsed)
    plan = request.get(PLAYED_FAULT)
    if plan is not None:
        response = plan.late(response)
        await hold(request, plan.wait)
    return record, response, fault


def _admit(
    request: web.Request, state: ServerState, record: RequestRecord, body: bytes
) -> tuple[RequestRecord, web.StreamResponse | None]:
    """Check the login; the answer is None for a request that is let in."""
    token = _bearer(request, state)
    if token is not None:
        record = _check_token(state, record, token)
        if record.outcome is not Outcome.ACCEPTED:
            # Documented as a plain 401 of the API: it names no scheme.
            return record, error_answer(401, "UNEXPECTED_ERROR", "You are not authorized for this resource.")
    elif _needs_no_login(request, state) or is_download(request):
        record = state.log.note(attrs.evolve(record, outcome=Outcome.ACCEPTED))
    else:
        record, stale = _login(request, state, record, body)
        if record.outcome is not Outcome.ACCEPTED:
            return record, _challenge(state, stale=stale)
    if body and request.content_type.endswith("json"):
        with contextlib.suppress(ValueError, RecursionError):
            record = state.log.note(attrs.evolve(record, body=json.loads(body)))
    return record, None


def _strike(
    request: web.Request, state: ServerState, record: RequestRecord
) -> tuple[RequestRecord, web.StreamResponse | None, Fault]:
    """Ask the hook, then the faults by name, for a request that was let in."""
    fault: Fault = state.fault_after_login(record) if state.fault_after_login is not None else None
    played = state.faults.strike(record) if fault is None else None
    if played is None:
        return record, None, fault
    record = state.log.note(attrs.evolve(record, fault=played.name))
    request[PLAYED_FAULT] = played.plan
    if played.plan.challenge is not None:
        return record, _challenge(state, stale=played.plan.challenge == "stale"), None
    return record, None, played.plan.early()


def _needs_no_login(request: web.Request, state: ServerState) -> bool:
    # Those of tokens check their clients themselves.
    apis = (OAUTH_API, UNAUTHENTICATED_API)
    return request.path.startswith(tuple(state.settings.base_path + api for api in apis))


def _count(request: web.Request, state: ServerState) -> Allowance | None:
    # A verb that is not allowed has no route.
    named = _PROJECT_IN_PATH.search(request.path)
    held = None
    if is_v2(request):
        held = endpoint_sets.held_limit(request.path.removeprefix(state.settings.base_path), state.settings)
    return state.rate_limit_counter.count(None if named is None else named[1], state.clock.elapsed, held)


def _bearer(request: web.Request, state: ServerState) -> str | None:
    """The bearer token of a request to an API that has service accounts; None without one, or without logins."""
    settings, api = state.settings, api_of(request)
    known = api is not None and (api != MANAGER_API or settings.manager is not Manager.OPS_MANAGER)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if settings.auth_enabled and known and scheme.lower() == "bearer" else None


def _check_token(state: ServerState, record: RequestRecord, token: str) -> RequestRecord:
    result = state.tokens.check(token)
    living = result is TokenStatus.LIVING
    state.counts.accepted += living
    state.counts.refusals += not living
    outcome = Outcome.ACCEPTED if living else Outcome.REFUSED
    return state.log.note(attrs.evolve(record, outcome=outcome, why="" if living else result))


def _login(request: web.Request, state: ServerState, record: RequestRecord, body: bytes) -> tuple[RequestRecord, bool]:
    result = state.guard.verify(
        request.headers.get("Authorization"),
        method=request.method,
        target=request.raw_path,
        body=body,
        elapsed=state.clock.elapsed,
    )
    counts = state.counts
    counts.challenges += result.outcome is Outcome.CHALLENGED
    counts.accepted += result.outcome is Outcome.ACCEPTED
    counts.stale += result.outcome is Outcome.STALE
    counts.refusals += result.outcome is Outcome.REFUSED
    counts.repeated_nc += result.repeated
    known = attrs.evolve(record, outcome=result.outcome, why=result.why, nonce=result.nonce, nc=result.count)
    return state.log.note(known), result.stale


def _rate_limited(request: web.Request, state: ServerState, allowance: Allowance) -> web.Response:
    """The answer to a request beyond the rate limit."""
    state.counts.rate_limited += 1
    counter = state.rate_limit_counter
    code, status, detail, parameters = counter.error_parts(request.path, allowance)
    response = service_error_answer(request, ServiceError(code, *parameters, status=status, detail=detail))
    response.headers.update(counter.retry_after(allowance, state.clock.now()))
    return response


def _challenge(state: ServerState, *, stale: bool) -> web.Response:
    """The 401, with the headers in the order of the documents."""
    document = error_document(401, "UNEXPECTED_ERROR", "You are not authorized for this resource.")
    response = web.Response(
        body=json.dumps(document, sort_keys=True).encode(),
        status=401,
        headers={"Content-Type": "application/json;charset=ISO-8859-1"},
    )
    for value in state.guard.challenges(state.clock.elapsed, stale=stale):
        response.headers.add("WWW-Authenticate", value)
    return response


async def _call_handler(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ServiceError as error:
        return service_error_answer(request, error)
    except web.HTTPMethodNotAllowed as wrong:
        response = service_error_answer(request, ServiceError("METHOD_NOT_ALLOWED", request.method))
        response.headers["Allow"] = wrong.headers["Allow"]
        return response
    except web.HTTPNotFound:
        return service_error_answer(request, ServiceError("RESOURCE_NOT_FOUND", request.raw_path))
    except Exception:  # noqa: BLE001 - a server answers 500, whatever went wrong
        _log.exception("the emulator failed on %s %s", request.method, request.raw_path)
        return service_error_answer(request, ServiceError("UNEXPECTED_ERROR"))


async def _finish(
    request: web.Request, state: ServerState, record: RequestRecord, response: web.StreamResponse | None, fault: Fault
) -> web.StreamResponse:
    if response is not None:
        record = state.log.note(attrs.evolve(record, status=response.status))
    if state.before_answer is not None:
        later = await state.before_answer(record)
        if isinstance(later, web.StreamResponse):
            response, fault = later, None
            record = state.log.note(attrs.evolve(record, status=response.status))
        elif later is not None:
            fault = later
    if response is None or fault in {"drop", "drop-answer"} or (fault == "truncate" and response.prepared):
        return drop(request, state.log, record)
    response.headers.setdefault("Date", format_datetime(state.clock.now(), usegmt=True))
    if fault == "truncate":
        return await truncate(request, state.log, record, response)
    plan = request.get(PLAYED_FAULT)
    if plan is not None and plan.bytes_per_second is not None and isinstance(response, web.Response):
        return await drip(request, response, plan.bytes_per_second)
    return response


async def arrange_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers of an answer into the documented order, just before it is sent (a signal of the application)."""
    if response.headers.get("Server") == SERVER_SOFTWARE:
        del response.headers["Server"]
    response.headers.setdefault("Connection", "keep-alive" if response.keep_alive else "close")
    order = _HEADERS_401 if response.status == 401 else _HEADERS_200  # noqa: PLR2004 - Unauthorized
    ranks = {name.lower(): rank for rank, name in enumerate(order)}
    sent = response.headers.copy()
    response.headers.clear()
    response.headers.extend(sorted(sent.items(), key=lambda item: ranks.get(item[0].lower(), len(order))))
