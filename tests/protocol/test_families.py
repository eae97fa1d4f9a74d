"""Families: what is told about each product."""

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import mongorestore_async.families
import mongorestore_async.models
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP_V1,
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
    HttpRestore,
    JobDocument,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    TenantRestoreJob,
)

ALL = list(FAMILIES.values())
PLACE = {"project": "P", "cluster": "C", "job": "J"}


def test_are_found_by_name():
    assert {
        "ops-manager": OPS_MANAGER,
        "cloud-manager": CLOUD_MANAGER,
        "atlas-cloud-backup-v1": ATLAS_CLOUD_BACKUP_V1,
        "atlas-tenant-v1": ATLAS_TENANT_V1,
    } == FAMILIES
    with pytest.raises(TypeError):
        FAMILIES["mine"] = OPS_MANAGER


@pytest.mark.parametrize(
    ("family", "base", "jobs"),
    [
        (OPS_MANAGER, "/api/public/v1.0", "/groups/P/clusters/C/restoreJobs"),
        (CLOUD_MANAGER, "/api/public/v1.0", "/groups/P/clusters/C/restoreJobs"),
        (ATLAS_CLOUD_BACKUP_V1, "/api/atlas/v1.0", "/groups/P/clusters/C/backup/restoreJobs"),
        (ATLAS_TENANT_V1, "/api/atlas/v1.0", "/groups/P/clusters/C/backup/tenant/restores"),
    ],
)
def test_have_the_documented_paths(family, base, jobs):
    assert family.api_path == base
    assert family.jobs_path.format(**PLACE) == jobs
    assert family.job_path.format(**PLACE) == f"{jobs}/J"
    assert family.clusters_path.format(**PLACE) == "/groups/P/clusters"
    assert family.projects_path == "/groups"
    assert family.media_type == "application/json"


def test_create_where_the_create_page_exists():
    for family in (OPS_MANAGER, CLOUD_MANAGER):
        assert family.create_path == family.jobs_path
        assert family.creates == {HttpRestore, Snapshot, OplogTime, PointInTime, Checkpoint}
    for family in (ATLAS_CLOUD_BACKUP_V1, ATLAS_TENANT_V1):
        assert family.create_path is None
        assert not family.creates
    assert all(family.cancel_path is None for family in ALL)


def test_give_each_its_job_model():
    assert [family.job_type for family in ALL] == [
        RestoreJob,
        RestoreJob,
        CloudBackupRestoreJob,
        TenantRestoreJob,
    ]
    assert all(issubclass(family.job_type, JobDocument) for family in ALL)


def test_tell_what_the_facts_say():
    assert [family.cluster_key for family in ALL] == ["id", "id", "name", "name"]
    assert [family.has_public_host for family in ALL] == [False, True, True, True]
    assert [family.newest_first for family in ALL] == [False, False, True, False]
    assert [bool(family.deprecation) for family in ALL] == [False, False, False, True]
    assert [set(family.filters) for family in ALL] == [{"batchId"}, {"batchId"}, set(), set()]
    a_minute = RateLimit(100, 100, 60, "project", window=True)
    assert [family.rates for family in ALL] == [(), (a_minute,), (a_minute,), (a_minute,)]


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
def test_packages_import_neither_the_http_library_nor_the_converter(module):
    program = f"import sys, {module}; print(*sorted({{'aiohttp', 'asyncio', 'cattrs', 'yarl'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(mongorestore_async.models.__file__).parents[2],
    )

    assert done.stdout.strip() == ""
