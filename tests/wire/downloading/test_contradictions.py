"""Answers that contradict what is known of a file: it begins anew or fails, and is never half of something else."""

from __future__ import annotations

import gzip
import json

import pytest

from builders.downloads import NAME, a_tar, an_archive, answer, fetch, source
from mongorestore_async import NO_RETRY, RetryPolicy
from mongorestore_async.downloading.download import DownloadSource
from mongorestore_async.errors import DownloadError, DownloadTruncated
from mongorestore_async.models import CloudBackupDeliveryType, CloudBackupRestoreJob, Component, Secret

OLD, NEW = an_archive(1), an_archive(2)
SIZE = len(OLD)
HALF = SIZE // 2
TAIL = OLD[HALF:]
LATER_MADE = gzip.compress(a_tar(1), 0, mtime=1)
SHORT = an_archive(4, 50_000)
TAG = '"v1"'
CHANGED, LATER = "Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 11:00:00 GMT"
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
RANGE = f"bytes {HALF}-{SIZE - 1}/{SIZE}"
REPEATED = RetryPolicy(base=0)

CUT = answer(200, OLD, cut=HALF, ETag=TAG)
CUT_CHUNKED = answer(200, OLD, cut=HALF, chunked=True, ETag=TAG)
WHOLE = answer(200, OLD, ETag=TAG)
CUT_DATED = answer(200, OLD, cut=HALF, ETag=TAG, Last_Modified=CHANGED)

TAILS = {
    "a 200 with a range": answer(200, TAIL, ETag=TAG, Content_Range=RANGE),
    "a 200 with a range of any total": answer(200, TAIL, ETag=TAG, Content_Range=f"bytes {HALF}-{SIZE - 1}/*"),
    "a 200 with a range in upper case": answer(200, TAIL, ETag=TAG, Content_Range=RANGE.replace("bytes", "BYTES")),
    "a 200 with a range, in chunks": answer(200, TAIL, ETag=TAG, chunked=True, Content_Range=RANGE),
    "a 200 that is shorter": answer(200, TAIL, ETag=TAG),
    "a 200 that is longer": answer(200, OLD + TAIL, ETag=TAG),
    "a 200 in chunks": answer(200, TAIL, ETag=TAG, chunked=True),
    "a 206 of several ranges": answer(206, TAIL, ETag=TAG, Content_Type="multipart/byteranges; boundary=x"),
    "a 206 of several ranges with one above": answer(
        206, TAIL, ETag=TAG, Content_Type="multipart/byteranges; boundary=x", Content_Range=RANGE
    ),
    "a 206 without a range": answer(206, TAIL, ETag=TAG),
    "a 206 with another total": answer(206, TAIL + b"x", ETag=TAG, Content_Range=f"bytes {HALF}-{SIZE}/{SIZE + 1}"),
    "a 206 that lost its validator": answer(206, NEW[HALF:], Content_Range=RANGE),
    "a 206 in another coding": answer(206, NEW[HALF:], ETag=TAG, Content_Range=RANGE, Content_Encoding="gzip"),
    "a 416 with another total": answer(416, b"", ETag=TAG, Content_Range=f"bytes */{HALF + 1}"),
    "a 416 of another version": answer(416, b"", ETag='"v2"', Content_Range=f"bytes */{HALF}"),
}


#: Without an announced total these say nothing that is known to be wrong.
POSSIBLE = {"a 200 that is longer", "a 206 with another total"}
CASES = [
    pytest.param(first, tail, id=f"{name}, first {how}")
    for how, first in [("announced", CUT), ("in chunks", CUT_CHUNKED)]
    for name, tail in TAILS.items()
    if first is CUT or name not in POSSIBLE
]


