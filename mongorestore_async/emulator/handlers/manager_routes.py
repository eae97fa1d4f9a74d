"""Which handler answers which request of Ops Manager and Cloud Manager v1.0."""

from __future__ import annotations

from mongorestore_async.emulator.documents import MANAGER_API
from mongorestore_async.emulator.handlers import hosts, manager, projects, snapshots

__all__ = ["MANAGER_ROUTES"]

_CLUSTER = "/groups/{group}/clusters/{cluster}"
_HOST = "/groups/{group}/hosts/{host}"

#: Method, path, handler.
MANAGER_ROUTES = (
    ("GET", MANAGER_API + "/groups", projects.list_projects),
    ("GET", MANAGER_API + "/groups/{group}", projects.one_project),
    ("GET", MANAGER_API + "/groups/byName/{name}", projects.project_named),
    ("GET", MANAGER_API + "/orgs/{org}/groups", projects.list_organization_projects),
    ("GET", MANAGER_API + "/clusters", projects.all_clusters),
    ("GET", MANAGER_API + "/groups/{group}/clusters", manager.list_clusters),
    ("GET", MANAGER_API + _CLUSTER, manager.one_cluster),
    ("GET", MANAGER_API + _CLUSTER + "/restoreJobs", manager.list_jobs),
    ("POST", MANAGER_API + _CLUSTER + "/restoreJobs", manager.create_job),
    ("GET", MANAGER_API + _CLUSTER + "/restoreJobs/{job}", manager.one_job),
    ("POST", MANAGER_API + _CLUSTER + "/restoreJobs/restorableTimeRanges", hosts.list_time_ranges),
    ("GET", MANAGER_API + _CLUSTER + "/snapshots", snapshots.list_snapshots),
    ("GET", MANAGER_API + _CLUSTER + "/snapshots/{snapshot}", snapshots.one_snapshot),
    ("GET", MANAGER_API + _CLUSTER + "/checkpoints", snapshots.list_checkpoints),
    ("GET", MANAGER_API + _CLUSTER + "/checkpoints/{checkpoint}", snapshots.one_checkpoint),
    ("GET", MANAGER_API + "/groups/{group}/hosts", hosts.list_hosts),
    ("GET", MANAGER_API + _HOST, hosts.one_host),
    ("GET", MANAGER_API + _HOST + "/restoreJobs", manager.list_jobs),
    ("POST", MANAGER_API + _HOST + "/restoreJobs", manager.create_job),
    ("GET", MANAGER_API + _HOST + "/restoreJobs/{job}", manager.one_job),
    ("GET", MANAGER_API + _HOST + "/snapshots", snapshots.list_snapshots),
    ("GET", MANAGER_API + _HOST + "/snapshots/{snapshot}", snapshots.one_snapshot),
)
