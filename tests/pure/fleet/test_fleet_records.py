"""What a fleet says about what it could not read."""

from __future__ import annotations

import pytest

from mongorestore_async.errors import Forbidden
from mongorestore_async.fleet import FailureKind, FleetCluster, FleetFailure, FleetProject

NAMED = FleetProject("om", "p1", "shop\x1b[2J")
NAMELESS = FleetProject("om", "p1")


@pytest.mark.parametrize(
    ("project", "cluster", "where"),
    [
        (None, None, "fleet 'om'"),
        (NAMELESS, None, "fleet 'om', project 'p1'"),
        (NAMELESS, FleetCluster(NAMELESS, "c1"), "fleet 'om', project 'p1', cluster 'c1'"),
        (NAMED, FleetCluster(NAMED, "c1", "c1", "main"), r"fleet 'om', project 'shop\x1b[2J', cluster 'main'"),
    ],
)
def test_a_failure_says_on_one_line_what_and_why(project, cluster, where):
    error = Forbidden("HTTP 403", status=403)

    assert str(FleetFailure("om", project, cluster, FailureKind.FORBIDDEN, error)) == f"{where}: forbidden: HTTP 403"
