"""The schemas of answers are strict, and an OpenAPI document of the vendor can take their place."""

from pathlib import Path

import pytest

import api_drift
from api_drift.document import Document
from builders.answer_schemas import AnswerSchemas
from builders.openapi_answers import OpenApiSchemas
from builders.v2_answers import Answer

SCHEMAS = AnswerSchemas()
ID, DATE = "5f1a2b3c4d5e6f7a8b9c0d1e", "2026-11-29T12:00:00Z"
JOB = {
    "id": ID,
    "deliveryType": "RESTORE",
    "instanceName": "flex-0",
    "projectId": ID,
    "restoreScheduledDate": DATE,
    "snapshotId": ID,
    "status": "RUNNING",
    "targetDeploymentItemName": "flex-0",
    "targetProjectId": ID,
}


def test_a_good_answer_has_no_problems():
    assert SCHEMAS.problems("flex-job", JOB) == []
    assert SCHEMAS.problems("flex-job[]", {"results": [JOB, JOB], "totalCount": 2, "links": []}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"surprise": 1},
        {"status": "running"},
        {"id": "no id"},
        {"restoreScheduledDate": "2026-11-29 12:00"},
        {"restoreScheduledDate": 1764417600},
        {"snapshotUrl": "https://files.example/a.tgz"},
        {"restoreFinishedDate": DATE},
        {"status": "FAILED"},
        {"targetProjectId": None},
        {"links": [{"href": "https://cloud.mongodb.com"}]},
    ],
    ids=lambda wrong: " ".join(f"{name}={value}"[:30] for name, value in wrong.items()),
)
def test_a_wrong_member_is_a_problem(wrong):
    (problem,) = SCHEMAS.problems("flex-job", JOB | wrong)
    (listed,) = SCHEMAS.problems("flex-job[]", {"results": [JOB, JOB | wrong]})

    assert problem.startswith("$")
    assert listed.startswith("$.results[1]")


@pytest.mark.parametrize("wrong", [{"totalCount": -1}, {"status": 200}, {"results": None}, {"links": [{}]}])
def test_a_wrong_list_document_is_a_problem(wrong):
    assert SCHEMAS.problems("flex-job[]", {"results": [JOB], "totalCount": 1, **wrong})


@pytest.fixture(scope="module")
def document():
    return OpenApiSchemas(Document.read(Path(api_drift.__file__).with_name("sample.yaml")))


def answer(call, document, status=200):
    return Answer(call, "2024-11-13", "flex-job[]", "flex-job[]", status, {}, document)


LIST = "GET /groups/{project}/flexClusters/{cluster}/backup/restoreJobs"


def test_a_document_of_the_vendor_judges_answers(document):
    wrong = JOB | {"status": "THAWING"}

    assert document.problems(answer(LIST, {"results": [JOB]})) == []
    (problem,) = document.problems(answer(LIST, {"results": [JOB, wrong]}))
    assert problem.startswith("$.results[1].status: 'THAWING'")


@pytest.mark.parametrize("call", ["GET /nothing", LIST.replace("GET", "POST"), "GET /groups/{project}/alerts"])
def test_what_a_document_lacks_is_not_judged(document, call):
    assert document.problems(answer(call, {"results": 7})) is None


def test_errors_are_not_judged_by_a_document(document):
    assert document.problems(answer(LIST, {"error": 404}, 404)) is None
