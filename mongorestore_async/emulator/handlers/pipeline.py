"""The way of every request: log, gate, hooks, login, endpoint, answer."""

from __future__ import annotations

import asyncio
import logging
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from mongorestore_async.emulator.choices import Manager
from mongorestore_async.emulator.documents import MANAGER_API, Refusal
from mongorestore_async.emulator.handlers.answers import challenge, error_answer, refusal_answer
from mongorestore_async.emulator.handlers.apis import api_of, family_of
from mongorestore_async.emulator.handlers.downloads import is_download
from mongorestore_async.emulator.handlers.limits import refuse_beyond_limit, tell_limit, try_to_pass
from mongorestore_async.emulator.login import Outcome
from mongorestore_async.emulator.oauth import Bearer
from mongorestore_async.emulator.oauth_endpoints import OAUTH_API
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.emulator.records import RequestRecord
    from mongorestore_async.emulator.stage import Fault, Stage

__all__ = ["TASKS", "abandon", "pipeline"]

#: The tasks of requests that one application is working off; a stage may have several.
TASKS = web.AppKey("tasks", set[asyncio.Task[Any]])

_log = logging.getLogger(__name__)


@web.middleware
async def pipeline(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Work one request off (a middleware of the application)."""
    stage = request.app[STAGE]
    task = asyncio.current_task()
    if task is not None:
        for tasks in (stage.working, request.app[TASKS]):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    record = stage.log.begin(request, family_of(request))
    await stage.gate.wait()
    fault: Fault = stage.fault(record) if stage.fault is not None else None
    response: web.StreamResponse | None = None
    if fault != "drop" and not isinstance(fault, web.StreamResponse):
        record, response, later = await _served(request, handler, stage, record)
        fault = fault if later is None else later
    if isinstance(fault, web.StreamResponse):
        response = fault
    return await _sent(request, stage, record, response, fault)


async def abandon(app: web.Application) -> None:
    """End what is still being worked off (a signal of the application, after its connections were closed).

    aiohttp lets go of a request whose client went away, so it would outlive the server while a hook hangs.
    """
    tasks = app[TASKS]
    working = list(tasks)
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


async def _served(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    stage: Stage,
    record: RequestRecord,
) -> tuple[RequestRecord, web.StreamResponse | None, Fault]:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        refusal = Refusal("REQUEST_TOO_LARGE", stage.settings.body_limit)
        return record, refusal_answer(request, refusal), None
    token = _bearer(request, stage)
    if token is not None:
        record = _judge_token(stage, record, token)
        if record.outcome is not Outcome.ACCEPTED:
            # Documented as a plain 401 of the API: it names no scheme.
            return record, error_answer(401, "UNEXPECTED_ERROR", "You are not authorized for this resource."), None
    elif request.path.startswith(stage.settings.base_path + OAUTH_API) or is_download(request):
        # These endpoints know their clients themselves.
        record = stage.log.note(attrs.evolve(record, outcome=Outcome.ACCEPTED))
    else:
        record, stale = _login(request, stage, record, body)
        if record.outcome is not Outcome.ACCEPTED:
            return record, challenge(stage, stale=stale), None
    fault: Fault = stage.fault_after_login(record) if stage.fault_after_login is not None else None
    if fault == "drop" or isinstance(fault, web.StreamResponse):
        return record, None, fault
    passage = try_to_pass(request, stage)
    beyond = refuse_beyond_limit(request, stage, passage)
    response = await _answered(request, handler) if beyond is None else beyond
    tell_limit(response, stage, passage)
    if stage.settings.nextnonce and record.nonce is not None:
        response.headers["Authentication-Info"] = stage.guard.next_nonce(stage.clock.elapsed)
    return record, response, fault


def _bearer(request: web.Request, stage: Stage) -> str | None:
    """The token of a request to an API that service accounts exist for; None when it has none or needs none."""
    settings, api = stage.settings, api_of(request)
    known = api is not None and (api != MANAGER_API or settings.manager is not Manager.OPS_MANAGER)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if settings.auth_enabled and known and scheme.lower() == "bearer" else None


def _judge_token(stage: Stage, record: RequestRecord, token: str) -> RequestRecord:
    verdict = stage.tokens.judge(token, stage.clock.elapsed)
    living = verdict is Bearer.LIVING
    stage.counts.accepted += living
    stage.counts.refusals += not living
    outcome = Outcome.ACCEPTED if living else Outcome.REFUSED
    return stage.log.note(attrs.evolve(record, outcome=outcome, why="" if living else verdict))


def _login(request: web.Request, stage: Stage, record: RequestRecord, body: bytes) -> tuple[RequestRecord, bool]:
    verdict = stage.guard.judge(
        request.headers.get("Authorization"),
        method=request.method,
        target=request.raw_path,
        body=body,
        elapsed=stage.clock.elapsed,
    )
    counts = stage.counts
    counts.challenges += verdict.outcome is Outcome.CHALLENGED
    counts.accepted += verdict.outcome is Outcome.ACCEPTED
    counts.stale += verdict.outcome is Outcome.STALE
    counts.refusals += verdict.outcome is Outcome.REFUSED
    counts.repeated_nc += verdict.repeated
    known = attrs.evolve(record, outcome=verdict.outcome, why=verdict.why, nonce=verdict.nonce, nc=verdict.count)
    return stage.log.note(known), verdict.stale


async def _answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal_answer(request, refusal)
    except web.HTTPMethodNotAllowed as wrong:
        response = refusal_answer(request, Refusal("METHOD_NOT_ALLOWED", request.method))
        response.headers["Allow"] = wrong.headers["Allow"]
        return response
    except web.HTTPNotFound:
        return refusal_answer(request, Refusal("RESOURCE_NOT_FOUND", request.raw_path))
    except Exception:  # noqa: BLE001 - a server answers 500, whatever went wrong
        _log.exception("the emulator failed on %s %s", request.method, request.raw_path)
        return refusal_answer(request, Refusal("UNEXPECTED_ERROR"))


async def _sent(
    request: web.Request, stage: Stage, record: RequestRecord, response: web.StreamResponse | None, fault: Fault
) -> web.StreamResponse:
    if response is not None:
        record = stage.log.note(attrs.evolve(record, status=response.status))
    if stage.before_answer is not None:
        later = await stage.before_answer(record)
        if isinstance(later, web.StreamResponse):
            response, fault = later, None
            record = stage.log.note(attrs.evolve(record, status=response.status))
        elif later is not None:
            fault = later
    if response is None or fault in {"drop", "drop-answer"} or (fault == "truncate" and response.prepared):
        return _cut(request, stage, record)
    response.headers.setdefault("Date", format_datetime(stage.clock.now(), usegmt=True))
    if fault == "truncate":
        return await _truncated(request, stage, record, response)
    return response


def _cut(request: web.Request, stage: Stage, record: RequestRecord) -> web.StreamResponse:
    stage.counts.dropped += 1
    stage.log.note(attrs.evolve(record, status=None))
    if request.transport is not None:
        request.transport.abort()
    # Nobody reads it: the transport is closed, and aiohttp takes the failure to write for a client that went away.
    return web.Response()


async def _truncated(
    request: web.Request, stage: Stage, record: RequestRecord, response: web.StreamResponse
) -> web.StreamResponse:
    body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
    stub = web.StreamResponse(status=response.status, headers=response.headers)
    stub.content_length = len(body)
    await stub.prepare(request)
    await stub.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return _cut_after(stage, record, stub)


def _cut_after(stage: Stage, record: RequestRecord, stub: web.StreamResponse) -> web.StreamResponse:
    stage.counts.dropped += 1
    stage.log.note(record)
    return stub
