"""Rate limits at the door: requests beyond them are refused, and all answers tell what is left."""

from __future__ import annotations

import math
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.handlers.answers import refusal_answer
from mongorestore_async.emulator.limits import Passage, WaitForm

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.stage import Stage

__all__ = ["refuse_beyond_limit", "tell_limit", "try_to_pass"]


def try_to_pass(request: web.Request, stage: Stage) -> Passage | None:
    """Count a request against its limit; None without one."""
    return stage.turnstile.try_to_pass(request.match_info.get("group"), stage.clock.elapsed)


def refuse_beyond_limit(request: web.Request, stage: Stage, passage: Passage | None) -> web.Response | None:
    """The answer to a request beyond its limit; None if it may pass."""
    limiting = stage.turnstile.limiting
    if limiting is None or passage is None or not passage.wait:
        return None
    stage.counts.rate_limited += 1
    status, detail, parameters = stage.turnstile.words(request.path, passage.wait)
    response = refusal_answer(request, Refusal(limiting.code, *parameters, status=status, detail=detail))
    seconds = math.ceil(passage.wait)
    if limiting.retry_after is WaitForm.SECONDS:
        response.headers["Retry-After"] = str(seconds)
    elif limiting.retry_after is WaitForm.DATE:
        moment = stage.clock.now() + timedelta(seconds=seconds)
        response.headers["Retry-After"] = format_datetime(moment, usegmt=True)
    return response


def tell_limit(response: web.StreamResponse, stage: Stage, passage: Passage | None) -> None:
    """Put ``RateLimit-Limit`` and ``RateLimit-Remaining`` into an answer."""
    limiting = stage.turnstile.limiting
    if limiting is not None and passage is not None and limiting.headers:
        response.headers["RateLimit-Limit"] = str(limiting.limit.capacity)
        response.headers["RateLimit-Remaining"] = str(passage.remaining)
