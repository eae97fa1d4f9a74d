"""Every kind of answer of Atlas v2 keeps to its JSON Schema (tests/schemas), which is written from the fact sheet."""

import aiohttp
import pytest

from builders.answer_schemas import AnswerSchemas
from builders.v2_answers import V2Answers

SCHEMAS = AnswerSchemas()


@pytest.fixture
def answering(emulate):
    """Make a caller of an emulator whose world has every kind of cluster."""

    class Answering:
        def __init__(self, **settings):
            self.settings = {"speed": 0, "auth_enabled": False, "clusters_per_project": 7, **settings}

        async def __aenter__(self):
            self.serving = emulate(**self.settings)
            self.client = aiohttp.ClientSession()
            return V2Answers(await self.serving.__aenter__(), self.client)

        async def __aexit__(self, *exception):
            await self.client.close()
            await self.serving.__aexit__(*exception)

    return Answering


def problems(answers):
    """What does not keep to a schema, each kind of problem once."""
    found = {}
    for answer in answers.seen:
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
        await answers.refusals()

    assert problems(answers) == []
    assert {answer.kind.removesuffix("[]") for answer in answers.seen} - {"nothing"} == SCHEMAS.kinds
