"""Where the vendor's prose and examples disagree: one test per number of the fact sheet, section 10.

Not here: D6 (statuses) and D38 (the challenge), which are the transport's and the login's business.
"""

import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from builders.constants import PLACE
from mongorestore_async.codec.documents import load_job, read_created, read_jobs
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.errors import DataError
from mongorestore_async.families import ATLAS_CLOUD_BACKUP_V1, ATLAS_TENANT_V1, CLOUD_MANAGER, OPS_MANAGER
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    CloudBackupDeliveryType,
    Delivery,
    DeliveryMethod,
    DeliveryStatus,
    Headers,
    HttpRestore,
    JobState,
    OplogTime,
    OplogTimestamp,
    PointInTime,
    Secret,
    ServiceVersion,
    Snapshot,
    Target,
    TenantDeliveryType,
    TenantStatus,
    find_link,
)

TARGET = Target("G", "C")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MOMENT = datetime(2018, 8, 1, 20, 2, 7, tzinfo=UTC)
SEED_LISTS = {
    "ops_manager_list": OPS_MANAGER,
    "cloud_manager_list": CLOUD_MANAGER,
    "atlas_cloud_backup_list": ATLAS_CLOUD_BACKUP_V1,
    "atlas_tenant_list": ATLAS_TENANT_V1,
}


def restore_job(**members):
    return load_job(OPS_MANAGER, {"id": "J", **members})


def cloud_backup_job(**members):
    return load_job(ATLAS_CLOUD_BACKUP_V1, {"id": "J", **members})


def tenant_job(**members):
    return load_job(ATLAS_TENANT_V1, {"id": "J", **members})


@pytest.fixture
def seed_jobs(seed):
    def read(name):
        family = SEED_LISTS.get(name, CLOUD_MANAGER)
        return read_jobs(family, seed(name)["results"], **PLACE)

    return read


@pytest.mark.parametrize("increment", [1, "1", 1.0, 1199145600, "4294967295"])
def test_d01_increment_is_an_integer_or_digits_without_a_range(increment):
    kept = restore_job(timestamp={"date": "2018-08-01T20:02:07Z", "increment": increment}).timestamp.increment

    assert kept == int(increment)
    assert type(kept) is int


def test_d02_timestamp_forms_are_one_moment_in_the_neutral_view():
    text = "2018-08-01T20:02:07Z"

    assert restore_job(timestamp={"date": text, "increment": 1}).timestamp == OplogTimestamp(date=MOMENT, increment=1)
    assert cloud_backup_job(timestamp=text).timestamp == MOMENT
    assert tenant_job(timestamp=text).snapshot_finished_date == MOMENT
    assert (
        restore_job(timestamp={"date": text}).snapshot_moment
        == cloud_backup_job(timestamp=text).snapshot_moment
        == tenant_job(timestamp=text).snapshot_moment
        == MOMENT
    )
    with pytest.raises(DataError):
        restore_job(timestamp=text)
    with pytest.raises(DataError):
        cloud_backup_job(timestamp={"date": text})


def test_d03_an_oplog_moment_of_nulls_counts_as_absent():
    nulls = {"date": None, "increment": None, "time": None}

    assert cloud_backup_job(desiredTimestamp=nulls).desired_timestamp is None
    assert restore_job(timestamp=nulls).timestamp is None
    assert cloud_backup_job(desiredTimestamp={**nulls, "time": 1533153727}).desired_timestamp == OplogTimestamp(
        time=1533153727
    )


def test_d04_a_create_answers_a_list_document_or_a_bare_job():
    listed = {"links": [], "results": [{"id": "J"}], "totalCount": 1}

    assert read_created(CLOUD_MANAGER, listed, **PLACE) == read_created(CLOUD_MANAGER, {"id": "J"}, **PLACE)


def test_d05_a_create_makes_one_job_or_several_but_never_none():
    several = {"results": [{"id": "J", "batchId": "B"}, {"id": "K", "batchId": "B"}]}

    assert [job.batch_id for job in read_created(CLOUD_MANAGER, several, **PLACE)] == ["B", "B"]
    with pytest.raises(DataError, match="no job to follow"):
        read_created(CLOUD_MANAGER, {"results": []}, **PLACE)


