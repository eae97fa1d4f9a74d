"""Requests, jobs and snapshots of kinds that a decision has no rule for."""

import gzip
from datetime import UTC, datetime

import attrs
import pytest

from builders.foreign_jobs import ForeignJob
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    OplogTime,
    Snapshot,
    Target,
    Unsupported,
)
from mongorestore_async.codec.atlas_request_bodies import encode_cloud_backup, encode_tenant
from mongorestore_async.creating.matching import fits
from mongorestore_async.creating.precheck_facts import Evidence
from mongorestore_async.creating.prechecks import check_restore
from mongorestore_async.creating.running_restores import is_same
from mongorestore_async.downloading.verification import GzipCheck
from mongorestore_async.models import SnapshotDocument

NOW = datetime(2026, 11, 2, tzinfo=UTC)
TARGET = Target("p", "c")


def test_a_checkpoint_has_no_form_on_atlas():
    with pytest.raises(Unsupported, match="no checkpoints"):
        encode_cloud_backup(ATLAS_CLOUD_BACKUP, AutomatedRestore(Checkpoint("k"), TARGET), now=NOW)
    with pytest.raises(Unsupported, match="snapshots only"):
        encode_tenant(ATLAS_FLEX, AutomatedRestore(OplogTime(1, 1), TARGET))


def test_a_job_of_an_unknown_kind_may_be_any_restore():
    request = AutomatedRestore(Snapshot("s"), TARGET)
    assert fits(ATLAS_FLEX, request, ForeignJob(id="j"))
    assert is_same(ATLAS_FLEX, request, ForeignJob(id="j")) is None


def test_a_checkpoint_restore_is_compared_by_the_common_fields():
    request = AutomatedRestore(Checkpoint("k"), TARGET)
    assert fits(ATLAS_CLOUD_BACKUP, request, CloudBackupRestoreJob(id="j", delivery_type="pointInTime"))
    assert not fits(ATLAS_CLOUD_BACKUP, request, CloudBackupRestoreJob(id="j", delivery_type="download"))


@attrs.frozen(kw_only=True)
class ForeignSnapshot(SnapshotDocument):
    """A snapshot of a family that is to come."""

    @property
    def taken_at(self):
        return NOW

    @property
    def kept_until(self):
        return None

    @property
    def is_sharded(self):
        return None

    def _defects(self):
        return ()


def test_a_snapshot_of_an_unknown_kind_tells_no_release():
    evidence = Evidence(now=NOW, snapshot=ForeignSnapshot(id="s"))
    assert evidence.source_release is None
    assert check_restore(ATLAS_FLEX, AutomatedRestore(Snapshot("s"), TARGET), evidence) == ()


@pytest.mark.parametrize("more", [1, 10, 1000, 100_000])
def test_output_larger_than_a_piece_is_unpacked_to_its_end(more):
    check = GzipCheck()
    data = gzip.compress(bytes(1024 * 1024 + more))
    for start in range(0, len(data), 100):
        check.feed(data[start : start + 100])
    assert check.finish() is None

    at_once = GzipCheck()
    at_once.feed(data)
    assert at_once.finish() is None


@pytest.mark.parametrize("cut", range(8, 14))
def test_a_cut_file_with_pending_output_is_not_whole(cut):
    check = GzipCheck()
    check.feed(gzip.compress(bytes(1024 * 1024 + 100))[:-cut])
    assert check.finish() is not None
