"""The documents of the vendor's pages: nothing is lost, and every documented field has its Python type.

One test per document; the request files are tested in ``test_encoders.py``, the header files in ``test_headers.py``.
"""

import json
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import attrs
import pytest

from builders.constants import PLACE
from mongorestore_async.codec.documents import load_job, read_created, read_jobs
from mongorestore_async.codec.list_documents import decode_list
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    FAMILIES,
    OPS_MANAGER,
)
from mongorestore_async.models import (
    CloudBackupDeliveryType,
    CloudBackupRestoreJob,
    Component,
    Delivery,
    DeliveryMethod,
    DeliveryStatus,
    FileHash,
    JobRef,
    JobState,
    JobStatus,
    Link,
    OplogTimestamp,
    PrivateDownloadUrl,
    RawDocument,
    RestoreJob,
    Secret,
    TenantDeliveryType,
    TenantRestoreJob,
    TenantStatus,
    wire_names,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
#: A list of any family is found by its name: ``atlas_flex_list.json`` is one of "atlas-flex".
LISTS = {f"{name.replace('-', '_')}_list": family for name, family in FAMILIES.items()}
FILES = {
    **{path.stem: LISTS[path.stem] for path in FIXTURES.glob("*_list.json") if path.stem in LISTS},
    "ops_manager_list": OPS_MANAGER,
    "cloud_manager_list": CLOUD_MANAGER,
    "atlas_cloud_backup_list": ATLAS_CLOUD_BACKUP_V1,
    "atlas_tenant_list": ATLAS_TENANT_V1,
    "cloud_manager_create_snapshot_http": CLOUD_MANAGER,
    "cloud_manager_create_automated_snapshot": CLOUD_MANAGER,
    "cloud_manager_create_automated_oplog": CLOUD_MANAGER,
    "cloud_manager_create_automated_pit": CLOUD_MANAGER,
    "cloud_manager_create_automated_checkpoint": CLOUD_MANAGER,
}
#: Members that are documented only as history ("Old fields"): in ``raw``, and nowhere else.
RAW_ONLY = {"formatName", "hostname", "port", "username", "passwordTypeName", "targetDirectory"}

HOSTS = {
    "ops_manager": "https://{OPSMANAGER-HOST}:{PORT}",
    "cloud_manager": "https://cloud.mongodb.com",
}
CLUSTER_V1 = "/api/public/v1.0/groups/{PROJECT-ID}/clusters"
ATLAS = "https://cloud.mongodb.com/api/atlas/v1.0/groups/5b6212af90dc76637950a2c6"
KEYS = ("OTY0ZmFiNmEzZjEzNGUyMTlhZjJjNjM3NGMyNGM4ZTM=", "NWRlMTk4NzgxYzNjNDIzOTg2Yzc3YzkyODYxYjNjMzY=")
STAMPS = ("1492636465", "1492528465")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def same(actual, expected):
    """Whether two values agree in value and in type at every depth, UTC and enumeration members included."""
    if type(actual) is not type(expected):
        return False
    if attrs.has(type(actual)):
        names = [field.name for field in attrs.fields(type(actual)) if field.eq]
        return all(same(getattr(actual, name), getattr(expected, name)) for name in names)
    if isinstance(actual, tuple):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(actual, datetime):
        return actual == expected and actual.tzinfo is UTC
    return actual is expected if isinstance(actual, Enum) else actual == expected


def parts(annotation):
    """The attrs classes an annotation mentions."""
    if attrs.has(annotation):
        return [annotation]
    return [part for argument in getattr(annotation, "__args__", ()) for part in parts(argument)]


def unmapped(document, model, path="$"):
    """Paths of members no typed attribute is read from."""
    fields = {name: field for field in attrs.fields(model) for name in wire_names(field)}
    lost = []
    for name, value in document.items():
        if name in RAW_ONLY:
            continue
        if name not in fields:
            lost.append(f"{path}.{name}")
            continue
        for part in parts(fields[name].type):
            for item in value if isinstance(value, list) else [value]:
                lost += unmapped(item, part, f"{path}.{name}") if isinstance(item, dict) else []
    return lost


@pytest.fixture(scope="session")
def check(seed):
    """Structure one document of a file, check that nothing is lost, and compare the job field by field."""

    def checked(name, number, expected, state):
        family, document = FILES[name], seed(name)["results"][number]
        job = load_job(family, document, **PLACE)

        assert job.raw == document
        assert job.to_dict(redacted=False) == document
        assert unmapped(document, family.job_type) == []
        for field in attrs.fields(type(job)):
            if field.eq:
                actual, wanted = getattr(job, field.name), getattr(expected, field.name)
                assert same(actual, wanted), f"{field.name}: {actual!r} is not {wanted!r}"
        assert job == expected
        assert job.state is state
        assert job.ref == JobRef(family=family.name, project="P", cluster="C", job=document["id"])

    return checked


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith("_list")))
def test_lists_of_every_family_are_decoded_the_fast_way(seed, name):
    jobs, learned = seed(name)["results"], {}
    body = json.dumps({"results": jobs}, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    found = decode_list(FILES[name].job_type, body, learned)
    assert found is not None
    assert [job.raw for job in found.results] == jobs
    assert not learned


def public_api_job(**fields):
    """Make the job all Ops Manager and Cloud Manager examples are variations of."""
    job = {
        "id": "{JOB-ID}",
        "group_id": "{PROJECT-ID}",
        "cluster_id": "{CLUSTER-ID}",
        "batch_id": "{BATCH-ID}",
        "snapshot_id": "{SNAPSHOT-ID}",
        "status_name": JobStatus.FINISHED,
        "encryption_enabled": False,
    }
    return RestoreJob(**{**job, **fields})


def listed(number, host, download_host, **fields):
    created, expires, stamp = (
        ("2017-04-21T03:49:57", "2017-04-21T04:49:57", "2017-04-18T15:14:25"),
        ("2017-04-18T19:21:23", "2017-04-18T20:21:23", "2017-04-19T21:14:25"),
    )[number]
    archive = f"electron_0-{STAMPS[number]}-{{JOB-ID}}.tar.gz"
    return public_api_job(
        created=utc(created),
        delivery=Delivery(
            method_name=DeliveryMethod.HTTP,
            status_name=DeliveryStatus.READY,
            url=Secret(f"{download_host}/backup/restore/v2/pull/{{JOB-ID}}/{KEYS[number]}/{archive}"),
            expiration_hours=1,
            expires=utc(expires),
            max_downloads=1,
        ),
        links=(Link(f"{host}{CLUSTER_V1}/{{CLUSTER-ID}}/restoreJobs/{{JOB-ID}}", "self"),),
        timestamp=OplogTimestamp(date=utc(stamp), increment=1),
        **fields,
    )


@pytest.mark.parametrize("number", [0, 1])
def test_ops_manager_list(check, number):
    host = HOSTS["ops_manager"]
    check("ops_manager_list", number, listed(number, host, host, point_in_time=False), JobState.FINISHED)


@pytest.mark.parametrize("number", [0, 1])
def test_cloud_manager_list(check, number):
    expected = listed(number, HOSTS["cloud_manager"], "https://api-backup.mongodb.com", point_in_time=None)
    check("cloud_manager_list", number, expected, JobState.FINISHED)


def created(minute, **fields):
    link = f"{HOSTS['cloud_manager']}{CLUSTER_V1}/{{CLUSTER-NAME}}/restoreJobs/{{RESTORE-JOB-ID}}"
    job = {
        "id": "{RESTORE-JOB-ID}",
        "created": utc(f"2018-09-20T15:0{minute}:00"),
        "delivery": Delivery(method_name=DeliveryMethod.HTTP, status_name=DeliveryStatus.READY),
        "links": (Link(link, "self"),),
        "timestamp": OplogTimestamp(date=utc("2018-09-15T15:53:00"), increment=1),
    }
    return public_api_job(**{**job, **fields})


def test_cloud_manager_create_snapshot_http(check):
    delivery = Delivery(
        method_name=DeliveryMethod.HTTP, status_name=DeliveryStatus.READY, expiration_hours=1, max_downloads=1
    )
    expected = created(0, point_in_time=False, delivery=delivery)
    check("cloud_manager_create_snapshot_http", 0, expected, JobState.FINISHED)


def test_cloud_manager_create_automated_snapshot(check):
    expected = attrs.evolve(
        listed(0, HOSTS["cloud_manager"], "https://api-backup.mongodb.com"),
        created=utc("2020-04-21T03:49:57"),
        timestamp=OplogTimestamp(date=utc("2020-04-18T15:14:25"), increment=1),
    )
    expected = attrs.evolve(expected, delivery=attrs.evolve(expected.delivery, expires=utc("2020-04-21T04:49:57")))
    check("cloud_manager_create_automated_snapshot", 0, expected, JobState.FINISHED)


def test_cloud_manager_create_automated_oplog(check):
    check("cloud_manager_create_automated_oplog", 0, created(1, point_in_time=False), JobState.FINISHED)


def test_cloud_manager_create_automated_pit(check):
    check("cloud_manager_create_automated_pit", 0, created(2), JobState.FINISHED)


def test_cloud_manager_create_automated_checkpoint(check):
    check("cloud_manager_create_automated_checkpoint", 0, created(3), JobState.FINISHED)


def atlas_links(job):
    return (
        Link(f"{ATLAS}/clusters/Cluster0/backup/restoreJobs/{job}", "self"),
        Link(f"{ATLAS}/clusters/Cluster0/backup/snapshots/5b6211ff87d9d663c59d3dee", "http://mms.mongodb.com/snapshot"),
        Link(f"{ATLAS}/clusters/Cluster0", "http://mms.mongodb.com/cluster"),
        Link(ATLAS, "http://mms.mongodb.com/group"),
    )


def test_atlas_cloud_backup_automated(check):
    expected = CloudBackupRestoreJob(
        id="5b622f7087d9d6039fafe03f",
        delivery_type=CloudBackupDeliveryType.AUTOMATED,
        cancelled=False,
        expired=False,
        failed=None,
        created_at=None,
        expires_at=utc("2018-08-02T02:08:48"),
        snapshot_id="5b6211ff87d9d663c59d3feg",
        target_cluster_name="MyOtherCluster",
        target_group_id="5b6212af90dc76637950a2c6",
        timestamp=utc("2018-08-01T20:02:07"),
        links=atlas_links("5b622f7087d9d6039fafe03f"),
    )
    check("atlas_cloud_backup_list", 0, expected, JobState.RUNNING)


def test_atlas_cloud_backup_download(check):
    expected = CloudBackupRestoreJob(
        id="5b622e3587d9d6039faf713f",
        delivery_type=CloudBackupDeliveryType.DOWNLOAD,
        delivery_url=(Secret("https://restore.mongodb.net:27017/restore-5b622e3587d9d6039faf713f.tar.gz"),),
        cancelled=False,
        expired=False,
        created_at=utc("2018-08-01T22:05:41"),
        expires_at=utc("2018-08-02T02:03:33"),
        snapshot_id="5b6211ff87d9d663c59d3feg",
        timestamp=utc("2018-08-01T20:02:07"),
        links=atlas_links("5b622e3587d9d6039faf713f"),
    )
    check("atlas_cloud_backup_list", 1, expected, JobState.FINISHED)


TENANT = {
    "cluster_name": "aws-cluster-1",
    "project_id": "5b69d0349b15c62cdfc38b78",
    "snapshot_id": "5cc9ad92e5dc7c8ab1e41c50",
    "target_deployment_item_name": "aws-cluster-1",
    "target_project_id": "5b69d0349b15c62cdfc38b78",
    "snapshot_finished_date": utc("2019-05-01T14:33:19"),
    "links": (),
}


def test_atlas_tenant_download(check):
    expected = TenantRestoreJob(
        id="5cc9b501e5dc7c8ab1e45d65",
        delivery_type=TenantDeliveryType.DOWNLOAD,
        status=TenantStatus.COMPLETED,
        expiration_date=utc("2019-05-01T19:02:25"),
        restore_scheduled_date=utc("2019-05-01T15:02:25"),
        restore_finished_date=utc("2019-05-01T15:02:25"),
        snapshot_url=Secret("{SNAPSHOT-URL}"),
        **TENANT,
    )
    check("atlas_tenant_list", 0, expected, JobState.FINISHED)


def test_atlas_tenant_restore(check):
    expected = TenantRestoreJob(
        id="5cc9ae6be5dc7c8ab1e422df",
        delivery_type=TenantDeliveryType.RESTORE,
        status=TenantStatus.PENDING,
        expiration_date=utc("2019-05-01T18:34:19"),
        restore_scheduled_date=utc("2019-05-01T14:34:19"),
        restore_finished_date=None,
        snapshot_url=None,
        **TENANT,
    )
    check("atlas_tenant_list", 1, expected, JobState.PENDING)


@pytest.mark.parametrize("name", FILES)
def test_whole_files_are_read_alike(seed, name):
    document = seed(name)
    jobs = read_jobs(FILES[name], document["results"], **PLACE)

    assert [job.raw for job in jobs] == document["results"]
    assert len(jobs) == document["totalCount"]
    assert read_created(FILES[name], document, **PLACE) == jobs
    assert all(isinstance(job.raw, RawDocument) for job in jobs)


def test_the_search_for_lost_members_finds_them():
    document = {"id": "J", "new": 1, "delivery": {"url": "u", "newer": 2}, "links": [{"href": "h", "x": 3}], "port": 1}

    assert unmapped(document, RestoreJob) == ["$.new", "$.delivery.newer", "$.links.x"]


def test_the_comparison_tells_types_apart():
    assert not same(JobStatus.FINISHED, "FINISHED")
    assert not same(Secret("a"), "a")
    assert not same((1,), (1.0,))
    assert not same((False,), (0,))
    assert same(OplogTimestamp(increment=1), OplogTimestamp(increment=1))


PUBLIC_API = {
    "id groupId clusterId clusterName hostId batchId created snapshotId checkpointId pointInTime statusName timestamp"
    " encryptionEnabled masterKeyUUID hashes delivery links deploymentJobId": RestoreJob,
    "methodName statusName url urlV2 authHeader authBearer authValue expirationHours expires maxDownloads targetGroupId"
    " targetClusterId targetClusterName": Delivery,
    "fileName hash typeName links": FileHash,
    "date increment time": OplogTimestamp,
    "href rel": Link,
}
ATLAS_APIS = {
    "id deliveryType snapshotId timestamp cancelled expired failed createdAt expiresAt finishedAt deliveryUrl"
    " components privateDownloadDeliveryUrls targetClusterName targetGroupId targetDeploymentItemName oplogTs oplogInc"
    " pointInTimeUTCSeconds desiredTimestamp sourceClusterName links": CloudBackupRestoreJob,
    "downloadUrl replicaSetName privateDownloadDeliveryUrls": Component,
    "deliveryUrl endpointId": PrivateDownloadUrl,
    "id projectId snapshotId targetProjectId clusterName deliveryType status restoreScheduledDate restoreFinishedDate"
    " snapshotFinishedDate expirationDate snapshotUrl targetDeploymentItemName links": TenantRestoreJob,
}


@pytest.mark.parametrize(
    ("names", "model"), [*PUBLIC_API.items(), *ATLAS_APIS.items()], ids=lambda value: getattr(value, "__name__", "")
)
def test_every_documented_field_has_an_attribute(names, model):
    documented = {wire_names(field)[0] for field in attrs.fields(model) if field.name not in {"_received", "_origin"}}

    assert documented == set(names.split())
