"""PyPI pyatlassdk: Atlas v2, generated from the vendor's OpenAPI document, over httpx and pydantic."""

from __future__ import annotations

import sys
from typing import Any

from clients.calls import Calls
from pyatlassdk.admin import models
from pyatlassdk.admin.client import AtlasAdminClient


def neighbours(calls: Calls, client: AtlasAdminClient, side: dict[str, Any]) -> None:
    """Organisations, projects, limits and clusters."""
    project = side["project"]
    group = project["id"]
    calls("projects", "organizations.list_orgs", client.organizations.list_orgs)
    calls("projects", "organizations.get_org", client.organizations.get_org, side["org"])
    calls("projects", "organizations.get_org_groups", client.organizations.get_org_groups, side["org"])
    calls("projects", "projects.list_groups", client.projects.list_groups)
    calls("projects", "projects.get_group", client.projects.get_group, group)
    calls("projects", "projects.get_group_by_name", client.projects.get_group_by_name, project["name"])
    limits = client.rate_limiting
    calls("projects", "rate_limiting.list_rate_limits", limits.list_rate_limits, group_id=group)
    calls("projects", "rate_limiting.get_rate_limit", limits.get_rate_limit, side["limit"], group_id=group)
    calls("clusters", "clusters.list_cluster_details", client.clusters.list_cluster_details)
    calls("clusters", "clusters.list_group_clusters", client.clusters.list_group_clusters, group)
    for kind in ("cloud-backup", "cloud-backup-sharded", "legacy"):
        name = side["clusters"][kind]["name"]
        calls("clusters", f"clusters.get_group_cluster, {kind}", client.clusters.get_group_cluster, name, group)
    flex, serverless = (side["clusters"][kind]["name"] for kind in ("flex", "serverless"))
    calls(
        "clusters",
        "flex_clusters.list_group_flex_clusters",
        client.flex_clusters.list_group_flex_clusters,
        group,
    )
    calls(
        "clusters",
        "flex_clusters.get_group_flex_cluster",
        client.flex_clusters.get_group_flex_cluster,
        group,
        flex,
    )
    instances = client.serverless_instances
    calls(
        "clusters",
        "serverless_instances.list_group_serverless_instances",
        instances.list_group_serverless_instances,
        group,
    )
    calls(
        "clusters",
        "serverless_instances.get_group_serverless_instance",
        instances.get_group_serverless_instance,
        group,
        serverless,
    )


def cloud_backup(calls: Calls, client: AtlasAdminClient, side: dict[str, Any]) -> None:
    """Snapshots, jobs and creates of cloud backup."""
    group, backups = side["project"]["id"], client.cloud_backups
    replica, sharded = (side["clusters"][kind] for kind in ("cloud-backup", "cloud-backup-sharded"))
    name, snapshot = replica["name"], replica["snapshot"]
    calls(
        "snapshots",
        "list_group_cluster_backup_snapshots",
        backups.list_group_cluster_backup_snapshots,
        name,
        group,
    )
    calls(
        "snapshots",
        "get_group_cluster_backup_snapshot",
        backups.get_group_cluster_backup_snapshot,
        name,
        group,
        snapshot,
    )
    calls(
        "snapshots",
        "list_group_cluster_backup_snapshot_sharded_clusters",
        backups.list_group_cluster_backup_snapshot_sharded_clusters,
        sharded["name"],
        group,
    )
    calls(
        "snapshots",
        "get_group_cluster_backup_snapshot_sharded_cluster",
        backups.get_group_cluster_backup_snapshot_sharded_cluster,
        sharded["name"],
        group,
        sharded["snapshot"],
    )
    taken = models.DiskBackupOnDemandSnapshotRequest(description="taken by pyatlassdk", retention_in_days=3)
    calls(
        "snapshots",
        "take_group_cluster_backup_snapshots",
        backups.take_group_cluster_backup_snapshots,
        name,
        group,
        taken,
    )
    for place in (replica, sharded):
        kind = place["kind"]
        calls(
            "jobs",
            f"list_group_cluster_backup_restore_jobs, {kind}",
            backups.list_group_cluster_backup_restore_jobs,
            place["name"],
            group,
        )
        calls(
            "jobs",
            f"get_group_cluster_backup_restore_job, {kind}",
            backups.get_group_cluster_backup_restore_job,
            place["name"],
            group,
            place["job"],
        )
    target = {"target_cluster_name": name, "target_group_id": group}
    moment = side["moment"]
    made: dict[str, dict[str, Any]] = {
        "automated": {"delivery_type": "automated", "snapshot_id": snapshot, **target},
        "pointInTime": {"delivery_type": "pointInTime", "point_in_time_utc_seconds": moment, **target},
        "pointInTime by oplog": {"delivery_type": "pointInTime", "oplog_ts": moment, "oplog_inc": 1, **target},
        "download": {"delivery_type": "download", "snapshot_id": snapshot},
    }
    job = None
    for title, members in made.items():
        body = models.DiskBackupSnapshotRestoreJob(**members)
        job = calls(
            "creates",
            f"create_group_cluster_backup_restore_job, {title}",
            backups.create_group_cluster_backup_restore_job,
            name,
            group,
            body,
        )
    number = replica["running_download"] if job is None else job.id
    calls.silent(
        "creates",
        "cancel_group_cluster_backup_restore_job",
        backups.cancel_group_cluster_backup_restore_job,
        name,
        group,
        number,
    )