def test_d07_a_missing_point_in_time_is_unknown_not_false(seed_jobs):
    assert [job.point_in_time for job in seed_jobs("cloud_manager_list")] == [None, None]
    assert [job.point_in_time for job in seed_jobs("ops_manager_list")] == [False, False]
    assert seed_jobs("cloud_manager_create_automated_pit")[0].point_in_time is None
    assert seed_jobs("cloud_manager_create_automated_oplog")[0].point_in_time is False


def test_d08_encryption_enabled_is_optional_everywhere(seed_jobs):
    assert seed_jobs("cloud_manager_list")[0].encryption_enabled is False
    assert restore_job().encryption_enabled is None


def test_d09_requests_send_documented_types_and_reads_take_both():
    sent = encode_request(CLOUD_MANAGER, HttpRestore("S", 1, expiration_hours=1), now=NOW)["delivery"]
    numbers = restore_job(delivery={"expirationHours": 1, "maxDownloads": 1})
    strings = restore_job(delivery={"expirationHours": "1", "maxDownloads": "1"})

    assert sent == {"methodName": "HTTP", "expirationHours": 1, "maxDownloads": 1}
    assert numbers == strings
    assert strings.delivery == Delivery(expiration_hours=1, max_downloads=1)


def test_d10_an_oplog_time_is_one_value_and_sent_as_text_here():
    sent = encode_request(OPS_MANAGER, AutomatedRestore(OplogTime(1536610288, 1), TARGET), now=NOW)

    assert (sent["oplogTs"], sent["oplogInc"]) == ("1536610288", "1")
    assert cloud_backup_job(oplogTs=1536610288, oplogInc=1).oplog_ts == 1536610288


def test_d11_a_point_in_time_is_a_datetime_sent_in_milliseconds():
    moment = (NOW - timedelta(hours=1)).astimezone(timezone(timedelta(hours=9)))
    sent = encode_request(OPS_MANAGER, AutomatedRestore(PointInTime(moment), TARGET), now=NOW)
    job = cloud_backup_job(pointInTimeUTCSeconds=1536610288)

    assert sent["pointInTimeUTCMillis"] == int(moment.timestamp()) * 1000
    assert job.point_in_time_utc_seconds == 1536610288


def test_d12_checkpoint_id_is_read_in_both_spellings():
    sent = encode_request(CLOUD_MANAGER, AutomatedRestore(Checkpoint("K"), TARGET), now=NOW)

    assert sent["checkpointId"] == "K"
    assert "checkPointId" not in sent
    assert restore_job(checkpointId="K").checkpoint_id == restore_job(checkPointId="K").checkpoint_id == "K"
    assert restore_job(checkPointId="other", checkpointId="K").checkpoint_id == "K"


def test_d13_the_kind_of_a_job_is_not_inferred_from_the_method(seed_jobs):
    (job,) = seed_jobs("cloud_manager_create_automated_oplog")

    assert job.delivery.method_name is DeliveryMethod.HTTP
    assert (job.delivery.target_group_id, job.delivery.target_cluster_id) == (None, None)
    assert job.state is JobState.FINISHED


@pytest.mark.parametrize("variant", ["snapshot_http", *(f"automated_{kind}" for kind in ("snapshot", "checkpoint"))])
def test_d14_links_and_contents_are_not_compared_to_the_request(seed, variant):
    content = seed(f"cloud_manager_create_{variant}")
    (job,) = read_created(CLOUD_MANAGER, content, project="ANOTHER", cluster="PLACE")

    assert (job.ref.project, job.ref.cluster) == ("ANOTHER", "PLACE")
    assert find_link(job.links, "self").href == content["results"][0]["links"][0]["href"]


@pytest.mark.parametrize(
    ("members", "cluster_id", "host_id"),
    [({"clusterId": "H"}, "H", None), ({"hostId": "H"}, None, "H"), ({}, None, None)],
)
def test_d15_a_config_server_job_names_its_host_in_either_place(members, cluster_id, host_id):
    job = restore_job(**members)

    assert (job.cluster_id, job.host_id) == (cluster_id, host_id)


def test_d16_a_batch_id_tells_nothing_about_the_topology(seed_jobs):
    assert {job.batch_id for job in seed_jobs("ops_manager_list")} == {"{BATCH-ID}"}
    assert restore_job().batch_id is None


def test_d17_ids_of_answers_are_opaque(seed_jobs):
    assert seed_jobs("ops_manager_list")[0].id == "{JOB-ID}"
    assert seed_jobs("atlas_cloud_backup_list")[0].snapshot_id == "5b6211ff87d9d663c59d3feg"


