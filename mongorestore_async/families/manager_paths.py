"""Paths that Ops Manager, Cloud Manager and Atlas legacy share."""

from typing import TypedDict

__all__ = ["ManagerPaths", "manager_paths"]


class ManagerPaths(TypedDict):
    """Paths of one place that restore jobs belong to."""

    jobs_path: str
    job_path: str
    create_path: str
    snapshots_path: str
    snapshot_path: str


def manager_paths(place: str) -> ManagerPaths:
    """Paths below a cluster or, for mirrored config servers (SCCC), below a host."""
    return ManagerPaths(
        jobs_path=f"{place}/restoreJobs",
        job_path=f"{place}/restoreJobs/{{job}}",
        create_path=f"{place}/restoreJobs",
        snapshots_path=f"{place}/snapshots",
        snapshot_path=f"{place}/snapshots/{{snapshot}}",
    )
