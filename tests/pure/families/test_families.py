"""Families: what is told about each product."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

import mongorestore_async.families
import mongorestore_async.models
from mongorestore_async import Cluster
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.errors import Unsupported
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_LEGACY_V1,
    ATLAS_SERVERLESS,
    ATLAS_SERVERLESS_V1,
    ATLAS_TENANT,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    FAMILIES,
    OPS_MANAGER,
    Family,
    RateLimit,
)
from mongorestore_async.models import (
    Checkpoint,
    CloudBackupRestoreJob,
    CloudBackupSnapshot,
    ClusterSnapshot,
    HttpRestore,
    JobDocument,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    SnapshotDocument,
    TenantRestoreJob,
    TenantSnapshot,
)
from mongorestore_async.protocol.rate_limit_headers import choose_rate

NOW = datetime(2026, 11, 29, tzinfo=UTC)
V2 = [ATLAS_CLOUD_BACKUP, ATLAS_FLEX, ATLAS_LEGACY, ATLAS_TENANT, ATLAS_SERVERLESS]
V1_ATLAS = [ATLAS_CLOUD_BACKUP_V1, ATLAS_LEGACY_V1, ATLAS_TENANT_V1, ATLAS_SERVERLESS_V1]
KINDS = ("cloud-backup", "legacy", "tenant", "serverless")
MANAGERS = [OPS_MANAGER, CLOUD_MANAGER]
ALL = [*MANAGERS, *V1_ATLAS, *V2]
CLUSTER = "/groups/{project}/clusters/{cluster}"
BASIC = "application/vnd.atlas.2023-01-01+json"
CLUSTERS = "application/vnd.atlas.2024-08-05+json"
FLEX = "application/vnd.atlas.2024-11-13+json"


def test_are_found_by_name():
    exported = {name: getattr(mongorestore_async.families, name) for name in mongorestore_async.families.__all__}
    families = [value for value in exported.values() if isinstance(value, Family)]

    assert all(FAMILIES[family.name] is family for family in (*ALL, *families))
    assert len(FAMILIES) == len(families)
    assert {f"atlas-{kind}{version}" for kind in KINDS for version in ("", "-v1")} <= set(FAMILIES)
    with pytest.raises(TypeError):
        FAMILIES["mine"] = OPS_MANAGER


def test_stand_below_the_api_of_their_version():
    assert {family.api_path for family in MANAGERS} == {"/api/public/v1.0"}
    assert {family.api_path for family in V1_ATLAS} == {"/api/atlas/v1.0"}
    assert {family.api_path for family in V2} == {"/api/atlas/v2"}
    assert [family for family in ALL if family.is_v2] == [family for family in ALL if family in V2]
    assert {family.projects_path for family in ALL} == {"/groups"}


@pytest.mark.parametrize(
    ("families", "jobs", "create", "download", "cancel"),
    [
        ([*MANAGERS, ATLAS_LEGACY, ATLAS_LEGACY_V1], f"{CLUSTER}/restoreJobs", "", None, False),
        ([ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1], f"{CLUSTER}/backup/restoreJobs", "", None, True),
        (
            [ATLAS_TENANT, ATLAS_TENANT_V1],
            f"{CLUSTER}/backup/tenant/restores",
            f"{CLUSTER}/backup/tenant/restore",
            f"{CLUSTER}/backup/tenant/download",
            False,
        ),
        (
            [ATLAS_FLEX],
            "/groups/{project}/flexClusters/{cluster}/backup/restoreJobs",
            "",
            "/groups/{project}/flexClusters/{cluster}/backup/download",
            False,
        ),
        (
            [ATLAS_SERVERLESS, ATLAS_SERVERLESS_V1],
            "/groups/{project}/serverless/{cluster}/backup/restoreJobs",
            "",
            None,
            False,
        ),
    ],
)
def test_have_the_documented_paths_of_jobs(families, jobs, create, download, cancel):
    for family in families:
        assert family.jobs_path == jobs
        assert family.job_path == f"{jobs}/{{job}}"
        assert family.create_path == (create or jobs)
        assert family.download_path == download
        assert family.cancel_path == (family.job_path if cancel else None)


@pytest.mark.parametrize(
    ("families", "snapshots"),
    [
        ([*MANAGERS, ATLAS_LEGACY, ATLAS_LEGACY_V1], f"{CLUSTER}/snapshots"),
        ([ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1], f"{CLUSTER}/backup/snapshots"),
        ([ATLAS_TENANT, ATLAS_TENANT_V1], f"{CLUSTER}/backup/tenant/snapshots"),
        ([ATLAS_FLEX], "/groups/{project}/flexClusters/{cluster}/backup/snapshots"),
        ([ATLAS_SERVERLESS, ATLAS_SERVERLESS_V1], "/groups/{project}/serverless/{cluster}/backup/snapshots"),
    ],
)
def test_have_the_documented_paths_of_snapshots(families, snapshots):
    for family in families:
        assert family.snapshots_path == snapshots
        assert family.snapshot_path == f"{snapshots}/{{snapshot}}"


def test_only_cloud_backup_lists_sharded_snapshots_elsewhere():
    for family in ALL:
        sharded = family.name.startswith("atlas-cloud-backup")
        plural, singular = family.sharded_snapshots_path, family.sharded_snapshot_path
        assert plural == (f"{CLUSTER}/backup/snapshots/shardedClusters" if sharded else None)
        assert singular == (f"{CLUSTER}/backup/snapshots/shardedCluster/{{snapshot}}" if sharded else None)


def test_checkpoints_hosts_and_ranges_exist_where_documented():
    checkpoints = {family.name: family.checkpoints_path for family in ALL if family.checkpoints_path}

    assert checkpoints == {
        "ops-manager": f"{CLUSTER}/checkpoints",
        "cloud-manager": f"{CLUSTER}/checkpoints",
        "atlas-legacy": f"{CLUSTER}/backupCheckpoints",
        "atlas-legacy-v1": f"{CLUSTER}/backupCheckpoints",
    }
    for family in ALL:
        is_manager = family in MANAGERS
        assert family.checkpoint_path == (
            f"{family.checkpoints_path}/{{checkpoint}}" if family.checkpoints_path else None
        )
        assert family.hosts_path == ("/groups/{project}/hosts" if is_manager else None)
        assert family.ranges_path == (f"{CLUSTER}/restoreJobs/restorableTimeRanges" if is_manager else None)
        assert (family.config_server is not None) is is_manager


def test_list_clusters_where_their_kind_is_listed():
    for family in ALL:
        kind = next((kind for kind in ("flex", "serverless") if kind in family.name), None)
        own = {"flex": "/groups/{project}/flexClusters", "serverless": "/groups/{project}/serverless"}
        assert family.clusters_path == own.get(kind, "/groups/{project}/clusters")
        assert family.all_clusters_path == ("/clusters" if kind is None else None)


def test_a_config_server_is_the_same_api_by_host():
    for family in MANAGERS:
        host = family.config_server
        assert (host.name, host.api_path, host.rates) == (family.name, family.api_path, family.rates)
        assert (host.has_public_host, host.has_service_accounts) == (
            family.has_public_host,
            family.has_service_accounts,
        )
        assert host.jobs_path == host.create_path == "/groups/{project}/hosts/{host}/restoreJobs"
        assert host.job_path == "/groups/{project}/hosts/{host}/restoreJobs/{job}"
        assert host.snapshots_path == "/groups/{project}/hosts/{host}/snapshots"
        assert host.creates == {HttpRestore}
        assert host.cluster_key == "host"
        assert host.ranges_path is host.checkpoints_path is host.cancel_path is None


def test_create_what_their_create_pages_offer():
    everything = {HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}
    assert {family.name: set(family.creates) for family in ALL} == {
        "ops-manager": everything,
        "cloud-manager": everything,
        "atlas-cloud-backup": everything - {Checkpoint},
        "atlas-cloud-backup-v1": everything - {Checkpoint},
        "atlas-legacy": everything - {Checkpoint},
        "atlas-legacy-v1": everything - {Checkpoint},
        "atlas-tenant": {HttpRestore, Snapshot},
        "atlas-tenant-v1": {HttpRestore, Snapshot},
        "atlas-flex": {HttpRestore, Snapshot},
        "atlas-serverless": {Snapshot, PointInTime},
        "atlas-serverless-v1": {Snapshot},
    }


def test_give_each_its_models():
    models = {family.name: (family.job_type, family.snapshot_type) for family in ALL}

    for name, found in models.items():
        if name in {"ops-manager", "cloud-manager", "atlas-legacy", "atlas-legacy-v1"}:
            assert found == (RestoreJob, ClusterSnapshot)
        elif name in {"atlas-tenant", "atlas-tenant-v1", "atlas-flex"}:
            assert found == (TenantRestoreJob, TenantSnapshot)
        else:
            assert found == (CloudBackupRestoreJob, CloudBackupSnapshot)


def test_ask_for_the_documented_versions():
    for family in (*MANAGERS, *V1_ATLAS):
        assert family.media_type == "application/json"
        assert family.media_types == ()
    for family in V2:
        usual = FLEX if family is ATLAS_FLEX else BASIC
        paths = (family.jobs_path, family.job_path, family.create_path, family.snapshots_path, family.snapshot_path)
        assert {family.media_type_of(path) for path in paths} == {usual}
        assert family.media_type_of("/groups") == BASIC
    assert ATLAS_FLEX.media_type_of(ATLAS_FLEX.clusters_path) == FLEX
    assert ATLAS_FLEX.media_type_of(ATLAS_FLEX.download_path) == FLEX
    assert ATLAS_SERVERLESS.media_type_of(ATLAS_SERVERLESS.clusters_path) == BASIC
    for family in (ATLAS_CLOUD_BACKUP, ATLAS_LEGACY, ATLAS_TENANT):
        assert family.media_type_of(family.clusters_path) == CLUSTERS
        assert family.media_type_of(family.all_clusters_path) == BASIC


def test_tell_what_the_facts_say():
    managers = {"ops-manager", "cloud-manager"}
    assert {family.name for family in ALL if family.cluster_key == "id"} == managers
    assert {family.cluster_key for family in ALL if family.name not in managers} == {"name"}
    assert [family for family in ALL if not family.has_public_host] == [OPS_MANAGER]
    assert [family for family in ALL if not family.has_service_accounts] == [OPS_MANAGER]
    assert {family.name for family in ALL if family.newest_first} == {
        "atlas-cloud-backup",
        "atlas-cloud-backup-v1",
        "atlas-flex",
    }
    by_batch = {family.name for family in ALL if family.filters == {"batchId"}}
    assert by_batch == {*managers, "atlas-legacy", "atlas-legacy-v1"}
    assert all(not family.filters for family in ALL if family.name not in by_batch)
    assert {family.name for family in ALL if family.deprecation} == {
        f"atlas-{kind}{version}" for kind in ("legacy", "tenant", "serverless") for version in ("", "-v1")
    }


def test_have_the_documented_limits():
    assert OPS_MANAGER.rates == ()
    assert {family.rates for family in (CLOUD_MANAGER, *V1_ATLAS)} == {(RateLimit(100, 100, 60, window=True),)}
    for family in V2:
        named = {path: choose_rate(family.rates, path, "P") for path in ("/groups", "/groups/{project}/clusters")}
        assert [(rate.capacity, rate.refill, rate.scope) for rate in named.values()] == [
            (1200, 500, "caller"),
            (10_000, 5_000, "project"),
        ]
        every = choose_rate(family.rates, "/clusters", None)
        assert (every.capacity, every.refill, every.per_seconds, every.scope) == (300, 100, 60, "caller")


@pytest.mark.parametrize(
    ("family", "attribute", "endpoints"),
    [
        (ATLAS_CLOUD_BACKUP, "jobs_path", "cloud backups"),
        (ATLAS_CLOUD_BACKUP, "snapshots_path", "cloud backups"),
        (ATLAS_LEGACY, "jobs_path", "cloud backups"),
        (ATLAS_LEGACY, "job_path", "cloud backups"),
        (ATLAS_LEGACY, "snapshots_path", "legacy backup"),
        (ATLAS_LEGACY, "checkpoints_path", "legacy backup"),
        (ATLAS_FLEX, "jobs_path", "flex restore jobs"),
        (ATLAS_FLEX, "job_path", "flex restore jobs"),
        (ATLAS_FLEX, "download_path", "flex restore jobs"),
        (ATLAS_FLEX, "snapshot_path", "flex snapshots"),
        (ATLAS_FLEX, "clusters_path", "flex clusters"),
    ],
)
def test_count_calls_by_the_endpoint_sets_of_the_vendor(family, attribute, endpoints):
    rate = choose_rate(family.rates, getattr(family, attribute), "P")

    assert (rate.name, rate.capacity, rate.refill, rate.per_seconds, rate.scope) == (
        endpoints,
        1200,
        500,
        60,
        "project",
    )


@pytest.mark.parametrize("family", [ATLAS_TENANT, ATLAS_SERVERLESS], ids=repr)
def test_of_what_was_switched_off_no_limit_is_known(family):
    assert choose_rate(family.rates, family.jobs_path, "P") is None


@pytest.mark.parametrize("family", ALL, ids=repr)
def test_jobs_are_jobs_and_snapshots_snapshots(family):
    assert issubclass(family.job_type, JobDocument)
    assert issubclass(family.snapshot_type, SnapshotDocument)


def test_are_values():
    assert attrs.evolve(OPS_MANAGER) == OPS_MANAGER
    assert len({*ALL, attrs.evolve(OPS_MANAGER)}) == len(ALL)
    assert repr(OPS_MANAGER) == "<Family ops-manager>"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        OPS_MANAGER.name = "mine"
    assert isinstance(OPS_MANAGER, Family)


@pytest.mark.parametrize("package", [mongorestore_async.models, mongorestore_async.families])
def test_packages_export_what_they_say(package):
    assert sorted(package.__all__) == sorted(set(package.__all__))
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("module", ["mongorestore_async.models", "mongorestore_async.families"])
def test_pure_packages_import_neither_http_nor_the_converter(module):
    program = f"import sys, {module}; print(*sorted({{'aiohttp', 'asyncio', 'cattrs', 'yarl'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(mongorestore_async.models.__file__).parents[2],
    )

    assert done.stdout.strip() == ""


def test_a_family_that_only_lists_leaves_the_rest_out():
    family = Family(
        name="lister",
        title="Lister",
        api_path="/api/x",
        job_type=RestoreJob,
        jobs_path=f"{CLUSTER}/jobs",
        job_path=f"{CLUSTER}/jobs/{{job}}",
        cluster_key="name",
    )
    view = cast("Any", SimpleNamespace(now=lambda: NOW))
    cluster = Cluster(view, family, "p", "c")

    with pytest.raises(Unsupported, match="Lister has no list of snapshots"):
        cluster.snapshots()
    with pytest.raises(Unsupported, match="not create them"):
        encode_request(family, HttpRestore.on_server_terms("s"), now=NOW)
    with pytest.raises(Unsupported, match="defines no request encoding"):
        encode_request(
            attrs.evolve(family, creates=frozenset({HttpRestore})), HttpRestore.on_server_terms("s"), now=NOW
        )
