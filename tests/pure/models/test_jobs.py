"""Job models: the state rules of each family, and that no secret is ever shown."""

import copy
from datetime import UTC, datetime

import pytest

from mongorestore_async.codec.documents import load_job
from mongorestore_async.families import ATLAS_CLOUD_BACKUP_V1, ATLAS_TENANT_V1, OPS_MANAGER
from mongorestore_async.models import (
    CloudBackupDeliveryType,
    CloudBackupRestoreJob,
    Component,
    Delivery,
    DeliveryMethod,
    DeliveryStatus,
    JobDocument,
    JobState,
    JobStatus,
    OplogTimestamp,
    RestoreJob,
    Secret,
    TenantDeliveryType,
    TenantRestoreJob,
    TenantStatus,
)

MOMENT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = "OTY0ZmFiNmEzZjEz"


class TestWords:
    def test_are_the_documented_ones(self):
        assert set(JobStatus) == {"FINISHED", "IN_PROGRESS", "BROKEN", "KILLED"}
        assert set(DeliveryStatus) == {
            "NOT_STARTED",
            "IN_PROGRESS",
            "READY",
            "FAILED",
            "INTERRUPTED",
            "EXPIRED",
            "MAX_DOWNLOADS_EXCEEDED",
            "PENDING",
        }
        assert set(DeliveryMethod) == {
            "CLIENT_PIT_HTTP",
            "QUERY",
            "AUTOMATED_RESTORE",
            "HTTP",
            "THIRD_PARTY_COPY",
            "CLIENT_PIT_SCP",
            "SCP",
        }
        assert set(CloudBackupDeliveryType) == {"automated", "download", "pointInTime"}
        assert set(TenantDeliveryType) == {"RESTORE", "DOWNLOAD"}
        assert set(TenantStatus) == {"PENDING", "QUEUED", "RUNNING", "FAILED", "COMPLETED", "CLOSED"}
        assert set(JobState) == {"PENDING", "RUNNING", "FINISHED", "FAILED", "CANCELLED", "EXPIRED", "UNKNOWN"}


class TestRestoreJobState:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("FINISHED", JobState.FINISHED),
            ("IN_PROGRESS", JobState.RUNNING),
            ("BROKEN", JobState.FAILED),
            ("KILLED", JobState.CANCELLED),
            ("OPEN", JobState.UNKNOWN),
            ("", JobState.UNKNOWN),
            (None, JobState.UNKNOWN),
        ],
    )
    def test_follows_the_status_in_any_case(self, status, state):
        assert RestoreJob(id="J", status_name=status).state is state
        if status:
            assert RestoreJob(id="J", status_name=status.lower()).state is state
            assert load_job(OPS_MANAGER, {"id": "J", "statusName": status.title()}).state is state

    def test_is_finished_beside_an_expired_delivery(self):
        delivery = Delivery(status_name=DeliveryStatus.EXPIRED)

        assert RestoreJob(id="J", status_name=JobStatus.FINISHED, delivery=delivery).state is JobState.FINISHED

    def test_is_not_inferred_from_the_delivery(self):
        assert RestoreJob(id="J", delivery=Delivery(status_name=DeliveryStatus.READY)).state is JobState.UNKNOWN


class TestCloudBackupState:
    @pytest.mark.parametrize("kind", ["automated", "pointInTime", "download", "somethingNew", None])
    @pytest.mark.parametrize(
        ("flag", "state"),
        [("failed", JobState.FAILED), ("cancelled", JobState.CANCELLED), ("expired", JobState.EXPIRED)],
    )
    def test_bad_flags_come_before_everything_else(self, kind, flag, state):
        job = CloudBackupRestoreJob(
            id="J", delivery_type=kind, finished_at=MOMENT, delivery_url=(Secret(KEY),), **{flag: True}
        )

        assert job.state is state

    def test_failed_comes_before_cancelled_before_expired(self):
        assert CloudBackupRestoreJob(id="J", failed=True, cancelled=True, expired=True).state is JobState.FAILED
        assert CloudBackupRestoreJob(id="J", cancelled=True, expired=True).state is JobState.CANCELLED

    @pytest.mark.parametrize("kind", ["automated", "AUTOMATED", "pointInTime", "pointintime"])
    def test_automated_jobs_with_a_finish_time_are_finished(self, kind):
        job = CloudBackupRestoreJob(
            id="J", delivery_type=kind, failed=False, cancelled=False, expired=False, finished_at=MOMENT
        )

        assert job.state is JobState.FINISHED
        assert CloudBackupRestoreJob(id="J", delivery_type=kind).state is JobState.RUNNING
        # A URL says nothing about them.
        assert CloudBackupRestoreJob(id="J", delivery_type=kind, delivery_url=("u",)).state is JobState.RUNNING

    def test_downloads_are_finished_when_there_is_a_url(self):
        def state(**fields):
            return CloudBackupRestoreJob(id="J", delivery_type="download", **fields).state

        there, missing = Component(download_url=Secret(KEY)), Component()

        assert state() is JobState.RUNNING
        assert state(finished_at=MOMENT) is JobState.RUNNING
        assert state(delivery_url=(Secret(KEY),)) is JobState.FINISHED
        assert state(components=(there, there)) is JobState.FINISHED
        assert state(components=(there, missing)) is JobState.RUNNING
        assert state(components=(missing,)) is JobState.RUNNING

    @pytest.mark.parametrize("kind", [None, "", "export"])
    def test_a_kind_without_a_rule_is_unknown(self, kind):
        job = CloudBackupRestoreJob(id="J", delivery_type=kind, finished_at=MOMENT, delivery_url=("u",))

        assert job.state is JobState.UNKNOWN


