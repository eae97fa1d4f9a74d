"""Tools that show or export errors with local variables: no secret stands in them."""

from __future__ import annotations

import io
import json
import traceback

import pytest

from builders.secrets import LONG_KEY, REFUSALS, refused
from builders.tools import tool


def plain(error):
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def by_rich(error):
    tool("rich")
    from rich.console import Console
    from rich.traceback import Traceback

    console = Console(file=io.StringIO(), width=2000)
    console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True, width=2000))
    return console.file.getvalue()


def by_structlog(error):
    tracebacks = tool("structlog").tracebacks
    transform = tracebacks.ExceptionDictTransformer(show_locals=True)
    return json.dumps(transform((type(error), error, error.__traceback__)))


def by_sentry(error):
    tool("sentry_sdk")
    from sentry_sdk.utils import event_from_exception

    event, _ = event_from_exception(error)
    return json.dumps(event, default=repr)


def by_elastic(error):
    tool("elasticapm")
    from elasticapm.utils.stacks import get_stack_info, iter_traceback_frames

    return json.dumps(get_stack_info(iter_traceback_frames(error.__traceback__), with_locals=True), default=repr)


TOOLS = {"Python": plain, "rich": by_rich, "structlog": by_structlog, "Sentry": by_sentry, "elastic-apm": by_elastic}


@pytest.mark.parametrize("call", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("show", TOOLS.values(), ids=TOOLS)
def test_a_traceback_with_locals_shows_no_secret(show, call):
    shown = show(refused(call))

    assert "mongorestore_async" in shown
    # Not even a part of it: tools cut long strings.
    assert LONG_KEY[:17] not in shown


@pytest.mark.parametrize("call", REFUSALS.values(), ids=REFUSALS)
def test_no_frame_of_ours_binds_a_bare_secret(call, new_hunt):
    hunt = new_hunt()
    hunt.secrets["key"] = LONG_KEY[:17]
    hunt.error("refusal", refused(call))

    assert any(where.startswith("exported locals") for where, _ in hunt.pictures)
    assert hunt.hits() == []


@pytest.mark.parametrize("show", TOOLS.values(), ids=TOOLS)
def test_a_tool_that_shows_locals_is_seen_to_do_so(show):
    """Without this the tests above could pass because a tool shows nothing."""

    def fail():
        local = "in-clear"
        raise ValueError(len(local))

    with pytest.raises(ValueError, match="8") as caught:
        fail()
    assert "in-clear" in show(caught.value)
