"""Whether a failed call is made again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import (
    ApiError,
    AuthError,
    BadRequest,
    ConfigError,
    ConnectFailed,
    ConnectionBroken,
    DataError,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    RequestTimeout,
    ServerError,
)
from mongorestore_async.transport.retrying import NO_RETRY, Failure, RetryBudget, RetryPolicy, ask_rule, is_transient

UPGRADE = ApiError(status=405, error_code="WRITES_NOT_ALLOWED_DURING_APP_UPGRADES")
REFUSED_FOR_NOW = [
    ConnectFailed(),
    RateLimited(status=429),
    RateLimited(status=400, error_code="RATE_LIMITED_IP"),
    UPGRADE,
]
UNCERTAIN = [
    ConnectionBroken(),
    *(ServerError(status=status) for status in (500, 502, 503, 504)),
    *(ApiError(status=status) for status in (408, 425)),
]
FINAL = [
    RequestTimeout(),
    ProtocolError(),
    AuthError(),
    DataError(),
    BadRequest(status=400),
    Forbidden(status=403),
    NotFound(status=404),
    ApiError(status=405),
    ServerError(status=501),
    ServerError(status=501, error_code="WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"),
]


def failure(method, error, tries=1):
    return Failure(method, error, tries)


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize("error", REFUSED_FOR_NOW, ids=repr)
def test_calls_not_acted_on_are_retried_for_any_verb(method, error):
    assert is_transient(failure(method, error))


@pytest.mark.parametrize("error", UNCERTAIN, ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}")
def test_calls_possibly_acted_on_are_retried_for_reads_only(error):
    assert all(is_transient(failure(method, error)) for method in ("GET", "DELETE"))
    assert not any(is_transient(failure(method, error)) for method in ("POST", "PUT", "PATCH"))


@pytest.mark.parametrize("error", FINAL, ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_repeating_does_not_cure_is_final(method, error):
    assert not is_transient(failure(method, error))
    assert RetryPolicy()(failure(method, error)) is None


def test_a_plain_500_can_be_made_final():
    assert RetryPolicy(server_errors=False)(failure("GET", ServerError(status=500))) is None
    assert RetryPolicy(server_errors=False)(failure("GET", ServerError(status=503))) is not None


def test_waits_double_up_to_the_longest_with_full_jitter():
    bounds = []

    def jitter(low, high):
        bounds.append((low, high))
        return high

    policy = RetryPolicy(tries=9, base=1, longest=10, jitter=jitter)
    waits = [policy(failure("GET", ConnectionBroken(), tries)) for tries in range(1, 10)]
    assert waits == [1, 2, 4, 8, 10, 10, 10, 10, None]
    assert {low for low, _ in bounds} == {0}


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_no_number_of_tries_overflows(tries, share):
    policy = RetryPolicy(tries=10**9 + 1, jitter=lambda low, high: low + share * (high - low))
    wait = policy(failure("GET", ConnectionBroken(), tries))
    assert wait is not None
    assert 0 <= wait <= 30


def test_what_the_server_asks_for_is_the_least_it_gets():
    error = RateLimited(status=429)
    error.retry_after = 120.0
    wait = RetryPolicy(base=2, longest=10)(failure("GET", error))
    assert wait is not None
    assert 120 <= wait <= 122


def test_no_retry_never_repeats():
    assert NO_RETRY(failure("GET", ConnectFailed())) is None


@pytest.mark.parametrize("settings", [{"tries": 0}, {"tries": True}, {"tries": 1.5}, {"base": -1}, {"longest": "1"},
                                      {"base": float("inf")}, {"base": float("nan")}, {"longest": True}])  # fmt: skip
def test_nonsense_is_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        RetryPolicy(**settings)


def test_a_budget_is_spent_and_refilled_by_success_and_time():
    budget = RetryBudget(capacity=3, left=3, per_success=0.5, per_second=0.1)
    assert [budget.spend(0) for _ in range(4)] == [True, True, True, False]
    budget.succeed()
    assert not budget.spend(0)
    budget.succeed()
    assert budget.spend(0)
    assert not budget.spend(5)
    assert budget.spend(10)
    for _ in range(100):
        budget.succeed()
    assert budget.left == 3
    assert [budget.spend(1000) for _ in range(4)] == [True, True, True, False]


def test_the_smallest_settings_are_allowed():
    policy = RetryPolicy(tries=1, base=0, longest=0)
    assert policy(failure("GET", ConnectFailed())) is None
    assert RetryPolicy(tries=2, base=0, longest=0)(failure("GET", ConnectFailed())) == 0


def test_a_plain_500_of_a_read_is_repeated_by_default():
    assert RetryPolicy()(failure("GET", ServerError(status=500))) is not None


def test_what_is_asked_for_is_spread_from_nothing_up():
    error = RateLimited(status=429)
    error.retry_after = 7.0
    assert RetryPolicy(base=0.5, jitter=lambda low, _high: low)(failure("GET", error)) == 7
    assert RetryPolicy(base=0.5, jitter=lambda _low, high: high)(failure("GET", error)) == 7.5


@pytest.mark.parametrize("error", UNCERTAIN, ids=lambda error: f"{type(error).__name__} {getattr(error, 'status', '')}")
def test_a_failure_while_getting_a_token_left_the_call_unsent(error):
    error = type(error)(**({"status": error.status} if isinstance(error, ApiError) else {}))
    error.request = RequestContext(method="POST", url="http://h/x", logging_in=True)
    assert is_transient(failure("POST", error))
    error.request = RequestContext(method="POST", url="http://h/x")
    assert not is_transient(failure("POST", error))


def test_a_budget_starts_full_and_comes_back_with_time_and_successes():
    budget = RetryBudget()
    assert [budget.spend(0) for _ in range(51)] == [True] * 50 + [False]
    assert [budget.spend(2), budget.spend(2), budget.spend(2)] == [True, True, False]
    for _ in range(10):
        budget.succeed()
    assert budget.left == pytest.approx(1)
    assert budget.spend(1000)
    assert budget.left == 49


def raising(error):
    def rule(failure):
        raise error

    return rule


def test_what_a_rule_raises_has_a_note_about_the_failure():
    failure = Failure("GET", ServerError("HTTP 503: busy", status=503), 1)
    with pytest.raises(KeyError) as caught:
        ask_rule(raising(KeyError("x")), failure)
    assert "HTTP 503: busy" in caught.value.__notes__[0]

    with pytest.raises(ServerError) as caught:
        ask_rule(raising(failure.error), failure)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(("wait", "seconds"), [(None, None), (0, 0), (-1, 0), (2.5, 2.5), (10**400, 10**400)])
def test_a_rule_gives_seconds_or_none(wait, seconds):
    assert ask_rule(lambda _: wait, Failure("GET", ServerError(status=503), 1)) == seconds


@pytest.mark.parametrize("wait", [float("nan"), "1", True, []])
def test_nonsense_of_a_rule_is_refused(wait):
    with pytest.raises(ConfigError, match="the retry rule returned"):
        ask_rule(lambda _: wait, Failure("GET", ServerError(status=503), 1))
