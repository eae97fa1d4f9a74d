"""The emulator's archives: real gzip and tar, any byte of which can be had at once, with a true SHA-1."""

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.emulator import EmulatorSettings, ServerState
from mongorestore_async.emulator.downloads.generated_archive import SMALLEST, Archive, joined_crc
from mongorestore_async.errors import ConfigError

SIZES = (SMALLEST, SMALLEST + 1, SMALLEST + 511, 65_535, 65_540, 70_000, 256 * 1024, 1_000_003)
#: With pages (256 KiB) and stored blocks (65535 bytes) that end at many places.
ARCHIVE = Archive("property", 1_000_003)
WHOLE = ARCHIVE.read(0, ARCHIVE.size)


@pytest.mark.parametrize("size", SIZES)
def test_an_archive_has_the_size_asked_for_and_is_a_gzipped_tar(size):
    archive = Archive("key", size)
    data = archive.read(0, size)

    assert len(data) == size
    assert len(gzip.decompress(data)) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        found = {member.name: tar.extractfile(member).read() for member in tar}
    assert [(name, len(content)) for name, content in found.items()] == [
        (member.name, member.size) for member in archive.members
    ]
    for name, content in found.items():
        assert hashlib.sha256(content).hexdigest() == archive.content_digest(name)
    assert [*found] == ["restore/README", "restore/collection-0.wt", "restore/collection-1.wt"]
    assert b"key" in found["restore/README"]


@pytest.mark.parametrize("size", SIZES)
def test_the_hash_is_true(size):
    archive = Archive("key", size)

    assert archive.sha1() == hashlib.sha1(archive.read(0, size)).hexdigest()  # noqa: S324 - the vendor's choice


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs tar")
def test_the_tools_of_the_system_take_it(tmp_path):
    path = tmp_path / "a.tar.gz"
    archive = Archive("key", 3_000_000)
    path.write_bytes(archive.read(0, archive.size))

    subprocess.run(["gzip", "-t", path], check=True)
    listed = subprocess.run(["tar", "-tzf", path], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == [member.name for member in archive.members]
    assert listed.stderr == ""


@given(st.integers(0, ARCHIVE.size), st.integers(0, ARCHIVE.size + 10))
def test_any_range_is_a_slice_of_the_whole(start, stop):
    assert ARCHIVE.read(start, stop) == WHOLE[start:stop]


@given(st.integers(SMALLEST, 200_000), st.integers(-9, 0))
def test_any_size_can_be_had_and_ends_in_the_trailer(size, before_end):
    archive = Archive("any", size)
    data = archive.read(0, size)

    assert len(data) == size
    content = zlib.decompress(data, wbits=31)
    assert data[-8:] == (zlib.crc32(content) | len(content) << 32).to_bytes(8, "little")
    assert archive.read(size + before_end, size) == data[size + before_end :]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_checksum_of_joined_pieces_is_computed_from_theirs(first, second):
    assert joined_crc(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_same_key_and_size_same_bytes_other_key_other_content():
    again, other = Archive("property", ARCHIVE.size), Archive("other", ARCHIVE.size)

    assert again.read(0, ARCHIVE.size) == WHOLE
    assert (again.tag, again.sha1()) == (ARCHIVE.tag, ARCHIVE.sha1())
    name = "restore/collection-0.wt"
    assert other.content_digest(name) != ARCHIVE.content_digest(name)
    assert len({ARCHIVE.tag, other.tag, Archive("property", ARCHIVE.size + 1).tag}) == 3


def test_no_page_of_an_archive_looks_like_another():
    archive = Archive("pages", 20 << 20)
    pieces = [archive.read(start, start + 4096) for start in range(0, archive.size, 64 * 1024)]
    marks = {archive.read(start, start + 256 * 1024) for start in range(0, archive.size, 256 * 1024)}

    assert len(marks) == archive.size // (256 * 1024)
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize("size", [1 << 30, (9 << 30) + 1])
def test_the_end_of_a_huge_archive_is_read_fast_without_memory(size):
    tracemalloc.start()
    try:
        started = time.process_time()
        archive = Archive("huge", size)
        near = archive.read(size - 100_000, size - 100)
        seconds = time.process_time() - started
        trailer = archive.read(size - 8, size)
        for start in range(0, 64 << 20, 1 << 20):
            archive.read(start, start + (1 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(near) == 99_900
    assert seconds < 0.2
    content = sum(-(-member.size // 512) * 512 + 512 for member in archive.members) + 1024
    assert int.from_bytes(trailer[4:], "little") == content % 2**32
    assert peak < 8 << 20


def test_an_archive_beyond_the_tar_size_limit_has_more_files():
    members = Archive("huge", 20 << 30).members

    assert len(members) == 1 + 5
    assert max(member.size for member in members) < 8 << 30


def test_what_cannot_be_made_is_said():
    with pytest.raises(ConfigError, match=f"choose {SMALLEST} or more"):
        Archive("key", SMALLEST - 1)
    with pytest.raises(ConfigError, match="no 'x'"):
        ARCHIVE.content_digest("x")
    with pytest.raises(ConfigError, match="archive_bytes"):
        EmulatorSettings(archive_bytes=SMALLEST - 1)


# ---- archives of a world


def test_archives_are_the_same_only_for_the_same_snapshot():
    stages = [ServerState(EmulatorSettings(seed=seed)) for seed in (1, 1, 2)]
    jobs = [stage.world.jobs.page(stage.world.first(), 0, 25) for stage in stages]
    tags = [[stage.archives.of(job).tag for job in found] for stage, found in zip(stages, jobs, strict=True)]

    assert tags[0] == tags[1]
    assert not set(tags[0]) & set(tags[2])
    snapshots = {job.snapshot_id for job in jobs[0]}
    assert len(set(tags[0])) == len(snapshots) > 1


def test_the_shards_of_a_restore_have_archives_of_their_own():
    stage = ServerState(EmulatorSettings(clusters_per_project=3))
    batch = stage.add_jobs(stage.world.first("sharded"))
    (job,) = stage.add_jobs(stage.world.first("cloud-backup-sharded"))
    members = (None, "shard-0", "shard-1", "config")

    assert len({stage.archives.of(each).tag for each in batch}) == 3
    assert len({stage.archives.of(job, member).tag for member in members}) == 4


def test_sizes_can_be_told_by_job_and_archives_made_anew():
    stage = ServerState(EmulatorSettings(archive_bytes=50_000))
    first, second = (stage.world.jobs.at(stage.world.first(), position) for position in (0, 1))
    before = stage.archives.of(first)
    stage.archives.regenerate(first)
    after = stage.archives.of(first)
    stage.archives.size_of = lambda job, _: 60_000 if job.id == second.id else 70_000

    assert before.size == after.size == 50_000
    assert before.read(0, 50_000) != after.read(0, 50_000)
    assert (stage.archives.edition(first), stage.archives.of(first).size, stage.archives.of(second).size) == (
        1,
        70_000,
        60_000,
    )