def collections(calls: Calls, client: AtlasAdminClient, side: dict[str, Any]) -> None:
    """Collection-level restores, and what is in a snapshot."""
    group, backups = side["project"]["id"], client.cloud_backups
    place = side["clusters"]["cloud-backup"]
    name, snapshot, job = place["name"], place["snapshot"], place["collection_job"]
    database, collection = side["database"], side["collection"]
    namespace = f"{database}.{collection}"
    calls(
        "snapshots",
        "list_group_cluster_backup_snapshot_databases",
        backups.list_group_cluster_backup_snapshot_databases,
        name,
        group,
        snapshot,
    )
    calls(
        "snapshots",
        "get_group_cluster_backup_snapshot_database",
        backups.get_group_cluster_backup_snapshot_database,
        name,
        database,
        group,
        snapshot,
    )
    calls(
        "snapshots",
        "list_group_cluster_backup_snapshot_database_collections",
        backups.list_group_cluster_backup_snapshot_database_collections,
        name,
        database,
        group,
        snapshot,
    )
    calls(
        "snapshots",
        "get_group_cluster_backup_snapshot_database_collection",
        backups.get_group_cluster_backup_snapshot_database_collection,
        name,
        collection,
        database,
        group,
        snapshot,
    )
    calls(
        "jobs",
        "list_group_cluster_collection_restore_jobs",
        backups.list_group_cluster_collection_restore_jobs,
        name,
        group,
    )
    calls(
        "jobs",
        "get_group_cluster_collection_restore_job",
        backups.get_group_cluster_collection_restore_job,
        name,
        group,
        job,
    )
    body = models.ApiAtlasCollectionRestoreJobRequest(
        snapshot_id=snapshot,
        target_cluster_name=name,
        target_group_id=group,
        write_strategy="CREATE_NEW",
        index_strategy="ALL",
        collections=[models.ApiAtlasRestoreCollectionNamespaceView(source_namespace=namespace)],
    )
    calls(
        "creates",
        "create_group_cluster_collection_restore_job",
        backups.create_group_cluster_collection_restore_job,
        name,
        group,
        body,
    )
    calls(
        "jobs",
        "list_group_cluster_collection_restore_job_collections",
        backups.list_group_cluster_collection_restore_job_collections,
        name,
        group,
        job,
        state="SUCCESSFUL",
    )
    calls(
        "jobs",
        "get_group_cluster_collection_restore_job_collection",
        backups.get_group_cluster_collection_restore_job_collection,
        name,
        group,
        job,
        namespace,
    )


