"""Serializers that walk the fields of what a handler returns: none writes a secret."""

from __future__ import annotations

import json

import attrs
import cattrs
import msgspec
import pytest

from builders.secrets import LINK, LONG_KEY, MODELS
from builders.tools import tool

each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


SERIALIZERS = {
    "json": lambda model: json.dumps(attrs.asdict(model), default=str),
    "msgspec": lambda model: msgspec.json.encode(model).decode(),
    "msgspec of asdict": lambda model: msgspec.json.encode(attrs.asdict(model), enc_hook=str).decode(),
    "msgspec to builtins": lambda model: json.dumps(msgspec.to_builtins(model)),
    "orjson": lambda model: tool("orjson").dumps(model, default=attrs.asdict).decode(),
    "orjson of asdict": lambda model: tool("orjson").dumps(attrs.asdict(model), default=str).decode(),
    "cattrs": lambda model: json.dumps(cattrs.unstructure(model), default=str),
    "tuples": lambda model: json.dumps(attrs.astuple(model), default=str),
}


@each_model
@pytest.mark.parametrize("write", SERIALIZERS.values(), ids=SERIALIZERS)
def test_no_serializer_writes_a_secret(write, model):
    written = write(model)

    assert written.startswith(("{", "["))
    assert LONG_KEY not in written


def test_the_value_is_there_for_those_who_ask():
    for name in ("job", "job of a list"):
        delivery = MODELS[name].delivery
        assert (delivery.url, delivery.url_v2, delivery.auth_value) == (LINK, LINK, LONG_KEY)
        assert f"{delivery.url}" == LINK
        assert attrs.evolve(delivery, expires=None) == delivery
        assert dict(MODELS[name]) == MODELS[name].to_dict()
    assert MODELS["Atlas job"].delivery_url == (LINK,)
    assert MODELS["Atlas job"].components[0].private_download_delivery_urls[0].delivery_url == LINK
    assert MODELS["tenant job"].snapshot_url == LINK
    assert MODELS["key"].private_key == LONG_KEY


@pytest.mark.parametrize("annotated", [False, True])
def test_fastapi_answers_with_the_redacted_document(annotated):
    tool("fastapi")
    from fastapi import FastAPI
    from fastapi.routing import APIRoute

    job = MODELS["job of a list"]

    async def one():
        return job

    async def several():
        return [job]

    if annotated:
        one.__annotations__["return"] = type(job)
        several.__annotations__["return"] = list[type(job)]
    app = FastAPI()
    app.get("/one")(one)
    app.get("/several")(several)

    assert json.loads(ask(app, "/one")) == job.to_dict()
    assert json.loads(ask(app, "/several")) == [job.to_dict()]
    assert "/one" in json.loads(ask(app, "/openapi.json"))["paths"]
    assert LONG_KEY not in str(job.to_dict())
    assert all(isinstance(route, APIRoute) for route in app.routes[-2:])


def ask(app, path):
    """Send a request to an ASGI application."""
    import asyncio

    import httpx

    async def send():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.text

    return asyncio.run(send())


@each_model
def test_litestar_sends_no_secret(model):
    litestar = tool("litestar")

    async def handler() -> object:
        return {"of": [model]}

    app = litestar.Litestar([litestar.get("/")(handler)], openapi_config=None)
    assert LONG_KEY not in ask(app, "/")


def test_litestar_takes_a_model_for_a_type():
    litestar = tool("litestar")

    async def handler():
        return MODELS["job"]

    handler.__annotations__["return"] = type(MODELS["job"])
    app = litestar.Litestar([litestar.get("/")(handler)])
    answer = ask(app, "/")
    assert json.loads(answer)["status_name"] == "FINISHED"
    assert LONG_KEY not in answer
    assert "RestoreJob" in ask(app, "/schema/openapi.json")
