"""Every kind of answer of Atlas v2 keeps to its JSON Schema (tests/schemas), which is written from the fact sheet.

``nox -s api`` makes the full run, with every state a job can be in. With ``-- spec.yaml`` it takes an OpenAPI document
of the vendor as well, whose name is in ``OPENAPI``.
"""

import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from api_drift.document import Document
from builders.answer_schemas import AnswerSchemas
from builders.openapi_answers import OpenApiSchemas
from builders.v2_answers import V2Answers

SCHEMAS = AnswerSchemas()
full = pytest.mark.skipif("API_ANSWERS" not in os.environ, reason="`nox -s api` makes the full run")


@pytest.fixture
def answering(emulate):
    """Make a caller of an emulator whose world has every kind of cluster, for ``async with``."""

    @asynccontextmanager
    async def start(**settings):
        settings = {"speed": 0, "auth_enabled": False, "clusters_per_project": 7, **settings}
        async with emulate(**settings) as emulator, aiohttp.ClientSession() as client:
            yield V2Answers(emulator, client)

    return start


MEDIA_TYPE = re.compile(r"application/vnd\.atlas\.(\d{4}-\d\d-\d\d)\+json;charset=utf-8")


def wrong_headers(answer):
    """What is wrong with the headers of an answer: protocol, sections 6 to 8."""
    content_type = answer.headers.get("Content-Type", "")
    if answer.kind == "error":
        codes = answer.headers.get("X-Error-Code"), answer.document["errorCode"]
        return [] if content_type == "application/json" and codes[0] == codes[1] else [f"{content_type}, {codes}"]
    found = MEDIA_TYPE.fullmatch(content_type)
    right = answer.kind == "nothing" or (found is not None and found[1] <= answer.version)
    return [] if right else [f"{answer.version} was asked for, {content_type} came"]


def problems(answers, *, gone=False):
    """What does not keep to a schema, each kind of problem once; ``gone`` allows for versions past their sunset."""
    found = {}
    for answer in answers.seen:
        for problem in wrong_headers(answer):
            found[f"{answer.title} headers"] = problem
        if gone and answer.kind == "error" and answer.document["errorCode"] == "VERSION_GONE":
            continue
        if answer.kind != answer.wanted:
            found[answer.title] = f"{answer.wanted} wanted, {answer.kind} came"
        elif answer.kind != "nothing":
            for problem in SCHEMAS.problems(answer.kind, answer.document):
                found.setdefault(f"{answer.title} {problem.partition(':')[2]}", problem)
    return [f"{title}: {problem}" for title, problem in found.items()]


async def test_answers_keep_to_their_schemas(answering):
    async with answering(jobs_per_cluster=12) as answers:
        await answers.neighbours()
        await answers.backups(most=2)
        await answers.creates()
        await answers.collection_restores()
        await answers.refusals()

    assert problems(answers) == []
    assert {answer.kind.removesuffix("[]") for answer in answers.seen} - {"nothing"} == SCHEMAS.kinds


VARIANTS = {
    "usual": {},
    "urlV2": {"url_v2": True},
    "checked": {"check_snapshots": True},
    "other seed": {"seed": 7, "snapshots_per_cluster": 21},
}


@full
@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("outcome", ["done", "failed", "cancelled"])
async def test_answers_keep_to_schemas_in_every_state(answering, outcome, settings):
    async with answering(jobs_per_cluster=60, **settings) as answers:
        await answers.neighbours()
        await answers.backups()
        await answers.creates((outcome,))
        await answers.collection_restores()

    assert problems(answers) == []
    if "OPENAPI" in os.environ:
        document = OpenApiSchemas(Document.read(Path(os.environ["OPENAPI"])))
        assert [line for answer in answers.seen for line in document.problems(answer) or ()] == []


@full
async def test_answers_of_today_keep_to_their_schemas(answering):
    async with answering(jobs_per_cluster=12, today="2026-11-29") as answers:
        await answers.neighbours()
        await answers.backups(most=2)
        await answers.creates()
        await answers.collection_restores()

    assert problems(answers, gone=True) == []
    assert [one.title for one in answers.seen if one.status < 400 and "RateLimit-Limit" not in one.headers] == []
    assert {one.call.split("/")[-1] for one in answers.seen if one.status == 410} == {
        "restores",
        "snapshots",
        "restoreJobs",
        "restore",
        "download",
    }
