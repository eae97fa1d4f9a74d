"""Flat rows of restore jobs, and what notebooks show of them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import UnionType
from typing import get_args, get_type_hints

import pytest

from builders.foreign_jobs import ForeignJob
from builders.secrets import LONG_KEY, MODELS
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_SERVERLESS,
    ATLAS_TENANT,
    CLOUD_MANAGER,
    OPS_MANAGER,
    JobRow,
    load_job,
)
from mongorestore_async.models.rows import job_table, text_list

TYPES = {
    name: get_args(kind) if isinstance(kind, UnionType) else (kind,) for name, kind in get_type_hints(JobRow).items()
}
URL = "https://restore.example.com/pull/key"
MOMENT = datetime(2026, 11, 2, 12, tzinfo=UTC)
TEXT = "2026-11-02T12:00:00Z"

JOBS = {
    OPS_MANAGER: {"statusName": "FINISHED", "delivery": {"methodName": "HTTP", "statusName": "READY", "url": URL}},
    CLOUD_MANAGER: {"statusName": "BROKEN", "batchId": "b", "timestamp": {"date": TEXT, "increment": 1}},
    ATLAS_LEGACY: {"clusterId": "5f", "delivery": {"targetGroupId": "t", "targetClusterName": "other"}},
    ATLAS_CLOUD_BACKUP: {"deliveryType": "download", "deliveryUrl": [URL], "timestamp": TEXT},
    ATLAS_SERVERLESS: {"deliveryType": "automated", "failed": True, "targetGroupId": "t", "targetClusterName": "other"},
    ATLAS_TENANT: {"deliveryType": "RESTORE", "status": "RUNNING", "expirationDate": TEXT},
    ATLAS_FLEX: {"deliveryType": "DOWNLOAD", "status": "COMPLETED", "snapshotUrl": URL},
    ATLAS_COLLECTION_RESTORE: {"state": "FAILED", "errorMessage": f"see {URL}", "totalDocuments": 7},
}
each_family = pytest.mark.parametrize("family", JOBS, ids=lambda family: family.name)


def row_of(family, **members):
    return load_job(family, {"id": "j", **members}, project="p", cluster="c").to_row()


def told(row):
    return {name: value for name, value in row.items() if value is not None}


@each_family
def test_rows_of_all_families_have_the_same_names_and_types(family):
    row = row_of(family, **JOBS[family])

    assert list(row) == list(TYPES)
    for name, value in row.items():
        assert type(value) in TYPES[name], name
    assert (row["id"], row["family"], row["project_id"]) == ("j", family.name, "p")
    assert row["ref"] == f"{family.name}/p/c/j"
    assert row["cluster_id" if family.cluster_key == "id" else "cluster_name"] == "c"
    assert "//" not in str(row)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (
            OPS_MANAGER,
            {"state": "FINISHED", "ok": True, "delivery": "HTTP", "delivery_status": "READY", "downloadable": True},
        ),
        (
            CLOUD_MANAGER,
            {"state": "FAILED", "ok": False, "status": "BROKEN", "batch_id": "b", "snapshot_moment": MOMENT},
        ),
        (ATLAS_LEGACY, {"state": "UNKNOWN", "cluster_id": "5f", "target_project_id": "t", "target_cluster": "other"}),
        (
            ATLAS_CLOUD_BACKUP,
            {"state": "FINISHED", "delivery": "download", "downloadable": True, "snapshot_moment": MOMENT},
        ),
        (ATLAS_SERVERLESS, {"state": "FAILED", "delivery": "automated", "target_cluster": "other"}),
        (ATLAS_TENANT, {"state": "RUNNING", "status": "RUNNING", "delivery": "RESTORE", "expires_at": MOMENT}),
        (ATLAS_FLEX, {"state": "FINISHED", "status": "COMPLETED", "delivery": "DOWNLOAD", "downloadable": True}),
        (ATLAS_COLLECTION_RESTORE, {"status": "FAILED", "error_message": "see **redacted**", "total_documents": 7}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_family_fills_in_what_its_api_tells(family, expected):
    assert expected.items() <= row_of(family, **JOBS[family]).items()


@each_family
def test_a_document_of_unknown_origin_tells_what_it_holds(family):
    row = load_job(family, {"id": "j"}).to_row()

    assert {"id", "state"} <= told(row).keys() <= {"id", "state", "downloadable"}


def test_the_place_is_taken_from_the_document_where_no_reference_tells_it():
    manager = load_job(CLOUD_MANAGER, {"id": "j", "groupId": "p", "clusterId": "c", "clusterName": "n"}).to_row()
    host = load_job(CLOUD_MANAGER, {"id": "j", "groupId": "p", "clusterId": "h", "hostId": "h"}).to_row()
    tenant = load_job(ATLAS_FLEX, {"id": "j", "projectId": "p", "instanceName": "n"}).to_row()

    place = ("project_id", "cluster_id", "cluster_name", "host_id")
    assert [manager[name] for name in place] == ["p", "c", "n", None]
    assert [host[name] for name in place] == ["p", None, None, "h"]
    assert [tenant[name] for name in place] == ["p", None, "n", None]


def test_text_of_the_server_is_printable_and_without_urls():
    row = row_of(CLOUD_MANAGER, statusName="\x1b[31m", snapshotId=f"see {URL}", batchId="\ud800", clusterName="a<b>")

    assert (row["status"], row["snapshot_id"], row["batch_id"]) == ("\\x1b[31m", "see **redacted**", "\\ud800")
    assert row["cluster_name"] == "a<b>"


def test_a_kind_of_job_without_rules_has_a_row():
    assert told(ForeignJob(id="j").to_row()) == {"id": "j", "state": "RUNNING"}


@pytest.mark.parametrize("name", ["job", "job of a list", "Atlas job", "tenant job"])
def test_neither_rows_nor_notebooks_show_a_secret(name):
    job = MODELS[name]

    for shown in (str(job.to_row()), job._repr_html_(), job_table("jobs", [job.to_row()]), text_list("jobs", [job])):
        assert job.id in shown
        assert LONG_KEY not in shown
        assert "https://" not in shown


def test_a_notebook_shows_what_a_job_tells():
    job = load_job(CLOUD_MANAGER, {"id": "<j>", "created": TEXT, "statusName": "a\"&'"}, project="p", cluster="c")

    assert job._repr_html_() == (
        "<table><caption>RestoreJob</caption>"
        "<tr><th>id</th><td>&lt;j&gt;</td></tr><tr><th>state</th><td>UNKNOWN</td></tr>"
        "<tr><th>status</th><td>a&quot;&amp;&#x27;</td></tr>"
        "<tr><th>requested_at</th><td>2026-11-02 12:00:00Z</td></tr>"
        "<tr><th>ref</th><td>cloud-manager/p/c/%3Cj%3E</td></tr><tr><th>family</th><td>cloud-manager</td></tr>"
        "<tr><th>project_id</th><td>p</td></tr><tr><th>cluster_id</th><td>c</td></tr></table>"
    )


def test_a_table_of_jobs_is_short_and_counts_the_states():
    rows = [
        row_of(CLOUD_MANAGER, id=str(number), statusName="FINISHED" if number else "BROKEN") for number in range(500)
    ]

    table = job_table("Page 1", rows)

    assert table.startswith("<table><caption>Page 1: 499 FINISHED, 1 FAILED; the first 10</caption>")
    assert "<tr><th>id</th><th>state</th></tr><tr><td>0</td><td>FAILED</td></tr>" in table
    assert table.count("<tr>") == 11
    assert job_table("Page 1", []) == "<table><caption>Page 1</caption></table>"


def test_long_text_is_cut():
    assert f"<td>{'x' * 200}…</td>" in text_list("long", [type("Long", (), {"__repr__": lambda _: "x" * 300})()])
