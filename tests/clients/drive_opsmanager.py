"""PyPI opsmanager: Ops Manager over requests, HTTP digest."""

from clients.calls import Calls
from opsmanager import OpsManagerClient


def main() -> None:
    """Make its calls."""
    calls = Calls()
    world = calls.world
    side = world["manager"]
    project, org = side["project"]["id"], side["org"]
    replica, sharded, old = (side["clusters"][kind] for kind in ("replica-set", "sharded", "sharded-fcv-4.0"))
    keys = world["public_key"], world["private_key"]
    # Its limit of two calls a second is for servers in use.
    with OpsManagerClient(world["url"], *keys, rate_limit=0, retry_count=0) as client:
        version, orgs, projects = client.version, client.organizations, client.projects
        clusters, backup, hosts = client.clusters, client.backup, client.deployments
        calls("projects", "version.get_service_version", version.get_service_version)
        calls("projects", "organizations.list", orgs.list)
        calls("projects", "organizations.get", orgs.get, org)
        calls("projects", "organizations.list_iter", orgs.list_iter, items_per_page=1)
        calls("projects", "organizations.list_projects_iter", orgs.list_projects_iter, org, items_per_page=1)
        calls("projects", "organizations.list_projects", orgs.list_projects, org)
        calls("projects", "projects.list", projects.list)
        calls("projects", "projects.list_iter", projects.list_iter, items_per_page=1)
        calls("projects", "projects.get", projects.get, project)
        calls("projects", "projects.get_by_name", projects.get_by_name, side["project"]["name"])
        calls("clusters", "clusters.list", clusters.list, project)
        calls("clusters", "clusters.list_iter", clusters.list_iter, project, items_per_page=1)
        calls("clusters", "clusters.get", clusters.get, project, replica["id"])
        calls("clusters", "clusters.list_all", clusters.list_all)
        calls("clusters", "clusters.list_all_iter", clusters.list_all_iter, items_per_page=1)
        calls("clusters", "deployments.list_hosts", hosts.list_hosts, project)
        calls("clusters", "deployments.list_hosts_iter", hosts.list_hosts_iter, project, items_per_page=2)
        calls("clusters", "deployments.get_primaries", hosts.get_primaries, project)
        calls("clusters", "deployments.get_mongos_hosts", hosts.get_mongos_hosts, project)
        calls("clusters", "deployments.get_host", hosts.get_host, project, side["host"])
        for place in (replica, sharded):
            job, snapshot = place["job"], place["snapshot"]
            kind = place["kind"]
            calls("snapshots", f"backup.list_snapshots, {kind}", backup.list_snapshots, project, place["id"])
            calls(
                "snapshots",
                f"backup.get_snapshot, {kind}",
                backup.get_snapshot,
                project,
                place["id"],
                snapshot,
            )
            calls(
                "snapshots",
                f"backup.list_snapshots_iter, {kind}",
                backup.list_snapshots_iter,
                project,
                place["id"],
                items_per_page=3,
            )
            calls("jobs", f"backup.list_restore_jobs, {kind}", backup.list_restore_jobs, project, place["id"])
            calls("jobs", f"backup.get_restore_job, {kind}", backup.get_restore_job, project, place["id"], job)
        calls("snapshots", "backup.list_backup_configs", backup.list_backup_configs, project)
        calls("snapshots", "backup.get_backup_config", backup.get_backup_config, project, replica["id"])
        calls("snapshots", "backup.get_snapshot_schedule", backup.get_snapshot_schedule, project, replica["id"])
        calls("snapshots", "backup.list_checkpoints", backup.list_checkpoints, project, old["id"])
        calls(
            "snapshots",
            "backup.get_checkpoint",
            backup.get_checkpoint,
            project,
            old["id"],
            old["checkpoint"],
        )


main()