def test_d18_an_answer_need_not_echo_the_request(seed):
    document = seed("atlas_cloud_backup_list")["results"][0]
    job = load_job(ATLAS_CLOUD_BACKUP_V1, document, project="P", cluster="MyCluster")

    assert job.ref.cluster == "MyCluster"
    assert find_link(job.links, "cluster").href.endswith("/clusters/Cluster0")


@pytest.mark.parametrize("members", [{}, {"links": None}, {"links": []}, {"links": [{}]}, {"links": [{"rel": "self"}]}])
def test_d19_links_default_to_none_and_skip_missing_hrefs(members):
    assert restore_job(**members).links == tenant_job(**members).links == cloud_backup_job(**members).links == ()


def test_d20_links_may_point_anywhere_and_are_kept_as_they_are():
    href = "http://another.host/api/public/v1.0/groups/G"

    assert restore_job(links=[{"href": href, "rel": "self"}]).links[0].href == href


@pytest.mark.parametrize("rel", ["http://mms.mongodb.com/snapshot", "https://cloud.mongodb.com/snapshot", "snapshot"])
def test_d21_relations_are_matched_on_their_last_segment(rel):
    job = cloud_backup_job(links=[{"href": "a", "rel": "self"}, {"href": "b", "rel": rel}])

    assert find_link(job.links, "snapshot").href == "b"


@pytest.mark.parametrize(("value", "urls"), [("u", ("u",)), (["u", "v"], ("u", "v")), ([], ())])
def test_d22_delivery_url_is_always_a_tuple(value, urls):
    job = cloud_backup_job(deliveryUrl=value)

    assert job.delivery_url == urls
    assert all(type(url) is Secret for url in job.delivery_url)


@pytest.mark.parametrize("value", ["2018-08-01T20:02:07Z", 1533153727])
def test_d23_expires_at_is_text_or_epoch_seconds(value):
    assert cloud_backup_job(expiresAt=value).expires_at == MOMENT


def test_d24_created_at_is_optional(seed_jobs):
    automated, download = seed_jobs("atlas_cloud_backup_list")

    assert automated.created_at is None
    assert download.created_at == datetime(2018, 8, 1, 22, 5, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("documented", "example", "attribute"),
    [
        ("restoreScheduledDate", "submittedAt", "restore_scheduled_date"),
        ("restoreFinishedDate", "finishedDate", "restore_finished_date"),
        ("snapshotFinishedDate", "timestamp", "snapshot_finished_date"),
    ],
)
def test_d25_the_documented_spelling_of_tenant_dates_wins(documented, example, attribute):
    right, other = "2018-08-01T20:02:07Z", "2001-01-01T00:00:00Z"

    assert getattr(tenant_job(**{documented: right}), attribute) == MOMENT
    assert getattr(tenant_job(**{example: right}), attribute) == MOMENT
    assert getattr(tenant_job(**{example: other, documented: right}), attribute) == MOMENT
    assert getattr(tenant_job(**{example: right, documented: None}), attribute) == MOMENT


def test_d26_delivery_types_are_words_of_each_family():
    assert cloud_backup_job(deliveryType="automated").delivery_type is CloudBackupDeliveryType.AUTOMATED
    assert tenant_job(deliveryType="RESTORE").delivery_type is TenantDeliveryType.RESTORE
    assert cloud_backup_job(deliveryType="RESTORE").delivery_type == "RESTORE"
    assert type(tenant_job(deliveryType="automated").delivery_type) is str


def test_d27_target_deployment_item_name_is_an_optional_string():
    assert tenant_job(targetDeploymentItemName="N").target_deployment_item_name == "N"
    assert cloud_backup_job(targetDeploymentItemName="N").target_deployment_item_name == "N"
    assert tenant_job().target_deployment_item_name is None
    assert cloud_backup_job().target_deployment_item_name is None


def test_d28_target_group_id_is_a_string():
    assert cloud_backup_job(targetGroupId="a name or an id").target_group_id == "a name or an id"
    assert restore_job(delivery={"targetGroupId": "G"}).delivery.target_group_id == "G"


def test_d29_failed_means_failed():
    assert cloud_backup_job(failed=True).state is JobState.FAILED
    assert cloud_backup_job(cancelled=True).state is JobState.CANCELLED


