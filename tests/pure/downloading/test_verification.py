"""Comparing a file with its published checksum, and a gzip file with its own."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.downloading.verification import GzipCheck, verify
from mongorestore_async.models import CloudBackupRestoreJob, FileHash, RestoreJob, TenantRestoreJob

SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
OTHER = "0" * 40


def job(*hashes):
    return RestoreJob(id="j", hashes=tuple(FileHash(file_name=name, hash=value, type_name=kind)
                                           for name, value, kind in hashes))  # fmt: skip


@pytest.mark.parametrize(
    ("hashes", "verdict"),
    [
        ([("a.tar.gz", SHA1, "SHA1")], Verification.VERIFIED),
        ([("a.tar.gz", SHA1.upper(), "sha-1")], Verification.VERIFIED),
        ([("a.tar.gz", SHA1, None)], Verification.VERIFIED),
        ([(None, SHA1, "SHA1")], Verification.VERIFIED),
        ([("dir/a.tar.gz", SHA1, "SHA1")], Verification.VERIFIED),
        ([("b.tar.gz", OTHER, "SHA1"), ("a.tar.gz", SHA1, "SHA1")], Verification.VERIFIED),
        ([("a.tar.gz", OTHER, "SHA1")], Verification.MISMATCH),
        ([("b.tar.gz", SHA1, "SHA1")], Verification.NOT_YET),
        ([(None, SHA1, "SHA1"), (None, SHA1, "SHA1")], Verification.NOT_YET),
        ([("a.tar.gz", None, "SHA1")], Verification.NOT_YET),
        ([("a.tar.gz", "later", "SHA1")], Verification.NOT_YET),
        ([("a.tar.gz", "a" * 64, "SHA256")], Verification.NOT_YET),
        ([], Verification.NOT_YET),
    ],
)
def test_a_file_is_compared_with_the_hash_of_its_name(hashes, verdict):
    assert verify(job(*hashes), "a.tar.gz", SHA1) is verdict


@pytest.mark.parametrize("kind", [CloudBackupRestoreJob, TenantRestoreJob])
def test_families_without_hashes_cannot_be_verified(kind):
    assert verify(kind(id="j"), "a.tar.gz", SHA1) is Verification.NOT_VERIFIABLE


def fault(data, piece=None):
    check = GzipCheck()
    piece = piece or len(data) or 1
    for start in range(0, len(data), piece):
        check.feed(data[start : start + piece])
    return check.finish()


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3), st.integers(1, 50), st.integers(0, 5))
def test_a_whole_gzip_file_passes_in_pieces_of_any_size(members, piece, zeros):
    assert fault(b"".join(map(gzip.compress, members)) + bytes(zeros), piece) is None


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_a_gzip_file_that_ends_early_is_found_out(content, data):
    whole = gzip.compress(content)
    kept = data.draw(st.integers(0, len(whole) - 1))

    assert fault(whole[:kept]) in {"the file is not gzip data", "the gzip data end before their trailer"}


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_damaged_checksum_is_found_out(content, data):
    whole = bytearray(gzip.compress(content))
    at = data.draw(st.integers(len(whole) - 8, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))

    assert "damaged" in fault(bytes(whole))


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, 5 << 20])
def test_what_unpacks_into_whole_pieces_ends_where_it_ends(size):
    assert fault(gzip.compress(bytes(size))) is None


def test_what_is_no_gzip_at_all_is_damaged():
    assert "damaged" in fault(b"<html>please log in</html>")
    assert "damaged" in fault(gzip.compress(b"x") + b"trailing")


def test_a_bomb_is_looked_through_in_small_pieces():
    squeeze = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(squeeze.compress(bytes(1 << 20)) for _ in range(64)), squeeze.flush()])

    assert fault(bomb) is None
