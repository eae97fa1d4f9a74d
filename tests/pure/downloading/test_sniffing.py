"""What the first bytes of a file show."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.sniffing import SNIFFED, Content, is_message, is_packed_name, sniff

ENCRYPTED = random.Random(1).randbytes(SNIFFED)  # noqa: S311 - bytes, no secrets


def a_tar(form=tarfile.GNU_FORMAT):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        archive.addfile(tarfile.TarInfo("db/collection.bson"), io.BytesIO())
    return file.getvalue()


def a_zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "b")
    return file.getvalue()


TAR = a_tar()


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (gzip.compress(TAR, mtime=0), Content.PACKED),
        (gzip.compress(TAR, mtime=0)[:12], Content.PACKED),
        (gzip.compress(b"", mtime=0), Content.PACKED),
        (b"\x1f\x8b\x08\x00 damaged", Content.PACKED),
        (gzip.compress(gzip.compress(TAR, mtime=0), mtime=0), Content.PACKED_TWICE),
        (gzip.compress(b"<html>please log in</html>", mtime=0), Content.PACKED_TEXT),
        (bz2.compress(TAR), Content.PACKED),
        (lzma.compress(TAR), Content.PACKED),
        (a_zip(), Content.PACKED),
        (b"(\xb5/\xfd\x04\x00\x01\x00\x00", Content.PACKED),
        (TAR, Content.TAR),
        (a_tar(tarfile.PAX_FORMAT), Content.TAR),
        (b"", Content.UNKNOWN),
        (ENCRYPTED, Content.UNKNOWN),
        (bytes(SNIFFED), Content.UNKNOWN),
        (b"not found\r\n", Content.TEXT),
        (b"BZh is no archive", Content.TEXT),
        (b'{"error": 404}', Content.TEXT),
        ("Zugriff verweigert f\xfcr Sie".encode("latin-1"), Content.TEXT),
        ("\u30ed\u30b0\u30a4\u30f3\u3057\u3066\u304f\u3060\u3055\u3044".encode("shift-jis"), Content.TEXT),
        ("\N{SNOWMAN} closed".encode(), Content.TEXT),
        ("closed".encode("utf-16"), Content.TEXT),
        ("<p>closed".encode("utf-16-be"), Content.TEXT),
        (b"\x1b[31mclosed\x1b[0m", Content.TEXT),
        (b"  \n<!doctype HTML>\x00\x01", Content.TEXT),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\x02", Content.TEXT),
        (b"<HTML\n\x00>", Content.TEXT),
    ],
    # Packed files hold the time at which they were made: no name of a test may.
    ids=lambda value: value.name if isinstance(value, Content) else f"{len(value)} bytes",
)
def test_the_first_bytes_tell_an_archive_from_a_message(head, content):
    assert sniff(head[:SNIFFED]) is content


@pytest.mark.parametrize(
    ("content", "label", "message"),
    [
        (Content.DAMAGED, "", False),
        (Content.DAMAGED, "text/html", True),
        (Content.TEXT, "", True),
        (Content.TEXT, "application/gzip", True),
        (Content.UNKNOWN, "", False),
        (Content.UNKNOWN, "application/octet-stream", False),
        (Content.UNKNOWN, "text/plain", False),
        (Content.UNKNOWN, "Text/HTML; charset=utf-8", False),
        (Content.UNKNOWN, "application/problem+json", False),
        (Content.UNKNOWN, "application/xhtml+xml", False),
        (Content.PACKED, "text/plain", False),
        (Content.PACKED, "text/html", False),
        (Content.PACKED_TWICE, "text/plain", False),
        (Content.TAR, "text/html", False),
        (Content.PACKED_TEXT, "text/html", True),
        (Content.PACKED_TEXT, "text/plain", True),
        (Content.PACKED_TEXT, "application/json", True),
        (Content.PACKED_TEXT, "application/gzip", True),
        (Content.UNKNOWN, "application/jsonish", False),
    ],
)
def test_bytes_outweigh_their_label(content, label, message):
    assert is_message(content, label) is message


@pytest.mark.parametrize("label", ["Text/HTML; charset=utf-8", "application/problem+json", "application/xhtml+xml"])
def test_a_page_in_a_coding_nobody_reads_is_a_message(label):
    assert is_message(Content.UNKNOWN, label, "br")
    assert not is_message(Content.UNKNOWN, "application/octet-stream", "br")


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
def test_a_wide_text_without_a_mark_is_a_text(coding):
    assert sniff('{"error": 404}'.encode(coding)) is Content.TEXT


@pytest.mark.parametrize("extra", [0, 400, 470, 490, 600])
def test_a_gzip_of_which_little_is_seen_is_an_archive(extra):
    """A long name or field of its header leaves but letters of the name of the first file among the first bytes."""
    member = b"a-directory/collection-0--123456.wt".ljust(100, b"\0") + b"0000644\0" + bytes(404)
    head, rest = gzip.compress(member, 0, mtime=0)[:10], gzip.compress(member, 0, mtime=0)[10:]
    packed = head[:3] + b"\x04" + head[4:] + extra.to_bytes(2, "little") + bytes(extra) + rest
    assert gzip.decompress(packed) == member
    assert sniff(packed[:SNIFFED]) is Content.PACKED


def test_what_only_begins_like_a_gzip_file_is_damaged():
    assert sniff(b"\x1f\x8b\x08<html>" * 20) is Content.DAMAGED


@pytest.mark.parametrize("size", [200, SNIFFED])
def test_an_encrypted_archive_is_no_message(size):
    chance = random.Random(7)  # noqa: S311 - bytes, no secrets
    assert {sniff(chance.randbytes(size)) for _ in range(500)} == {Content.UNKNOWN}


@given(st.text(min_size=1, max_size=300, alphabet=st.characters(exclude_categories=["C"])))
def test_any_text_is_a_message(text):
    assert sniff(text.encode()[:SNIFFED]) is Content.TEXT


@given(st.binary(max_size=600))
def test_no_bytes_are_too_odd_to_be_looked_at(data):
    assert sniff(data) in Content
    assert sniff(b"\x1f\x8b\x08" + data) in {
        Content.PACKED,
        Content.PACKED_TWICE,
        Content.PACKED_TEXT,
        Content.DAMAGED,
    }


@pytest.mark.parametrize(("name", "packed"), [("a.tar.gz", True), ("A.TGZ", True), ("a.tar", False), ("gz", False)])
def test_a_name_promises_gzip_or_not(name, packed):
    assert is_packed_name(name) is packed
