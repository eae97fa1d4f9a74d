"""PyPI atlasapi: Atlas v1.0 over requests, HTTP digest. It needs distutils, so Python 3.11."""

import logging

from atlasapi.atlas import Atlas
from atlasapi.cloud_backup import DeliveryType
from atlasapi.settings import Settings
from clients.calls import Calls


def main() -> None:
    """Make its calls."""
    logging.disable(logging.CRITICAL)
    calls = Calls()
    world = calls.world
    side = world["atlas"]
    Settings.BASE_URL = world["url"]
    project, other = side["project"], side["other_project"]
    atlas = Atlas(world["public_key"], world["private_key"], project["id"])
    there = Atlas(world["public_key"], world["private_key"], other["id"])
    projects, orgs, clusters, backups = atlas.Projects, atlas.Organizations, atlas.Clusters, atlas.CloudBackups
    replica, sharded = (side["clusters"][kind] for kind in ("cloud-backup", "cloud-backup-sharded"))
    name, snapshot = replica["name"], replica["snapshot"]
    calls("projects", "Organizations.organizations", getattr, orgs, "organizations")
    calls("projects", "Organizations.count", getattr, orgs, "count")
    calls("projects", "Organizations.organization_by_id", orgs.organization_by_id, side["org"])
    calls("projects", "Organizations.organization_by_name", orgs.organization_by_name, side["org_name"])
    calls("projects", "Organizations.get_all_projects_for_org", orgs.get_all_projects_for_org, side["org"])
    calls("projects", "Projects.projects", getattr, projects, "projects")
    calls("projects", "Projects.project_by_id", projects.project_by_id, project["id"])
    calls("projects", "Projects.project_by_name", projects.project_by_name, project["name"])
    calls("clusters", "Clusters.get_all_clusters", clusters.get_all_clusters)
    calls("clusters", "Clusters.get_all_clusters, iterable", clusters.get_all_clusters, iterable=True)
    calls("clusters", "Clusters.is_existing_cluster", clusters.is_existing_cluster, name)
    calls("clusters", "Clusters.get_single_cluster", clusters.get_single_cluster, name)
    calls("clusters", "Clusters.get_single_cluster_as_obj", clusters.get_single_cluster_as_obj, name)
    calls(
        "clusters",
        "Clusters.get_single_cluster_as_obj, sharded",
        clusters.get_single_cluster_as_obj,
        sharded["name"],
    )
    calls(
        "snapshots",
        "CloudBackups.get_backup_snapshots_for_cluster",
        backups.get_backup_snapshots_for_cluster,
        name,
    )
    calls(
        "snapshots",
        "CloudBackups.get_backup_snapshot_for_cluster",
        backups.get_backup_snapshot_for_cluster,
        name,
        snapshot,
    )
    calls("snapshots", "CloudBackups.is_existing_snapshot", backups.is_existing_snapshot, name, snapshot)
    calls(
        "snapshots",
        "CloudBackups.create_snapshot_for_cluster, a dict",
        backups.create_snapshot_for_cluster,
        name,
        7,
        "taken by atlasapi",
        as_obj=False,
    )
    calls(
        "snapshots",
        "CloudBackups.create_snapshot_for_cluster",
        backups.create_snapshot_for_cluster,
        sharded["name"],
        7,
        "taken by atlasapi",
    )
    calls(
        "jobs",
        "CloudBackups.get_snapshot_restore_requests",
        backups.get_snapshot_restore_requests,
        name,
    )
    calls(
        "jobs",
        "CloudBackups.get_snapshot_restore_requests, one",
        backups.get_snapshot_restore_requests,
        name,
        replica["job"],
    )
    calls(
        "creates",
        "CloudBackups.request_snapshot_restore",
        backups.request_snapshot_restore,
        name,
        snapshot,
        sharded["name"],
    )
    calls(
        "creates",
        "CloudBackups.request_snapshot_restore_to_group",
        backups.request_snapshot_restore_to_group,
        name,
        snapshot,
        other["cluster"],
        there,
    )
    download = calls(
        "creates",
        "CloudBackups.request_snapshot_restore, download",
        backups.request_snapshot_restore,
        name,
        snapshot,
        sharded["name"],
        DeliveryType.download,
    )
    job = replica["running_download"] if download is None else download.restore_id
    calls(
        "creates",
        "CloudBackups.cancel_snapshot_restore_request",
        backups.cancel_snapshot_restore_request,
        name,
        job,
    )


main()
