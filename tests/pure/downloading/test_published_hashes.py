"""Comparing a file with the checksums that its job publishes."""

from __future__ import annotations

import pytest

from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.downloading.published_hashes import compare
from mongorestore_async.models import CloudBackupRestoreJob, FileHash, RestoreJob, TenantRestoreJob

SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
OTHER = "0" * 40
THIRD = "1" * 40
NAMES = ("a.tar.gz", "a (2).tar.gz")


def job(*hashes):
    found = (FileHash(file_name=name, hash=value, type_name=kind) for name, value, kind in hashes)
    return RestoreJob(id="j", hashes=tuple(found))


@pytest.mark.parametrize(
    "hashes",
    [
        [("a.tar.gz", SHA1, "SHA1")],
        [("a.tar.gz", f" {SHA1.upper()}\n", "sha-1")],
        [("A.TAR.GZ", SHA1, "SHA_1")],
        [("a.tar.gz", SHA1, None)],
        [(None, SHA1, "SHA1")],
        [("", SHA1, "SHA1")],
        [("dir/a.tar.gz", SHA1, "SHA1")],
        [("dir\\a.tar.gz", SHA1, "SHA1")],
        [("a (2).tar.gz", SHA1, "SHA1")],
        [("another.tar.gz", SHA1, "SHA1")],
        [("a.tar", SHA1.upper(), "SHA1")],
        [(None, SHA1, "SHA1"), (None, SHA1.upper(), "SHA1")],
        [("x", SHA1, "SHA1"), ("y", SHA1, "SHA1")],
        [("b.tar.gz", OTHER, "SHA1"), ("a.tar.gz", SHA1, "SHA1")],
        [("A.tar.gz", OTHER, "SHA1"), ("a.tar.gz", SHA1, "SHA1")],
        [("b.tar.gz", OTHER, "SHA1"), ("A.tar.gz", SHA1, "SHA1")],
        [("b.tar.gz", SHA1, "SHA1"), ("b.tar.gz", None, "SHA1"), ("b.tar.gz", "a" * 64, "SHA256")],
    ],
)
def test_a_hash_that_agrees_verifies_its_archive(hashes):
    found = compare(job(*hashes), NAMES, SHA1.upper())

    assert (found.result, found.reason, found.final) == (Verification.VERIFIED, None, True)


@pytest.mark.parametrize(
    "hashes",
    [
        [("a.tar.gz", OTHER, "SHA1")],
        [("A.TAR.GZ", OTHER, "SHA1")],
        [("dir/a.tar.gz", OTHER, "SHA1")],
        [(None, OTHER, "SHA1")],
        # Another shard under this name.
        [("b.tar.gz", SHA1, "SHA1"), ("a.tar.gz", OTHER, "SHA1")],
        [("A.tar.gz", SHA1, "SHA1"), ("a.tar.gz", OTHER, "SHA1")],
    ],
)
def test_a_hash_of_this_name_that_differs_is_a_mismatch(hashes):
    assert compare(job(*hashes), NAMES, SHA1).result is Verification.MISMATCH


@pytest.mark.parametrize(
    ("hashes", "reason"),
    [
        ([("a.tar", OTHER, "SHA1")], "the published SHA-1 is of 'a.tar' and is not that of this file"),
        ([("a\x1b[2J.tar", OTHER, "SHA1")], r"'a\x1b[2J.tar'"),
        ([("b.tar.gz", OTHER, "SHA1"), ("c.tar.gz", THIRD, "SHA1")], "they are of 'b.tar.gz', 'c.tar.gz'"),
        ([("b.tar.gz", SHA1, "SHA1"), ("c.tar.gz", THIRD, "SHA1")], "it is equal to that of 'b.tar.gz'"),
        ([(None, OTHER, "SHA1"), (None, THIRD, "SHA1")], "they are of an unnamed file"),
        ([(str(n), f"{n}" * 40, "SHA1") for n in range(5)], "'0', '1', '2' and 2 more"),
        ([("a.tar.gz", "a" * 64, "SHA256")], "no SHA-1 but a hash of 'SHA256'"),
        ([("a.tar.gz", "a" * 64, None)], "no SHA-1 but a hash of 'an unknown type'"),
        ([("n" * 500, OTHER, "SHA1")], "n" * 80 + "'"),
    ],
)
def test_a_hash_of_something_else_verifies_nothing(hashes, reason):
    found = compare(job(*hashes), NAMES, SHA1)

    assert (found.result, found.final) == (Verification.NOT_VERIFIABLE, True)
    assert reason in found.reason


@pytest.mark.parametrize("hashes", [[], [("a.tar.gz", None, "SHA1")], [("a.tar.gz", "later", "SHA1")]])
def test_a_hash_that_is_still_to_come_is_waited_for(hashes):
    found = compare(job(*hashes), NAMES, SHA1)

    assert (found.result, found.final) == (Verification.NOT_YET, False)
    assert "yet" in found.reason


@pytest.mark.parametrize("kind", [CloudBackupRestoreJob, TenantRestoreJob])
def test_families_without_hashes_cannot_be_verified(kind):
    found = compare(kind(id="j"), NAMES, SHA1)

    assert (found.result, found.final) == (Verification.NOT_VERIFIABLE, True)
    assert "no hashes" in found.reason
