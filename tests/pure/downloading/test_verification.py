"""Comparing a gzip file with its own checksum."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.verification import GzipCheck


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
