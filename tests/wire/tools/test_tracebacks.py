"""Tools that show or export errors with local variables: the second table of docs/security.rst, row by row."""

from __future__ import annotations

import io
import json
import traceback

import pytest

from builders.secrets import JOB, LONG_KEY, REFUSALS, refused
from builders.tools import tool
from mongorestore_async import OPS_MANAGER, DigestAuth, load_job


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
    transform = tool("structlog").tracebacks.ExceptionDictTransformer(show_locals=True)
    return json.dumps(transform((type(error), error, error.__traceback__)))


def by_loguru(error):
    logger, target = tool("loguru").logger, io.StringIO()
    logger.remove()
    # Not backtrace=True: it goes on to the frames above, whose lines name the key of the test.
    number = logger.add(target, diagnose=True, backtrace=False)
    try:
        logger.opt(exception=error).error("failed")
    finally:
        logger.remove(number)
    return target.getvalue()


def by_sentry(error):
    tool("sentry_sdk")
    from sentry_sdk.utils import event_from_exception

    return json.dumps(event_from_exception(error)[0], default=repr)


def by_elastic(error):
    tool("elasticapm")
    from elasticapm.utils.stacks import get_stack_info, iter_traceback_frames

    return json.dumps(get_stack_info(iter_traceback_frames(error.__traceback__), with_locals=True), default=repr)


def by_ddtrace(error):
    tool("ddtrace")
    from ddtrace.trace import Span

    span = Span("restore")  # of no tracer, so nothing is sent
    span.set_exc_info(type(error), error, error.__traceback__)
    return str(span.get_tag("error.stack")) + str(span.get_tag("error.message"))


ERRORS = {
    "Python, ``capture_locals=True``": plain,
    "rich, ``show_locals=True``": by_rich,
    "structlog, ``show_locals=True``": by_structlog,
    "loguru, ``diagnose=True``": by_loguru,
    "Sentry": by_sentry,
    "elastic-apm": by_elastic,
    "ddtrace, error of a span": by_ddtrace,
}


def _fails_with(make):
    """Make an error in a frame of the user's, with a variable that holds what ``make`` gives."""

    def fail():
        held = make()
        raise ValueError(str(held is None))

    with pytest.raises(ValueError, match="False") as caught:
        fail()
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # without the frame of this test
    return caught.value


CASES = {
    "an error of this library": lambda: [refused(call) for call in REFUSALS.values()],
    "your variable with a ``DigestAuth``": lambda: [_fails_with(lambda: DigestAuth("public", LONG_KEY))],
    "your variable with a job": lambda: [_fails_with(lambda: load_job(OPS_MANAGER, JOB))],
    "your variable with a link": lambda: [_fails_with(lambda: load_job(OPS_MANAGER, JOB).delivery.url)],
    "your variable with a bare key": lambda: [_fails_with(lambda: str.__str__(LONG_KEY))],
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_a_tool_shows_of_an_error(name, book):
    table = book.table("security.rst", "errors", ("tool", *CASES), [(each,) for each in ERRORS])
    show = ERRORS[name]

    texts = ["".join(map(show, make())) for make in CASES.values()]
    cells = tuple("**shown**" if LONG_KEY[:17] in text else "hidden" for text in texts)

    table.check((name,), cells)
    assert "**shown**" not in cells[:3]


def test_the_page_has_these_tools_and_no_others(book):
    book.table("security.rst", "errors", ("tool", *CASES), [(each,) for each in ERRORS]).check_keys()


@pytest.mark.parametrize("call", REFUSALS.values(), ids=REFUSALS)
def test_no_frame_of_ours_binds_a_bare_secret(call, new_hunt):
    hunt = new_hunt()
    hunt.secrets["key"] = LONG_KEY[:17]
    hunt.error("refusal", refused(call))

    assert any(where.startswith("exported locals") for where, _ in hunt.pictures)
    assert hunt.hits() == []
