from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from pathlib import Path

import pytest

from mongorestore_async.drills.checks import archive_check
from mongorestore_async.drills.checks.archive_check import ArchiveError, hash_file, look_at, unpack
from mongorestore_async.errors import ConfigError

WHOLE = {
    "WiredTiger": b"WiredTiger",
    "WiredTiger.turtle": b"WiredTiger version string\n",
    "WiredTiger.wt": b"x",
    "journal/WiredTigerLog.0000000001": b"x",
    "journal/WiredTigerLog.0000000002": b"x",
    "collection-0.wt": b"x",
    "WiredTigerHS.wt": b"x",
}


def pack(path, files, *, members=(), mode="w:gz", tail=b""):
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member in members:
            tar.addfile(member)
    if tail:
        path.write_bytes(path.read_bytes() + tail)
    return path


def unpacked(archive, folder, limit=1 << 30):
    return unpack(archive, folder, limit=limit, stop=threading.Event())


def lay_out(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return look_at(folder)


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_is_unpacked_into_a_folder_of_its_own(mode, tmp_path):
    archive = pack(tmp_path / "a.tar", {f"restore/{name}": content for name, content in WHOLE.items()}, mode=mode)
    found = unpacked(archive, tmp_path / "out")

    assert (found.files, found.size) == (7, sum(map(len, WHOLE.values())))
    assert (tmp_path / "out" / "restore" / "WiredTiger").read_bytes() == b"WiredTiger"
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    layout = look_at(found.folder)
    assert (layout.directory, layout.tables, layout.logs, layout.problems) == (tmp_path / "out" / "restore", 1, 2, ())


def link(name, to, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (link("a", "/etc/passwd", tarfile.SYMTYPE), "'a' is neither a file nor a folder"),
        (link("a", "b", tarfile.LNKTYPE), "'a' is neither a file nor a folder"),
        (link("a", "", tarfile.FIFOTYPE), "'a' is neither a file nor a folder"),
        (link("a", "", tarfile.CHRTYPE), "'a' is neither a file nor a folder"),
        (tarfile.TarInfo("../outside"), "it would write outside of its folder"),
        (tarfile.TarInfo("x/../../outside"), "it would write outside of its folder"),
    ],
)
def test_what_has_no_place_in_a_data_directory_is_refused(member, told, tmp_path):
    with pytest.raises(ArchiveError, match=told):
        unpacked(pack(tmp_path / "a.tgz", {}, members=[member]), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz", "out"}


def test_an_absolute_name_stays_in_the_folder(tmp_path):
    found = unpacked(pack(tmp_path / "a.tgz", {"/etc/drill": b"x"}), tmp_path / "out")

    assert (found.folder / "etc" / "drill").exists()


def test_more_bytes_than_allowed_are_refused_before_they_are_written(tmp_path):
    archive = pack(tmp_path / "a.tgz", {"small": b"x", "big": bytes(10**6)})
    with pytest.raises(ArchiveError, match="it holds more than 1000 bytes"):
        unpacked(archive, tmp_path / "out", limit=1000)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small"]


def test_headers_that_would_fill_the_memory_are_refused(tmp_path):
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (5 << 20)}
    with pytest.raises(ArchiveError, match="bytes between two files"):
        unpacked(pack(tmp_path / "a.tgz", {}, members=[info]), tmp_path / "out")


def test_endless_padding_is_refused(tmp_path):
    archive = pack(tmp_path / "a.tgz", {"a": b"x"}, tail=gzip.compress(bytes(9 << 20)))
    with pytest.raises(ArchiveError, match="bytes between two files"):
        unpacked(archive, tmp_path / "out")


def test_an_archive_that_breaks_off_is_none(tmp_path):
    archive = pack(tmp_path / "a.tgz", {"a": bytes(range(256)) * 500})
    whole = archive.read_bytes()
    for size in (0, 1, 2, 20, len(whole) // 2, len(whole) - 4):
        archive.write_bytes(whole[:size])
        with pytest.raises(ArchiveError, match="it is no whole archive"):
            unpacked(archive, tmp_path / f"out{size}")


def test_a_wrong_byte_is_found_by_the_checksum(tmp_path):
    archive = pack(tmp_path / "a.tgz", {"a": b"x"})
    data = bytearray(archive.read_bytes())
    data[-7] ^= 1
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match="it is no whole archive: CRC"):
        unpacked(archive, tmp_path / "out")


def damaged(path):
    """An archive with wrong bytes in the middle of its compressed data, behind the first header."""
    noise = b"".join(hashlib.sha256(bytes([each, more])).digest() for each in range(256) for more in range(64))
    data = bytearray(pack(path, {"a": noise}).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)


def with_a_time_beyond_all(path):
    info = tarfile.TarInfo("a")
    info.mtime = 1 << 80
    pack(path, {}, members=[info])


def with_headers_for_headers(path):
    header = tarfile.TarInfo("a")
    header.type = tarfile.GNUTYPE_LONGNAME
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) * 4000)


@pytest.mark.parametrize("make", [damaged, with_a_time_beyond_all, with_headers_for_headers])
def test_whatever_is_wrong_with_an_archive_is_told_as_that(make, tmp_path):
    make(tmp_path / "a.tgz")
    with pytest.raises(ArchiveError, match="it is no whole archive"):
        unpacked(tmp_path / "a.tgz", tmp_path / "out")


def test_unpacking_can_be_stopped(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ArchiveError, match="stopped"):
        unpack(pack(tmp_path / "a.tgz", WHOLE), tmp_path / "out", limit=1000, stop=stop)


def test_nothing_is_unpacked_into_a_folder_that_is_there(tmp_path):
    with pytest.raises(FileExistsError):
        unpacked(pack(tmp_path / "a.tgz", WHOLE), tmp_path)


def test_a_python_without_safe_unpacking_unpacks_nothing(monkeypatch, tmp_path):
    monkeypatch.delattr(archive_check.tarfile, "data_filter")
    with pytest.raises(ConfigError, match=r"3\.11\.4"):
        unpacked(pack(tmp_path / "a.tgz", WHOLE), tmp_path / "out")


def without(*names):
    return {name: content for name, content in WHOLE.items() if name not in names}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a": b"x"}, "there are no files of WiredTiger"),
        (WHOLE | {"b/WiredTiger": b"x"}, "there are 2 data directories"),
        (without("WiredTiger.turtle"), "WiredTiger.turtle is missing"),
        (WHOLE | {"WiredTiger.turtle": b""}, "WiredTiger.turtle is empty"),
        (WHOLE | {"WiredTiger.turtle": b"\0" * 10}, "WiredTiger.turtle is not one"),
        (WHOLE | {"WiredTiger.wt": b""}, "WiredTiger.wt is empty"),
        (without("collection-0.wt"), "there are no tables"),
        (WHOLE | {"shop/index-1.wt": b""}, "1 tables are empty files, such as index-1.wt"),
        (WHOLE | {"journal/WiredTigerLog.0000000004": b"x"}, "log file 3 is missing, which lies between others"),
    ],
)
def test_a_layout_with_gaps_is_told(files, told, tmp_path):
    assert told in "; ".join(lay_out(tmp_path, files).problems)


def test_a_layout_says_nothing_of_a_last_log_that_is_missing(tmp_path):
    """That is why it never counts as verified."""
    assert lay_out(tmp_path, without("journal/WiredTigerLog.0000000002")).problems == ()


def test_a_file_is_hashed(tmp_path):
    path = Path(tmp_path / "a")
    path.write_bytes(b"abc")

    assert hash_file(path, threading.Event()) == (
        3,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )
