"""What tools of others write of a key, a job or a link: the first table of docs/security.rst, row by row."""

from __future__ import annotations

import copy
import importlib
import io
import json
import logging
import os
import pickle
import warnings

import attrs
import cattrs
import msgspec
import pytest

from builders.secrets import JOB, LONG_KEY, MODELS
from mongorestore_async import OPS_MANAGER, load_job


def tool(name):
    """Import a tool of others; ``nox -s tools`` installs all of them, and there none may be missing."""
    return importlib.import_module(name) if "TOOLS" in os.environ else pytest.importorskip(name)


def by_logging(form):
    def write(value):
        target = io.StringIO()
        handler, logger = logging.StreamHandler(target), logging.getLogger("tests.tools")
        logger.propagate = False
        logger.addHandler(handler)
        try:
            logger.warning(form, (value,) if form == "%r" else value)
        finally:
            logger.removeHandler(handler)
        return target.getvalue()

    return write


def by_structlog(value):
    return tool("structlog").processors.JSONRenderer()(None, "info", {"event": "restored", "value": value})


def by_loguru(form, *, serialize=False):
    def write(value):
        logger, target = tool("loguru").logger, io.StringIO()
        logger.remove()
        number = logger.add(target, serialize=serialize, format="{message}")
        try:
            logger.bind(value=value).info(form, value)
        finally:
            logger.remove(number)
        return target.getvalue()

    return write


def by_sentry(value):
    sentry_sdk = tool("sentry_sdk")
    from sentry_sdk.transport import Transport

    sent = []

    class Keeper(Transport):
        def capture_envelope(self, envelope):
            sent.extend(item.payload.json for item in envelope.items if item.payload.json)

    sentry_sdk.init("https://key@sentry.invalid/1", transport=Keeper, default_integrations=False)
    try:
        with sentry_sdk.new_scope() as scope:
            scope.set_context("restore", {"value": value})
            sentry_sdk.capture_message("restored")
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()
    assert sent
    return json.dumps(sent)


def by_elastic(value):
    tool("elasticapm")
    from elasticapm.utils.encoding import transform

    return json.dumps(transform({"custom": {"value": value}}), default=repr)


def by_ddtrace(value):
    tool("ddtrace")
    from ddtrace.trace import Span

    span = Span("restore")  # of no tracer, so nothing is sent
    span.set_tag("value", value)
    return str(span.get_tag("value"))


def by_opentelemetry(value):
    provider = tool("opentelemetry.sdk.trace").TracerProvider()
    span = provider.get_tracer("tests").start_span("restore")
    logging.getLogger("opentelemetry.attributes").setLevel(logging.CRITICAL)  # it says that it takes no such value
    span.set_attribute("value", value)
    span.end()
    return span.to_json()


def by_pydantic(value):
    pydantic = tool("pydantic")
    return pydantic.TypeAdapter(dict[str, object]).dump_json({"value": value}).decode()


def by_fastapi(value):
    tool("fastapi")
    from fastapi.encoders import jsonable_encoder

    return json.dumps(jsonable_encoder(value))


def by_litestar(value):
    tool("litestar")
    from litestar.serialization import default_serializer, encode_json

    return encode_json(value, default_serializer).decode()


VALUES = {
    "``logging``, ``%r``": by_logging("%r"),
    "``logging``, ``%s``": by_logging("%s"),
    "structlog, JSON": by_structlog,
    "loguru, ``{!r}``": by_loguru("{!r}"),
    "loguru, ``{}``": by_loguru("{}"),
    "loguru, ``serialize=True``": by_loguru("restored", serialize=True),
    "Sentry, context of an event": by_sentry,
    "elastic-apm, custom context": by_elastic,
    "ddtrace, tag of a span": by_ddtrace,
    "OpenTelemetry, attribute of a span": by_opentelemetry,
    "``json``, ``default=str``": lambda value: json.dumps(value, default=str),
    "orjson, ``default=attrs.asdict``": lambda value: tool("orjson").dumps(value, default=attrs.asdict).decode(),
    "msgspec": lambda value: msgspec.json.encode(value).decode(),
    "pydantic": by_pydantic,
    "cattrs, then ``json``": lambda value: json.dumps(cattrs.unstructure(value), default=str),
    "FastAPI": by_fastapi,
    "Litestar": by_litestar,
    "``pickle``": lambda value: pickle.dumps(value).decode("latin-1"),
    "``copy.deepcopy``, then ``repr``": lambda value: repr(copy.deepcopy(value)),
}

_JOB = load_job(OPS_MANAGER, JOB)
THINGS = {
    "a key": MODELS["key"],
    "a job": _JOB,
    "``job.to_dict()``": _JOB.to_dict(),
    "``job.raw``": _JOB.raw,
    "``job.delivery.url``": _JOB.delivery.url,
}


def seen(write, value):
    """What a tool shows of the secret in a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tools about values that they were not made for
        try:
            written = write(value)
        except Exception:  # noqa: BLE001 - each has an error of its own for what it cannot write
            return "refused"
    assert written
    return "**shown**" if LONG_KEY[:17] in written else "hidden"


@pytest.mark.parametrize("name", VALUES)
def test_what_a_tool_shows_of_a_value(name, book):
    table = book.table("security.rst", "values", ("tool", *THINGS), [(each,) for each in VALUES])

    cells = tuple(seen(VALUES[name], value) for value in THINGS.values())

    table.check((name,), cells)
    assert "**shown**" not in cells[:3]


def test_the_page_has_these_tools_and_no_others(book):
    book.table("security.rst", "values", ("tool", *THINGS), [(each,) for each in VALUES]).check_keys()