def test_d30_no_arithmetic_on_expiry_and_a_url_may_outlive_it():
    job = restore_job(
        created="2018-08-01T20:02:07Z",
        statusName="FINISHED",
        delivery={
            "statusName": "EXPIRED",
            "url": "u",
            "expires": "2018-08-01T20:02:06Z",
            "expirationHours": 48,
        },
    )

    assert job.delivery.expires < job.created
    assert job.delivery.url == "u"
    assert job.delivery.status_name is DeliveryStatus.EXPIRED
    assert job.state is JobState.FINISHED


def test_d31_words_of_no_table_stay_text():
    old = restore_job(statusName="OPEN", delivery={"statusName": "WAITING", "methodName": "TAPE"})

    assert (old.status_name, old.delivery.status_name, old.delivery.method_name) == ("OPEN", "WAITING", "TAPE")
    assert old.state is JobState.UNKNOWN
    assert restore_job(delivery={"methodName": "SCP"}).delivery.method_name is DeliveryMethod.SCP
    assert restore_job(delivery={"statusName": "PENDING"}).delivery.status_name is DeliveryStatus.PENDING
    assert tenant_job(status="CLOSED").status is TenantStatus.CLOSED


def test_d32_encryption_members_are_optional():
    job = restore_job(encryptionEnabled=True, masterKeyUUID="uuid")

    assert (job.encryption_enabled, job.master_key_uuid) == (True, "uuid")
    assert restore_job().master_key_uuid is None


def test_d33_the_tenant_list_path_is_plural():
    assert ATLAS_TENANT_V1.jobs_path.endswith("/backup/tenant/restores")
    assert ATLAS_TENANT_V1.job_path.endswith("/backup/tenant/restores/{job}")


def test_d34_the_filter_is_spelt_batch_id():
    assert OPS_MANAGER.filters == CLOUD_MANAGER.filters == {"batchId"}


def test_d35_backup_jobs_enabled_only_does_not_filter_jobs():
    assert not any("backupJobsEnabledOnly" in family.filters for family in SEED_LISTS.values())


@pytest.mark.parametrize("missing", ["links", "totalCount"])
def test_d36_lists_need_results_but_not_links_and_count(seed, missing):
    content = seed("cloud_manager_create_automated_oplog")
    del content[missing]

    assert len(read_created(CLOUD_MANAGER, content, **PLACE)) == 1
    del content["results"]
    with pytest.raises(DataError):
        read_created(CLOUD_MANAGER, content, **PLACE)


def test_d37_the_service_version_header_is_optional(seed):
    atlas = Headers(seed("headers_200_atlas")["headers"].items())
    cloud_manager = Headers(seed("headers_200_ops_cloud_manager")["headers"].items())

    assert "X-MongoDB-Service-Version" not in atlas
    assert ServiceVersion.parse(cloud_manager["X-MongoDB-Service-Version"]).version == "{ApplicationVersion}"


@pytest.mark.parametrize("family", SEED_LISTS.values(), ids=repr)
def test_d39_unknown_members_are_kept_in_raw(family):
    document = {"id": "J", "brandNew": {"a": [1, None]}, "links": [{"href": "h", "rel": "r", "title": "t"}]}
    job = load_job(family, document)

    assert job.raw == document
    assert job.raw["brandNew"]["a"] == [1, None]
    assert json.loads(json.dumps(job.to_dict(redacted=False))) == document


def test_old_members_stay_in_raw_only():
    document = {"id": "J", "delivery": {"formatName": "ARCHIVE", "hostname": "h", "port": 22, "methodName": "SCP"}}
    job = load_job(OPS_MANAGER, document)

    assert job.raw["delivery"]["formatName"] == "ARCHIVE"
    assert "hostname" not in {field.name for field in attrs.fields(Delivery)}


def test_a_selector_never_stands_beside_another():
    sources = [Snapshot("S"), OplogTime(1, 1), PointInTime(NOW), Checkpoint("K")]
    sent = [set(encode_request(CLOUD_MANAGER, AutomatedRestore(source, TARGET), now=NOW)) for source in sources]

    assert sent == [
        {"snapshotId", "delivery"},
        {"oplogTs", "oplogInc", "delivery"},
        {"pointInTimeUTCMillis", "delivery"},
        {"checkpointId", "delivery"},
    ]
