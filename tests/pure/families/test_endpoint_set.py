"""Endpoint sets: the limits of Atlas v2 as the server lists them."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, Endpoint, EndpointSet, LimitScope, LimitValue, RateLimit
from mongorestore_async.codec.structuring import structure
from mongorestore_async.families.rate_limit import ATLAS_V2_CLUSTERS, ATLAS_V2_PROJECTS

API = "/api/atlas/v2"


def received(**changes):
    document = {
        "endpointSetId": "clusters",
        "endpointSetName": "Clusters",
        "scope": "GROUP",
        "capacity": {"value": 40, "defaultValue": 10},
        "refillRate": {"value": 10, "defaultValue": None},
        "refillDurationSeconds": {"value": 1},
        "endpoints": [{"method": "GET", "path": f"{API}/groups/{{groupId}}/clusters"}, {"method": "GET"}, {}],
    }
    return structure(EndpointSet, {**document, **changes})


def test_what_is_received_is_not_documented():
    found = received()

    assert not found.documented
    assert found.raw["scope"] == "GROUP"
    assert found.scope is LimitScope.GROUP
    assert found.capacity == LimitValue(value=40, default_value=10)
    assert found.rate_limit == RateLimit(40, 10, 1, name="Clusters")


@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        *(("GROUP", "project"), ("group", "project"), ("USER", "caller"), ("IP", "caller"), ("ORGANIZATION", "caller")),
        *(("GALAXY", "caller"), (None, "caller")),
    ],
)
def test_a_bucket_that_is_no_project_s_is_the_callers(scope, kept):
    assert received(scope=scope).rate_limit.scope == kept


@pytest.mark.parametrize("member", ["capacity", "refillRate", "refillDurationSeconds"])
def test_one_that_lets_nothing_pass_is_no_limit(member):
    assert received(**{member: {"value": 0}}).rate_limit is None


@pytest.mark.parametrize(
    ("names", "name"),
    [({"endpointSetName": None}, "clusters"), ({"endpointSetName": None, "endpointSetId": None}, "")],
)
def test_a_limit_is_named_as_well_as_it_can_be(names, name):
    assert received(**names).rate_limit.name == name


@pytest.mark.parametrize(
    ("method", "path", "covered"),
    [
        ("GET", ATLAS_CLOUD_BACKUP.clusters_path, True),
        ("GET", "/groups/{anything}/clusters", True),
        ("POST", ATLAS_CLOUD_BACKUP.clusters_path, False),
        ("GET", ATLAS_CLOUD_BACKUP.jobs_path, False),
        ("GET", ATLAS_FLEX.clusters_path, False),
    ],
)
def test_calls_are_told_by_their_path(method, path, covered):
    assert received().covers(method, path) is covered


@pytest.mark.parametrize("path", ["/groups/{groupId}/clusters", f"{API}/groups/{{g}}/clusters"])
def test_paths_may_have_that_of_the_api_or_not(path):
    assert received(endpoints=[{"method": "GET", "path": path}]).covers("GET", ATLAS_CLOUD_BACKUP.clusters_path)


@pytest.mark.parametrize(("rate", "scope"), [(ATLAS_V2_CLUSTERS, "GROUP"), (ATLAS_V2_PROJECTS, "USER")])
def test_a_documented_limit_is_a_set_too(rate, scope):
    found = EndpointSet.of(rate)

    assert found.documented
    assert (found.endpoint_set_id, found.endpoint_set_name, found.scope) == (None, rate.name, scope)
    assert (found.capacity.value, found.refill_rate.value, found.refill_duration_seconds.value) == (
        rate.capacity,
        rate.refill,
        60,
    )
    assert found.endpoints == tuple(Endpoint(method="GET", path=path) for path in rate.paths)
