"""The drift watch: this package beside an OpenAPI document (tests/support/api_drift)."""

import copy
import json
from pathlib import Path

import pytest

import api_drift
from api_drift.__main__ import main
from api_drift.document import Document
from api_drift.package import fields_of, uses

SAMPLE = Path(api_drift.__file__).with_name("sample.yaml")

#: What sample.yaml has changed, beside the operations it leaves out.
CHANGED = """\
different: GET /groups/{}/flexClusters at 2024-11-13 ends on 2027-07-01
gone member snapshotFinishedDate of TenantRestoreJob
gone parameter includeCount of GET /groups/{}/flexClusters/{}/backup/restoreJobs
gone version 2024-11-13 of POST /groups/{}/flexClusters/{}/backup/restoreJobs, which has 2026-05-05
gone word CLOSED in status of TenantRestoreJob
new member restoredBytes of TenantRestoreJob
new member title of links in TenantRestoreJob
new operation POST /groups/{}/flexClusters/{}/backup/restoreJobs/{}:preview, at 2026-05-05 (ends on 2028-01-01)
new parameter stateName of GET /groups/{}/flexClusters
new version 2026-05-05 of GET /groups/{}/flexClusters, where 2024-11-13 is asked for
new version 2026-05-05 of POST /groups/{}/flexClusters/{}/backup/restoreJobs, where 2024-11-13 is asked for
new word CLONE in deliveryType of TenantRestoreJob
"""


def schema_of(model):
    """An object with all that a model reads."""
    properties = {}
    for field in fields_of(model):
        words = {"enum": sorted(field.words)} if field.words else {}
        inner = schema_of(field.model) if field.model is not None else {}
        properties[field.names[0]] = {"type": "array", "items": inner} if inner else words
    return {"type": "object", "properties": properties}


def agreeing():
    """A document that says just what this package knows."""
    paths = {}
    for use in uses():
        media = {"schema": {} if use.model is None else schema_of(use.model)}
        operation = {
            "parameters": [{"in": "query", "name": name} for name in sorted(use.query)],
            "responses": {"200": {"content": {f"application/vnd.atlas.{use.version}+json": media}}},
        }
        paths.setdefault(f"/api/atlas/v2{use.path}", {})[use.method.lower()] = operation
    return {"openapi": "3.0.1", "info": {"version": "ours"}, "paths": paths}


@pytest.fixture
def compare(tmp_path, capsys):
    """Compare with a document; gives the exit code, and the lines before the last."""

    def run(tree, known=""):
        document, accepted = tmp_path / "spec.json", tmp_path / "known.txt"
        document.write_text(json.dumps(tree), encoding="utf-8")
        accepted.write_text(known, encoding="utf-8")
        code = main([str(document), "--known", str(accepted)])
        return code, capsys.readouterr().out.splitlines()[:-1]

    return run


def test_a_sample_document_shows_each_change(tmp_path, capsys):
    nothing = tmp_path / "known.txt"
    nothing.touch()

    assert main([str(SAMPLE), "--known", str(nothing)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines[:-1] if not line.startswith("gone operation")] == CHANGED.splitlines()
    assert "gone operation GET /groups/{}/flexClusters/{}/backup/snapshots, of atlas-flex" in lines
    assert lines[-1].startswith("document 2.0 (sample): 6 operations, ")


def test_an_agreeing_document_shows_nothing(compare):
    assert compare(agreeing()) == (0, [])


JOBS = "/api/atlas/v2/groups/{}/clusters/{}/restoreJobs"
LIST = "GET /groups/{}/clusters/{}/restoreJobs"


def answer(tree, method="get"):
    (media,) = tree["paths"][JOBS][method]["responses"]["200"]["content"].values()
    return media


def properties(tree, method="get"):
    return answer(tree, method)["schema"]["properties"]


def new_status(tree):
    properties(tree)["delivery"]["items"]["properties"]["statusName"]["enum"].append("THAWING")


def lost_member(tree):
    for path in (JOBS, f"{JOBS}/{{}}"):
        for operation in tree["paths"][path].values():
            (media,) = operation["responses"]["200"]["content"].values()
            del media["schema"]["properties"]["batchId"]


def shifted(tree):
    content = tree["paths"][JOBS]["get"]["responses"]["200"]["content"]
    content["application/vnd.atlas.2025-02-19+json"] = content.pop("application/vnd.atlas.2023-01-01+json")


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (new_status, ["new word THAWING in statusName of delivery in RestoreJob"]),
        (lost_member, ["gone member batchId of RestoreJob"]),
        (lambda tree: properties(tree).update(colour={}), ["new member colour of RestoreJob"]),
        (lambda tree: answer(tree).update({"x-sunset": "2027-01-01"}), [
            f"different: {LIST} at 2023-01-01 ends on 2027-01-01"
        ]),
        (lambda tree: tree["paths"].pop(f"{JOBS}/{{}}"), [f"gone operation {LIST}/{{}}, of atlas-legacy"]),
        (lambda tree: tree["paths"][JOBS]["get"]["parameters"].clear(), [
            f"gone parameter {name} of {LIST}" for name in ("batchId", "includeCount", "itemsPerPage", "pageNum")
        ]),
        (lambda tree: tree["paths"].update({f"{JOBS}/{{}}:pause": {"post": {}}}), [
            "new operation POST /groups/{}/clusters/{}/restoreJobs/{}:pause, at no version"
        ]),
        (shifted, [
            f"gone version 2023-01-01 of {LIST}, which has 2025-02-19",
            f"new version 2025-02-19 of {LIST}, where 2023-01-01 is asked for",
        ]),
        (lambda tree: tree["paths"].update({"/api/atlas/v2/groups/{}/alerts": {"get": {}}}), []),
    ],
    ids=["word", "gone member", "new member", "sunset", "gone", "parameters", "operation", "version", "far away"],
)  # fmt: skip
def test_a_change_is_one_line(compare, change, lines):
    tree = copy.deepcopy(agreeing())
    change(tree)

    assert compare(tree) == (1 if lines else 0, lines)


def test_known_differences_count_for_nothing(compare):
    tree = agreeing()
    properties(tree).update(colour={})

    assert compare(tree, known="# understood\n\nnew member colour of RestoreJob\n") == (0, [])


def test_a_known_difference_that_went_away_is_told(compare):
    line = "gone member batchId of RestoreJob"

    assert compare(agreeing(), known=line) == (1, [f"known, but not there any more: {line}"])


@pytest.mark.parametrize("text", ["[]", "{}", "openapi: 3.0.1", "{", "openapi: 3.0.1\npaths: []"])
def test_a_file_that_is_no_document_ends_with_two(tmp_path, capsys, text):
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")

    assert main([str(path)]) == 2
    assert capsys.readouterr().err


def test_references_that_go_in_circles_are_an_error():
    document = Document({"paths": {}, "a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}})

    with pytest.raises(ValueError, match="circles"):
        document.resolve({"$ref": "#/a"})