def flex(calls: Calls, client: AtlasAdminClient, side: dict[str, Any]) -> None:
    """Snapshots, jobs and creates of flex clusters."""
    group, place = side["project"]["id"], side["clusters"]["flex"]
    name, snapshot, jobs, snapshots = place["name"], place["snapshot"], client.flex_restore_jobs, client.flex_snapshots
    calls(
        "snapshots",
        "list_group_flex_cluster_backup_snapshots",
        snapshots.list_group_flex_cluster_backup_snapshots,
        group,
        name,
    )
    calls(
        "snapshots",
        "get_group_flex_cluster_backup_snapshot",
        snapshots.get_group_flex_cluster_backup_snapshot,
        group,
        name,
        snapshot,
    )
    calls(
        "jobs",
        "list_group_flex_cluster_backup_restore_jobs",
        jobs.list_group_flex_cluster_backup_restore_jobs,
        group,
        name,
    )
    calls(
        "jobs",
        "get_group_flex_cluster_backup_restore_job",
        jobs.get_group_flex_cluster_backup_restore_job,
        group,
        name,
        place["job"],
    )
    restore = models.FlexBackupRestoreJobCreate20241113(
        snapshot_id=snapshot, target_deployment_item_name=name, target_project_id=group
    )
    calls(
        "creates",
        "create_group_flex_cluster_backup_restore_job",
        jobs.create_group_flex_cluster_backup_restore_job,
        group,
        name,
        restore,
    )
    download = models.FlexBackupSnapshotDownloadCreate20241113(snapshot_id=snapshot)
    calls(
        "creates",
        "download_group_flex_cluster_backup",
        snapshots.download_group_flex_cluster_backup,
        group,
        name,
        download,
    )


def legacy(calls: Calls, client: AtlasAdminClient, side: dict[str, Any]) -> None:
    """Snapshots, checkpoints, jobs and creates of legacy backup."""
    group, backups = side["project"]["id"], client.legacy_backup
    replica, sharded = (side["clusters"][kind] for kind in ("legacy", "legacy-sharded"))
    for place in (replica, sharded):
        name, kind = place["name"], place["kind"]
        calls(
            "snapshots",
            f"list_group_cluster_snapshots, {kind}",
            backups.list_group_cluster_snapshots,
            name,
            group,
        )
        calls(
            "snapshots",
            f"get_group_cluster_snapshot, {kind}",
            backups.get_group_cluster_snapshot,
            name,
            group,
            place["snapshot"],
        )
        calls(
            "jobs",
            f"list_group_cluster_restore_jobs, {kind}",
            backups.list_group_cluster_restore_jobs,
            name,
            group,
        )
        calls(
            "jobs",
            f"get_group_cluster_restore_job, {kind}",
            backups.get_group_cluster_restore_job,
            name,
            group,
            place["job"],
        )
    name = sharded["name"]
    calls(
        "snapshots",
        "list_group_cluster_backup_checkpoints",
        backups.list_group_cluster_backup_checkpoints,
        name,
        group,
    )
    calls(
        "snapshots",
        "get_group_cluster_backup_checkpoint",
        backups.get_group_cluster_backup_checkpoint,
        sharded["checkpoint"],
        name,
        group,
    )
    calls(
        "snapshots",
        "get_group_cluster_snapshot_schedule",
        backups.get_group_cluster_snapshot_schedule,
        name,
        group,
    )
    deliveries = {
        "HTTP": models.BackupRestoreJobDelivery(method_name="HTTP", expiration_hours=1, max_downloads=1),
        "AUTOMATED_RESTORE": models.BackupRestoreJobDelivery(
            method_name="AUTOMATED_RESTORE", target_group_id=group, target_cluster_name=replica["name"]
        ),
    }
    for title, delivery in deliveries.items():
        body = models.BackupRestoreJob(delivery=delivery, snapshot_id=replica["snapshot"])
        calls(
            "creates",
            f"create_group_cluster_restore_job, {title}",
            backups.create_group_cluster_restore_job,
            replica["name"],
            group,
            body,
        )


def main() -> None:
    """Make its calls."""
    calls = Calls()
    world = calls.world
    base = f"{world['url']}/api/atlas/v2"
    with AtlasAdminClient(world["public_key"], world["private_key"], base_url=base) as client:
        for part in (neighbours, cloud_backup, collections, flex, legacy):
            part(calls, client, world["atlas"])
    account = {"client_id": world["client_id"], "client_secret": world["client_secret"]}
    with AtlasAdminClient(**account, base_url=base, oauth_token_url=f"{world['url']}/api/oauth/token") as client:
        calls("projects", "projects.list_groups, by a service account", client.projects.list_groups)


sys.exit(main())