class TestTenantState:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("PENDING", JobState.PENDING),
            ("QUEUED", JobState.PENDING),
            ("RUNNING", JobState.RUNNING),
            ("FAILED", JobState.FAILED),
            ("COMPLETED", JobState.FINISHED),
            ("CLOSED", JobState.EXPIRED),
            ("PAUSED", JobState.UNKNOWN),
            (None, JobState.UNKNOWN),
        ],
    )
    def test_follows_the_status_in_any_case(self, status, state):
        assert TenantRestoreJob(id="J", status=status).state is state
        if status:
            assert TenantRestoreJob(id="J", status=status.lower()).state is state

    def test_of_a_failed_job_with_a_finish_time_is_failed(self):
        assert TenantRestoreJob(id="J", status="FAILED", restore_finished_date=MOMENT).state is JobState.FAILED


class TestSnapshotMoment:
    def test_is_the_same_for_all_families(self):
        jobs = [
            RestoreJob(id="J", timestamp=OplogTimestamp(date=MOMENT, increment=1)),
            CloudBackupRestoreJob(id="J", timestamp=MOMENT),
            TenantRestoreJob(id="J", snapshot_finished_date=MOMENT),
        ]

        assert [job.snapshot_moment for job in jobs] == [MOMENT] * 3

    @pytest.mark.parametrize("model", [RestoreJob, CloudBackupRestoreJob, TenantRestoreJob])
    def test_is_none_where_it_is_not_told(self, model):
        assert model(id="J").snapshot_moment is None


def test_a_job_without_a_family_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        JobDocument(id="J")


class TestSecrecy:
    @pytest.fixture(
        params=[
            (
                OPS_MANAGER,
                {
                    "id": "J",
                    "delivery": {"url": f"https://h/{KEY}/a.tgz", "urlV2": KEY, "authValue": KEY, "authHeader": "A"},
                },
            ),
            (
                ATLAS_CLOUD_BACKUP_V1,
                {
                    "id": "J",
                    "deliveryUrl": [f"https://h/{KEY}"],
                    "components": [{"downloadUrl": KEY, "privateDownloadDeliveryUrls": [{"deliveryUrl": KEY}]}],
                    "privateDownloadDeliveryUrls": [{"deliveryUrl": KEY}],
                },
            ),
            (ATLAS_TENANT_V1, {"id": "J", "snapshotUrl": f"https://h/?sig={KEY}"}),
        ],
        ids=["ops manager", "cloud backup", "tenant"],
    )
    def job_and_document(self, request):
        family, document = request.param
        return load_job(family, document), document

    def test_no_picture_shows_a_secret(self, job_and_document):
        job, _ = job_and_document

        assert KEY not in repr(job) + str(job) + f"{job}" + repr(job.raw) + repr([job]) + repr(job.to_dict())
        assert "**redacted**" in repr(job)
        assert "raw=" not in repr(job)
        assert "ref=" not in repr(job)

    def test_pickle_holds_no_secret_and_keeps_the_rest(self, job_and_document, pickled):
        job, _ = job_and_document
        stored, again = pickled(job)

        assert KEY.encode() not in stored
        assert type(again) is type(job)
        assert again.id == job.id
        assert again.raw == job.to_dict()

    def test_copies_keep_everything(self, job_and_document):
        job, document = job_and_document

        for again in (copy.copy(job), copy.deepcopy(job)):
            assert again == job
            assert again.raw == document

    def test_there_is_no_dict_to_look_into(self, job_and_document):
        with pytest.raises(TypeError):
            vars(job_and_document[0])

    def test_to_dict_redacts_unless_told(self, job_and_document):
        job, document = job_and_document

        assert job.to_dict(redacted=False) == document
        assert KEY not in repr(job.to_dict())

    def test_delivery_shows_placeholders_only(self):
        delivery = Delivery(url=Secret(KEY), url_v2=Secret(KEY), auth_value=Secret(KEY), auth_header="Authorization")

        assert repr(delivery) == (
            "Delivery(method_name=None, status_name=None, url=Secret('**redacted**'), url_v2=Secret('**redacted**'),"
            " auth_header='Authorization', auth_bearer=None, auth_value=Secret('**redacted**'),"
            " expiration_hours=None, expires=None, max_downloads=None, target_group_id=None,"
            " target_cluster_id=None, target_cluster_name=None)"
        )

    def test_jobs_are_hashable_with_everything_in_them(self, job_and_document):
        job, document = job_and_document

        assert len({job, copy.deepcopy(job)}) == 1
        assert document["id"] == job.id
