"""How often jobs are looked at: the delays, the share of a rate limit, and the failures that are borne."""

import attrs
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
    PaginationError,
    RateLimited,
    RequestTimeout,
    ServerError,
    SessionClosed,
)
from mongorestore_async.families.rate_limit import ATLAS_V2_PROJECT, V1_PER_PROJECT, RateLimit
from mongorestore_async.models import PollPolicy
from mongorestore_async.waiting.pacing import Pace

NO_LIMIT = Pace(None, 1)
SECONDS = st.floats(0, 1e6)
POLICIES = st.builds(
    lambda shortest, more, **rest: PollPolicy(shortest=shortest, longest=shortest + more, **rest),
    shortest=SECONDS,
    more=SECONDS,
    growth=st.floats(1, 100),
    jitter=st.floats(0, 2),
    budget_share=st.none() | st.floats(0.01, 1),
)
LIMITS = st.none() | st.builds(
    RateLimit,
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.floats(0.1, 3600),
)
PACES = st.builds(Pace, LIMITS, st.integers(1, 5000))
CHANCES = st.floats(0, 1)
QUIET = st.integers(0, 10**9)
PAGES = ((BadRequest, 400), (Forbidden, 401), (Forbidden, 403), (NotFound, 404), (ApiError, 405), (NotFound, 410))


def test_delays_start_at_ten_seconds_and_grow_to_a_minute():
    policy = PollPolicy()

    assert [NO_LIMIT.delay(policy, quiet, 0) for quiet in range(6)] == [10, 15, 22.5, 33.75, 50.625, 60]
    assert NO_LIMIT.delay(policy, 10**12, 0) == 60


def test_chance_only_ever_adds():
    assert NO_LIMIT.delay(PollPolicy(jitter=0.1), 0, 1) == pytest.approx(11)


@given(POLICIES, QUIET, PACES, CHANCES)
def test_a_delay_keeps_its_bounds(policy, quiet, pace, chance):
    delay = pace.delay(policy, quiet, chance)
    least, most = policy.shortest, max(policy.longest, pace.least(policy.budget_share))

    assert least <= delay <= most * (1 + policy.jitter) * (1 + 1e-9)


@given(POLICIES, QUIET, PACES, CHANCES)
def test_a_delay_never_falls_while_nothing_changes(policy, quiet, pace, chance):
    assert pace.delay(policy, quiet, chance) <= pace.delay(policy, quiet + 1, chance)


@given(POLICIES, QUIET, st.integers(1, 5000), CHANCES, st.floats(0.01, 1))
def test_polls_of_a_project_keep_to_their_share_of_its_limit(policy, quiet, calls, chance, share):
    policy = attrs.evolve(policy, budget_share=share)
    delay = Pace(V1_PER_PROJECT, calls).delay(policy, quiet, chance)

    assert calls / delay * 60 <= 100 * share * (1 + 1e-9)


def test_fifty_clusters_of_one_project_are_polled_once_a_minute():
    policy = PollPolicy()

    assert Pace(V1_PER_PROJECT, 50).delay(policy, 0, 0) == 60
    assert Pace(V1_PER_PROJECT, 5).delay(policy, 0, 0) == 10
    assert Pace(ATLAS_V2_PROJECT, 50).delay(policy, 0, 0) == 12
    assert Pace(V1_PER_PROJECT, 500).delay(policy, 0, 0) == 600


def test_without_a_share_the_limit_is_left_to_the_session():
    assert Pace(V1_PER_PROJECT, 500).delay(PollPolicy(budget_share=None), 0, 0) == 10


def test_first_looks_are_spread_only_when_there_are_too_many():
    policy = PollPolicy()

    assert {Pace(V1_PER_PROJECT, 50).first_delay(policy, position) for position in range(50)} == {0.0}
    assert Pace(None, 10_000).first_delay(policy, 500) == 0
    spread = [Pace(V1_PER_PROJECT, 100).first_delay(policy, position) for position in range(100)]
    assert spread[:3] == pytest.approx([0, 1.2, 2.4])
    assert sum(delay < 60 for delay in spread) <= 50


@given(POLICIES, LIMITS, st.integers(1, 5000))
def test_first_looks_are_over_before_the_second_ones_begin(policy, limit, calls):
    pace = Pace(limit, calls)

    assert 0 <= pace.first_delay(policy, calls - 1) <= pace.least(policy.budget_share)


@pytest.mark.parametrize(
    "error",
    [
        ConnectFailed(),
        ConnectionBroken(),
        RequestTimeout(),
        ServerError(status=503),
        ServerError(status=500),
        RateLimited(status=429),
        DataError(),
        PaginationError(),
        *(kind("a gateway's page", status=status, reason="-") for kind, status in PAGES),
    ],
    ids=repr,
)
def test_failures_that_pass_by_themselves_are_borne(error):
    assert error.transient


@pytest.mark.parametrize(
    "error",
    [
        AuthError(),
        Forbidden(status=403, error_code="USER_UNAUTHORIZED"),
        BadRequest(status=400, detail="No such parameter."),
        ConfigError(),
        SessionClosed(),
        NotFound(status=404, error_code="RESTORE_JOB_NOT_FOUND"),
        NotFound(status=404, detail="No job."),
        NotFound(status=410, error_code="VERSION_GONE"),
    ],
    ids=repr,
)
def test_failures_that_need_an_action_are_not(error):
    assert not error.transient


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "RESTORE_JOB_NOT_FOUND", True),
        (404, "TENANT_RESTORE_NOT_FOUND", True),
        (404, "RESOURCE_NOT_FOUND", True),
        (404, "UNEXPECTED_ERROR", True),
        (404, None, True),
        (404, "INVALID_JOB_ID", False),
        (404, "CLUSTER_NOT_FOUND", False),
        (404, "GROUP_NOT_FOUND", False),
        (404, "NOT_ATLAS_GROUP", False),
        (410, "VERSION_GONE", False),
    ],
)
def test_a_job_may_still_appear_and_a_project_may_not(status, code, expected):
    assert NotFound(status=status, error_code=code, detail="Not there.").may_appear is expected


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("shortest", [-1, True, "10", float("inf"), float("nan"), None]),
        ("longest", [-1, False, float("inf")]),
        ("growth", [0.9, 101, float("nan"), True]),
        ("jitter", [-0.1, float("inf")]),
        ("grace", [-1, None]),
        ("patience", [-1, "1 h"]),
        ("budget_share", [0, 1.1, True, "half", float("nan")]),
    ],
)
def test_values_out_of_their_range_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(ConfigError, match=f"^{name} of a PollPolicy"):
            PollPolicy(**{name: value})


def test_the_longest_delay_is_not_below_the_shortest():
    with pytest.raises(ConfigError, match="longest of a PollPolicy"):
        PollPolicy(shortest=61)
