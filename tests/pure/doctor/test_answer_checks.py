"""Which check an error belongs to, and what answers say about clocks, releases and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mongorestore_async.doctor.answer_checks import Meaning, read_clock, read_failure, read_limits, read_version
from mongorestore_async.doctor.check_results import CheckName, CheckOutcome, CheckResult, Diagnosis
from mongorestore_async.errors import (
    ApiError,
    AuthError,
    BadRequest,
    ConfigError,
    ConnectFailed,
    ConnectionBroken,
    DataError,
    Forbidden,
    Hint,
    HintKind,
    NotFound,
    ProxyFailed,
    RateLimited,
    RequestContext,
    RequestTimeout,
    ServerError,
    TLSFailed,
)
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, OPS_MANAGER
from mongorestore_async.models import ServiceVersion

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOGGING_IN = RequestContext("POST", "https://h/api/oauth/token", logging_in=True)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ConfigError("x"), "address"),
        (ConnectFailed("x"), "connection"),
        (TLSFailed("x"), "tls"),
        (ProxyFailed("x"), "proxy"),
        (RequestTimeout("x"), "answer"),
        (ConnectionBroken("x"), "answer"),
        (DataError("x"), "answer"),
        (AuthError("x"), "key"),
        (AuthError("x", hint=Hint(HintKind.CHECK_KEY)), "key"),
        (AuthError("x", hint=Hint(HintKind.CHECK_BASE_URL)), "answer"),
        (Forbidden("x", status=403, error_code="access_denied", request=LOGGING_IN), "key"),
        (ApiError("x", status=407), "proxy"),
        (Forbidden("x", status=403), "answer"),
        (Forbidden("x", status=403, error_code="ACCESS_FORBIDDEN"), "rights"),
        (Forbidden("x", status=403, error_code="GLOBAL_USER_OUTSIDE_SUBNET"), "access-list"),
        (RateLimited("x", status=429, error_code="RATE_LIMITED"), "limits"),
        (NotFound("x", status=404, error_code="ATLAS_GROUP"), "family"),
        (ServerError("x", status=500, error_code="UNEXPECTED_ERROR"), "answer"),
        (BadRequest("x", status=400, error_code="INVALID_ENUM_VALUE"), "answer"),
    ],
)
def test_an_error_belongs_to_one_check(error, name):
    failed = [result for result in read_failure(error).results if result.is_failure]
    assert [result.name for result in failed] == [name]
    assert failed[0].hint is error.hint


@pytest.mark.parametrize(
    ("error", "passed"),
    [
        (ProxyFailed("x"), set()),
        (AuthError("x"), {"answer"}),
        (RateLimited("x", status=429, error_code="RATE_LIMITED"), {"answer"}),
        (Forbidden("x", status=403, error_code="ORG_REQUIRES_ACCESS_LIST"), {"answer", "key"}),
        (Forbidden("x", status=403, error_code="ACCESS_FORBIDDEN"), {"answer", "key", "access-list"}),
        (Forbidden("x", status=403), set()),
    ],
)
def test_an_error_of_the_api_proves_what_was_needed_for_it(error, passed):
    assert {result.name for result in read_failure(error).results if not result.is_failure} == passed


def test_a_success_proves_the_same():
    meaning = Meaning.of_success()
    assert {(result.name, result.outcome) for result in meaning.results} == {
        (CheckName.ANSWER, CheckOutcome.OK),
        (CheckName.KEY, CheckOutcome.OK),
        (CheckName.ACCESS_LIST, CheckOutcome.OK),
    }
    assert meaning.is_api


def test_advice_is_added_where_the_error_has_none():
    missing = NotFound("HTTP 404 GROUP_NOT_FOUND: x", status=404, error_code="GROUP_NOT_FOUND")
    advised = NotFound("HTTP 404 INVALID_GROUP_ID: x -> y", status=404, error_code="INVALID_GROUP_ID")
    where = CheckName.PROJECT
    assert read_failure(missing, where=where).results[-1].message.endswith("has a role in the project")
    assert read_failure(advised, where=where).results[-1].message.endswith("-> y")


def test_another_api_is_looked_for_where_this_one_is_missing():
    missing = NotFound("x", status=404, error_code="RESOURCE_NOT_FOUND")
    assert read_failure(missing).is_absent
    assert read_failure(NotFound("x", status=404)).is_absent
    assert not read_failure(missing, where=CheckName.PROJECT).is_absent
    assert not read_failure(ServerError("x", status=503)).is_absent
    off = NotFound("x", status=404, error_code="BACKUP_CONFIG_NOT_FOUND")
    assert read_failure(off, where=CheckName.CLUSTER).no_backup


@pytest.mark.parametrize(
    ("ahead", "seconds", "outcome", "says"),
    [
        (0, 0, "ok", "agree"),
        (31, 0, "ok", "agree"),
        (-32, 0, "warning", "32 seconds behind"),
        (60, 40, "ok", "agree"),
        (130, 0, "warning", "2 minutes ahead of"),
        (301, 0, "warning", "5 minutes ahead of"),
        (302, 0, "failed", "5 minutes ahead of"),
        (-7300, 0, "failed", "2 hours behind"),
        (-300000, 0, "failed", "3 days behind"),
    ],
)
def test_clocks_are_compared(ahead, seconds, outcome, says):
    result = read_clock(NOW, NOW + timedelta(seconds=ahead), seconds)
    assert (result.outcome, says in result.message) == (outcome, True), result


def test_a_server_without_a_clock_release_or_limit_is_no_failure():
    assert read_clock(None, NOW, 0).outcome is CheckOutcome.SKIPPED
    assert read_version(None, OPS_MANAGER).outcome is CheckOutcome.SKIPPED
    assert read_limits(None, 5).outcome is CheckOutcome.OK
    assert read_limits(5, None).message == "the server tells no rate limit"


@pytest.mark.parametrize(
    ("family", "version", "outcome"),
    [
        (OPS_MANAGER, "5.0.22", "warning"),
        (OPS_MANAGER, "10.0.1", "ok"),
        (OPS_MANAGER, "v2026", "ok"),
        (ATLAS_CLOUD_BACKUP, "5.0", "ok"),
    ],
)
def test_only_an_old_ops_manager_is_warned_of(family, version, outcome):
    assert read_version(ServiceVersion.parse(f"versionString={version}"), family).outcome == outcome


@pytest.mark.parametrize(("remaining", "outcome"), [(1200, "ok"), (120, "ok"), (119, "warning"), (0, "warning")])
def test_little_left_of_a_limit_is_warned_of(remaining, outcome):
    assert read_limits(1200, remaining).outcome == outcome


def test_a_diagnosis_says_because_of_what_a_check_was_skipped():
    found = [
        CheckResult(CheckName.CLOCK, CheckOutcome.FAILED, "a"),
        CheckResult(CheckName.KEY, CheckOutcome.FAILED, "b", Hint(HintKind.CHECK_KEY)),
        CheckResult(CheckName.TLS, CheckOutcome.WARNING, "c"),
    ]
    diagnosis = Diagnosis.of({result.name: result for result in found})
    assert [result.name for result in diagnosis.results] == list(CheckName)
    assert diagnosis["rights"].message == "not checked, because key failed"
    assert ([each.name for each in diagnosis.failures], diagnosis.ok) == (["clock", "key"], False)
    assert [each.name for each in diagnosis.warnings] == ["tls"]
    assert Diagnosis.of({})["dns"].message == "not checked"
    assert "failed: key: b; check the key pair and make a new session" in str(diagnosis).splitlines()
    assert diagnosis["key"].to_dict({}) == {"check": "key", "outcome": "failed", "message": "b"}
    with pytest.raises(ValueError, match="nothing"):
        diagnosis["nothing"]
