"""Fan-out over all projects and clusters that one or several keys see."""

from mongorestore_async.fleet.fleet import Fleet
from mongorestore_async.fleet.fleet_records import (
    ClusterOutcome,
    FailureKind,
    FleetCluster,
    FleetFailure,
    FleetPlan,
    FleetProgress,
    FleetProject,
    Found,
)
from mongorestore_async.fleet.fleet_stream import FleetStream

__all__ = [
    "ClusterOutcome",
    "FailureKind",
    "Fleet",
    "FleetCluster",
    "FleetFailure",
    "FleetPlan",
    "FleetProgress",
    "FleetProject",
    "FleetStream",
    "Found",
]
