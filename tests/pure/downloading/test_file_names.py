"""Names of files made of what servers call them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.file_names import name_in_url, safe_name, unique_name

ANYTHING = st.text(st.characters(), max_size=400)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://om:8443/backup/restore/v2/pull/j/a2V5==/rs-1.tar.gz", "rs-1.tar.gz"),
        ("https://bucket/dir/snapshot.tgz?X-Amz-Signature=a/b&c=/d.exe", "snapshot.tgz"),
        ("https://h/x/a%20b.tar.gz#part", "a b.tar.gz"),
        ("https://h/x/..%2F..%2Fetc%2Fpasswd", "../../etc/passwd"),
        ("https://h/x/", ""),
        ("https://h", ""),
        ("https://[broken/x", ""),
    ],
)
def test_the_last_segment_names_the_file(url, name):
    assert name_in_url(url) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("rs-1.tar.gz", "rs-1.tar.gz"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "job.tar.gz"),
        ("", "job.tar.gz"),
        ("///", "job.tar.gz"),
        (".hidden", "hidden"),
        ("a\0b\nc\x1b[2J.tgz", "a_b_c_[2J.tgz"),
        ("C:\\windows\\x", "C__windows_x"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("lpt\N{SUPERSCRIPT ONE}.gz", "_lpt\N{SUPERSCRIPT ONE}.gz"),
        ("trailing. . ", "trailing"),
        ("a.tar.gz.part", "a.tar.gz.part_"),
        ("A.PART.JSON", "A.PART.JSON_"),
        ("a.tar.gz.part.json.tmp", "a.tar.gz.part.json.tmp_"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gz.exe", "_gz.exe"),
    ],
)
def test_a_name_becomes_one_that_stays_where_it_is_put(name, safe):
    assert safe_name(name, default="job.tar.gz") == safe


def test_without_any_usable_name_there_still_is_one():
    assert safe_name("..", default="//") == "archive"


def test_a_long_name_keeps_its_extension():
    name = safe_name("ü" * 300 + ".tar.gz", default="x")

    assert name.endswith("ü.tar.gz")
    assert len(name.encode()) <= 180


@given(ANYTHING, ANYTHING)
def test_whatever_a_server_says_the_name_is_harmless(name, default):
    safe = safe_name(name, default=default)

    assert safe
    assert safe not in {".", ".."}
    assert not set(safe) & set('/\\:*?"<>|\0')
    assert all(unicodedata.category(letter) not in {"Cc", "Cf", "Cs"} for letter in safe)
    assert safe == safe.strip(" .")
    assert len(safe.encode()) <= 181
    assert not safe.casefold().endswith((".part", ".part.json", ".mismatch"))


@given(ANYTHING)
def test_a_safe_name_stays_as_it_is(name):
    once = safe_name(name, default="x")

    assert safe_name(once, default="y") == once


def test_equal_names_are_told_apart_by_their_label():
    taken = {"snapshot.tar.gz"}

    assert unique_name("other.tar.gz", "shard-0", taken) == "other.tar.gz"
    assert unique_name("snapshot.tar.gz", "shard-0", taken) == "snapshot-shard-0.tar.gz"
    assert unique_name("Snapshot.TAR.GZ", "shard-0", taken) == "Snapshot-shard-0.TAR.GZ"
    assert unique_name("snapshot.tar.gz", "", taken) == "snapshot-1.tar.gz"


@given(st.lists(st.tuples(ANYTHING, ANYTHING), max_size=6), ANYTHING)
def test_the_names_of_a_batch_differ_also_without_case(files, same):
    taken = set()
    for name, label in [*files, (same, "a"), (same.upper(), "a"), (same, "a")]:
        unique = unique_name(safe_name(name, default="x"), label, taken)
        assert unique.casefold() not in taken
        assert safe_name(unique, default="y") == unique
        taken.add(unique.casefold())
