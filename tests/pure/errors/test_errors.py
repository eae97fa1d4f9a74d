"""The one tree of errors: what each is, carries and says, and that it travels between processes."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from mongorestore_async import errors
from mongorestore_async.errors import (
    ApiError,
    AuthError,
    BadRequest,
    ConfigError,
    Conflict,
    ConnectFailed,
    ConnectionBroken,
    DataError,
    Forbidden,
    MaybeCreated,
    NotFound,
    NotUnique,
    PaginationError,
    ProtocolError,
    RateLimited,
    RequestContext,
    RequestTimeout,
    RestoreError,
    ServerError,
    SessionClosed,
    TransportError,
    Unsupported,
    WrongLoop,
)

CONTEXT = RequestContext(method="GET", url="https://om/groups", family="ops-manager", status=404, challenges=1)
EVERY = [
    found
    for found in vars(errors).values()
    if inspect.isclass(found) and issubclass(found, Exception) and found.__module__.startswith(errors.__name__ + ".")
]


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_the_one_root_and_is_exported(kind):
    assert issubclass(kind, RestoreError)
    assert kind.__name__ in errors.__all__


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_stands_in_the_tree_of_the_module(kind):
    assert any(
        line.split()[-1:] == [kind.__name__] or f" {kind.__name__} " in line for line in errors.__doc__.splitlines()
    )


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (Unsupported, ConfigError),
        (SessionClosed, ConfigError),
        (WrongLoop, ConfigError),
        (ConnectFailed, TransportError),
        (RequestTimeout, TransportError),
        (ProtocolError, TransportError),
        (ConnectionBroken, ProtocolError),
        (BadRequest, ApiError),
        (Forbidden, ApiError),
        (NotFound, ApiError),
        (Conflict, ApiError),
        (RateLimited, ApiError),
        (ServerError, ApiError),
    ],
)
def test_errors_are_grouped_by_what_one_does_about_them(kind, parent):
    assert kind.__bases__ == (parent,)


@pytest.mark.parametrize(
    "kind",
    [ConfigError, TransportError, AuthError, ApiError, DataError, PaginationError, NotUnique, MaybeCreated],
)
def test_the_groups_have_nothing_in_common_but_the_root(kind):
    assert kind.__bases__ == (RestoreError,)


@pytest.mark.parametrize("kind", EVERY)
def test_no_error_is_one_of_pythons_own_kinds(kind):
    # "except OSError" or "except ValueError" around a call must not swallow ours.
    assert not issubclass(kind, (OSError, ValueError, LookupError, TimeoutError, RuntimeError))


@pytest.mark.parametrize("kind", EVERY)
class TestEveryKind:
    def test_can_be_made_of_nothing(self, kind):
        error = kind()
        assert (error.message, error.request, error.resume_at) == ("", None, None)
        assert str(error) == ""

    def test_says_its_message(self, kind):
        assert str(kind("what to do")) == "what to do"
        assert kind("what to do").args == ("what to do",)

    def test_says_which_call_it_came_from(self, kind):
        assert str(kind("what", request=CONTEXT)) == "what [GET https://om/groups]"

    def test_says_where_to_go_on(self, kind):
        assert str(kind("what", resume_at=7)) == "what (resume with starting_at=7)"
        assert str(kind("what", request=CONTEXT, resume_at=7)).endswith("] (resume with starting_at=7)")

    def test_says_it_also_when_that_was_found_out_later(self, kind):
        error = kind("what")
        error.request, error.resume_at = CONTEXT, 3
        assert str(error) == "what [GET https://om/groups] (resume with starting_at=3)"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_survives_pickling_with_everything_it_carries(self, kind, protocol):
        error = kind("what", request=CONTEXT, resume_at=7)
        again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == str(error)

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_survives_copying(self, kind, copied):
        error = kind("what", request=CONTEXT)
        assert vars(copied(error)) == vars(error)
        assert str(copied(error)) == str(error)


def test_an_api_error_carries_what_the_document_said():
    error = ApiError(
        "what",
        status=409,
        error_code="CODE",
        reason="Conflict",
        detail="text",
        parameters=["a", 1, None],
        service_version="gitHash=a",
    )
    assert (error.status, error.error_code, error.reason, error.detail) == (409, "CODE", "Conflict", "text")
    assert error.parameters == ("a", 1, None)
    assert error.service_version == "gitHash=a"
    assert error.retry_after is None
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert vars(again) == vars(error)


def test_a_wait_the_server_asked_for_survives_pickling():
    error = RateLimited("what", status=429)
    error.retry_after = 12.5
    assert pickle.loads(pickle.dumps(error)).retry_after == 12.5  # noqa: S301


def test_a_data_error_says_where_in_the_document():
    error = DataError("what", path="$.results[3].id", status=200, excerpt="<html>")
    assert (error.path, error.status, error.excerpt) == ("$.results[3].id", 200, "<html>")
    assert DataError().path == "$"


def asked(error):
    """Await ``reconcile()`` without a loop: nothing in it waits for anything."""
    with pytest.raises(StopIteration) as caught:
        error.reconcile().send(None)
    return caught.value.value


def test_a_maybe_created_from_another_process_cannot_reconcile():
    async def reconcile():
        return "found"

    error = MaybeCreated("what", reconcile=reconcile)
    assert asked(error) == "found"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    with pytest.raises(ConfigError, match="another process"):
        asked(again)
    # The original is left as it was.
    assert asked(error) == "found"


def test_a_request_context_cannot_be_changed():
    with pytest.raises(AttributeError):
        CONTEXT.url = "other"


def test_an_error_can_be_told_from_another_with_the_same_text():
    assert NotFound("what") != NotFound("what")
    assert len({NotFound("what"), NotFound("what")}) == 2


MEANINGS = ("transient", "repeatable", "not_acted", "holds_others", "run_wide")


@pytest.mark.parametrize(
    ("error", "meanings"),
    [
        (RestoreError(), set()),
        (ConfigError(), set()),
        (Unsupported(), {"run_wide"}),
        (SessionClosed(), {"run_wide"}),
        (WrongLoop(), {"run_wide"}),
        (AuthError(), {"run_wide"}),
        (ConnectFailed(), {"transient", "repeatable", "not_acted"}),
        (ConnectionBroken(), {"transient", "repeatable"}),
        (RequestTimeout(), {"transient"}),
        (ProtocolError(), {"transient"}),
        (DataError(), {"transient"}),
        (PaginationError(), {"transient"}),
        (RateLimited(status=429), {"transient", "repeatable", "not_acted", "holds_others"}),
        (RateLimited(), {"transient", "repeatable", "not_acted", "holds_others"}),
        (ApiError(status=408), {"transient", "repeatable"}),
        (ApiError(status=425), {"transient", "repeatable"}),
        (ServerError(status=503), {"transient", "repeatable"}),
        (ServerError(status=501), {"transient"}),
        (
            ApiError(status=405, error_code="WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"),
            {"transient", "repeatable", "not_acted"},
        ),
        (ApiError(status=405, detail="No such verb."), set()),
        (BadRequest(status=400, detail="No such parameter."), set()),
        (Conflict(status=409, detail="It exists."), set()),
        (Forbidden(status=403, detail="No such role."), set()),
        (ApiError(status=405), {"transient"}),
        (BadRequest(status=400), {"transient"}),
        (Conflict(status=409), {"transient"}),
        (Forbidden(status=403), {"transient"}),
        (Forbidden(status=403, error_code="ORG_REQUIRES_ACCESS_LIST"), {"run_wide"}),
        (NotFound(status=404), {"transient"}),
        (NotFound(status=410), {"transient"}),
        (NotFound(status=410, error_code="VERSION_GONE"), {"run_wide"}),
        (NotFound(status=404, error_code="GROUP_NOT_FOUND"), set()),
        (NotFound(status=404, detail="No job."), set()),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else type(value).__name__,
)
def test_what_an_error_means_for_others_is_said_on_it(error, meanings):
    assert {meaning for meaning in MEANINGS if getattr(error, meaning)} == meanings


def test_what_is_worth_repeating_passes_by_itself():
    found = [kind(status=status) for kind in EVERY if issubclass(kind, ApiError) for status in range(400, 600)]

    assert all(error.transient for error in found if error.repeatable)
    assert all(error.repeatable for error in found if error.not_acted)


def test_an_api_error_tells_whose_word_it_is():
    assert NotFound(status=404).from_gateway
    assert not NotFound(status=404, detail="No job.").from_gateway
    assert not NotFound(status=404, error_code="X").from_gateway
    assert BadRequest(status=400, error_code="BACKUP_JOB_NOT_FOUND").no_backup
    assert not BadRequest(status=400).no_backup


def test_a_call_that_was_held_back_has_no_status():
    assert RateLimited("not sent").held_back
    assert not RateLimited(status=429).held_back
    assert RateLimited(status=429, retry_after=3.0).retry_after == 3


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (BadRequest(status=400, detail="No."), True),
        (ApiError(status=408, error_code="X"), True),
        (NotFound(status=404), False),
        (BadRequest(status=400, error_code="X", from_gateway=True), False),
        (RateLimited(status=429), True),
        (RateLimited(), True),
        (RateLimited(status=400, error_code="RATE_LIMITED_IP"), True),
        (RateLimited(status=400, error_code="RATE_LIMITED_IP", from_gateway=True), False),
        (ServerError(status=500, error_code="UNEXPECTED_ERROR"), False),
        (ServerError(status=503), False),
    ],
)
def test_only_the_api_itself_refuses(error, refused):
    assert error.refused is refused
    assert error.not_acted <= refused


def test_a_vanished_job_is_told_and_travels_between_processes():
    error = errors.JobVanished("gone", jobs=(), vanished=())

    copied = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copied), copied.jobs, copied.vanished, str(copied)) == (errors.JobVanished, (), (), "gone")
    assert isinstance(error, errors.WaitError)
    assert not isinstance(error, errors.RestoreFailed)