@pytest.mark.parametrize(("first", "tail"), CASES)
async def test_a_tail_never_becomes_the_whole_file(play_answers, tmp_path, first, tail):
    async with play_answers(first, tail, WHOLE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert b"\r\nRange: bytes=%d-" % HALF in raw.heads[1]
    assert b"\r\nRange" not in raw.heads[2]
    assert (file.path.read_bytes(), file.resumed_from) == (OLD, 0)


@pytest.mark.parametrize("tail", sorted(TAILS.keys() - {"a 200 that is longer"}))
async def test_a_server_that_insists_on_the_tail_is_an_error(play_answers, tmp_path, names_in, tail):
    async with play_answers(CUT, TAILS[tail]) as raw:
        with pytest.raises(DownloadError):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)
        assert NAME not in names_in(tmp_path)
        with pytest.raises(DownloadError):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize(
    "field", [RANGE, f"bytes 0-{HALF - 1}/{SIZE}", f"bytes {HALF}-{SIZE - 1}/*", f"bytes */{SIZE}", "x 1-2/3"]
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_200_with_a_range_is_no_first_answer(play_answers, tmp_path, names_in, field, chunked):
    if chunked and field.startswith("bytes *"):
        field = "bytes */*"
    part = answer(200, TAIL, ETag=TAG, Content_Range=field, chunked=chunked)
    async with play_answers(part) as raw:
        with pytest.raises(DownloadError, match="does not match the request"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert NAME not in names_in(tmp_path)


async def test_a_range_that_is_the_whole_file_is_taken(play_answers, tmp_path):
    async with play_answers(answer(200, OLD, Content_Range=f"bytes 0-{SIZE - 1}/{SIZE}")) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == OLD


@pytest.mark.parametrize(
    "fields",
    [
        {"ETag": TAG, "Last_Modified": LATER},
        {"ETag": f"W/{TAG}", "Last_Modified": CHANGED},
        {"ETag": '"v2"', "Last_Modified": CHANGED},
        {"Last_Modified": CHANGED},
    ],
    ids=str,
)
async def test_a_206_with_any_other_validator_starts_anew(play_answers, tmp_path, fields):
    tail = answer(206, NEW[HALF:], Content_Range=RANGE, **fields)
    async with play_answers(CUT_DATED, tail, answer(200, NEW, ETag=TAG, Last_Modified=LATER)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert (file.path.read_bytes(), file.requests) == (NEW, 3)


async def test_the_validators_are_known_in_the_next_process_too(play_answers, tmp_path):
    tail = answer(206, NEW[HALF:], Content_Range=RANGE, ETag=TAG, Last_Modified=LATER)
    async with play_answers(CUT_DATED, tail, answer(200, NEW, ETag=TAG, Last_Modified=LATER)) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=NO_RETRY)
        known = json.loads((tmp_path / f"{NAME}.part.json").read_text())
        assert (known["etag"], known["last_modified"], known["size"]) == (TAG, CHANGED, SIZE)
        with pytest.raises(DownloadTruncated, match="does not match"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=NO_RETRY)
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=NO_RETRY)

    assert (file.path.read_bytes(), file.resumed_from) == (NEW, 0)


async def test_a_validator_that_came_later_counts_as_well(play_answers, tmp_path):
    middle = 3 * SIZE // 4
    more = answer(206, OLD[HALF:middle], ETag=TAG, Last_Modified=CHANGED,
                  Content_Range=f"bytes {HALF}-{middle - 1}/{SIZE}")  # fmt: skip
    rest = answer(206, NEW[middle:], ETag=TAG, Last_Modified=LATER,
                  Content_Range=f"bytes {middle}-{SIZE - 1}/{SIZE}")  # fmt: skip
    async with play_answers(CUT, more, rest, answer(200, NEW, ETag=TAG, Last_Modified=LATER)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert (file.path.read_bytes(), file.requests) == (NEW, 4)


@pytest.mark.parametrize("size", [40_000, 60_000, 80_000])
async def test_an_archive_that_was_made_anew_is_fetched_whole(play_answers, tmp_path, size):
    fresh = an_archive(3, size)
    async with play_answers(CUT_DATED, answer(200, fresh, ETag='"v2"', Last_Modified=LATER)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert (file.path.read_bytes(), file.resumed_from, file.requests) == (fresh, 0, 2)


async def test_what_fits_is_still_gone_on_with(play_answers, tmp_path):
    rest = answer(206, TAIL, ETag=TAG, Last_Modified=CHANGED, Content_Range=RANGE)
    async with play_answers(CUT_DATED, rest) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert (file.path.read_bytes(), file.resumed_from) == (OLD, HALF)


async def test_a_part_of_an_earlier_version_is_gone_on_with(play_answers, tmp_path):
    """Its record had the strong validator alone."""
    (tmp_path / f"{NAME}.part").write_bytes(OLD[:HALF])
    record = {"version": 1, "job": "ops-manager/p/c/j", "label": "", "source_name": NAME, "requests": 1, "size": SIZE,
              "if_range": TAG, "sha1": None, "announced": True}  # fmt: skip
    (tmp_path / f"{NAME}.part.json").write_text(json.dumps(record))
    async with play_answers(answer(206, TAIL, ETag=TAG, Last_Modified=CHANGED, Content_Range=RANGE)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (file.path.read_bytes(), file.resumed_from, file.requests) == (OLD, HALF, 2)


async def test_a_range_of_chunks_beyond_its_end_is_discarded(play_answers, tmp_path, names_in):
    middle = HALF + 1000
    more = answer(206, OLD[HALF:middle] + b"junk", ETag=TAG, chunked=True,
                  Content_Range=f"bytes {HALF}-{middle - 1}/{SIZE}")  # fmt: skip
    async with play_answers(CUT, more) as raw:
        with pytest.raises(DownloadError, match="more bytes than announced"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert (tmp_path / f"{NAME}.part").stat().st_size == 0
    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize("tail", [TAIL, bytes(len(TAIL)), a_tar(1)], ids=["of the file", "zeros", "unpacked"])
@pytest.mark.parametrize("fields", [{}, {"ETag": '"v2"'}, {"ETag": TAG}, {"Last_Modified": CHANGED}], ids=str)
async def test_a_200_that_begins_in_the_middle_is_no_file(play_answers, tmp_path, tail, fields):
    """Some servers send the rest as 200, and nothing in the head of the answer tells it."""
    async with play_answers(CUT_DATED, answer(200, tail, **fields), answer(200, NEW, ETag='"v2"')) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=REPEATED)

    assert b"\r\nRange: bytes=%d-" % HALF in raw.heads[1]
    assert b"\r\nRange" not in raw.heads[2]
    assert (file.path.read_bytes(), file.requests) == (NEW, 3)


@pytest.mark.parametrize(
    ("first", "later"),
    [(CUT, SHORT), (CUT, an_archive(4, 90_000)), (CUT_CHUNKED, an_archive(4, 10_000)), (CUT, LATER_MADE)],
    ids=["shorter", "longer", "shorter than the part", "other bytes"],
)
@pytest.mark.parametrize("calls", ["one call", "several"])
async def test_a_server_that_contradicts_itself_is_asked_anew(play_answers, tmp_path, first, later, calls):
    """Twice under the strong validator of the part: then the part is of something that is no more."""
    async with play_answers(first, answer(200, later, ETag=TAG)) as raw:
        job = source(f"{raw.url}/{NAME}", max_downloads=4)
        for _ in range(3 if calls == "several" else 0):
            with pytest.raises(DownloadTruncated):
                await fetch([job], tmp_path, retry=NO_RETRY)
        (file,) = await fetch([job], tmp_path, retry=REPEATED)

    assert (file.path.read_bytes(), file.resumed_from, file.requests) == (later, 0, 4)


async def test_asking_anew_is_within_the_downloads_allowed(play_answers, tmp_path, names_in):
    async with play_answers(CUT, answer(200, SHORT, ETag=TAG)) as raw:
        with pytest.raises(DownloadTruncated, match="3 times allowed"):
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=3)], tmp_path, retry=REPEATED)

    assert len(raw.heads) == 3
    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize("same", [True, False])
async def test_one_archive_for_two_shards_is_refused(play_raw, tmp_path, same):
    """Without published hashes only their bytes tell."""

    async def play(writer):
        first = b"/0/" in raw.heads[-1]
        writer.write(answer(200, OLD if same or first else NEW))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        shards = [
            Component(download_url=Secret(f"{raw.url}/{number}/{NAME}"), replica_set_name=f"rs{number}")
            for number in range(2)
        ]
        job = CloudBackupRestoreJob(id="j", delivery_type=CloudBackupDeliveryType.DOWNLOAD, components=tuple(shards))

        async def refresh():
            return job

        sources = [DownloadSource(job, refresh)]
        if same:
            for _ in range(2):
                with pytest.raises(DownloadError, match=rf"{NAME} and .*rs1.* have the same bytes.*remove both"):
                    await fetch(sources, tmp_path)
            for path in tmp_path.glob("*.gz"):
                path.unlink()
            same = False
        files = await fetch(sources, tmp_path)

    assert [file.path.read_bytes() for file in files] == [OLD, NEW]
