"""Families: what is told about each product."""

from datetime import UTC, datetime
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
    ATLAS_COLLECTION_RESTORE,
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
)
from mongorestore_async.models import (
    HttpRestore,
    JobDocument,
    RestoreJob,
    SnapshotDocument,
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


@pytest.mark.parametrize(
    ("family", "attribute", "endpoints"),
    [
        (ATLAS_CLOUD_BACKUP, "jobs_path", "cloud backups"),
        (ATLAS_CLOUD_BACKUP, "snapshots_path", "cloud backups"),
        (ATLAS_COLLECTION_RESTORE, "jobs_path", "cloud backups"),
        (ATLAS_COLLECTION_RESTORE, "restored_collections_path", "cloud backups"),
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


def test_deleted_clusters_are_a_list_of_atlas_v2():
    listing = {family.name for family in FAMILIES.values() if family.lists_deleted_clusters}

    assert listing == {"atlas-cloud-backup", "atlas-collection-restore", "atlas-legacy", "atlas-tenant"}
