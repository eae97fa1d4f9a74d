"""What came is looked at: messages are no archives, and what something in between did to one is told."""

from __future__ import annotations

import gzip
import hashlib
import random

import pytest

from builders.downloads import KEY, NAME, a_tar, an_archive, answer, fetch, leave, source
from mongorestore_async import NO_RETRY, RetryPolicy
from mongorestore_async.cli.exit_codes import ExitCode, exit_code_of
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.downloading.download import DownloadSource
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.errors import DownloadTruncated, HashMismatch, NotAnArchive

TAR, ARCHIVE = a_tar(1), an_archive(1)
FOREIGN = f"{NAME}.not-an-archive"
SHA1 = hashlib.sha1(ARCHIVE, usedforsecurity=False).hexdigest()
ENCRYPTED = random.Random(3).randbytes(5000)  # noqa: S311 - bytes, no secrets
PAGE = b"<!doctype html><title>Log in</title>"

MESSAGES = {
    "a plain text": answer(200, b"not found\r\n", Content_Type="text/plain"),
    "a text without a type": answer(200, b"not found\r\n"),
    "a text as binary": answer(200, b"Access denied: this link was used" * 99, Content_Type="application/octet-stream"),
    "a page": answer(200, PAGE, Content_Type="text/html"),
    "a page as gzip": answer(200, PAGE, Content_Type="application/gzip"),
    "a page in UTF-16": answer(200, PAGE.decode().encode("utf-16"), Content_Type="application/octet-stream"),
    "a page in chunks": answer(200, PAGE, chunked=True),
    "a packed page": answer(200, gzip.compress(PAGE), Content_Type="text/html", Content_Encoding="gzip"),
    "a packed page without a type": answer(200, gzip.compress(PAGE)),
    "a page in a coding nobody reads": answer(200, ENCRYPTED, Content_Type="text/html", Content_Encoding="br"),
    "a JSON document": answer(200, b'{"error": 404}', Content_Type="application/json"),
    "an XML document": answer(200, b"<?xml version='1.0'?><Error/>", Content_Type="application/octet-stream"),
    "a range that is a page": answer(206, PAGE, Content_Range=f"bytes 0-{len(PAGE) - 1}/{len(PAGE)}"),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
async def test_a_message_is_no_archive_and_is_kept_beside(play_answers, tmp_path, names_in, message):
    async with play_answers(message) as raw:
        with pytest.raises(NotAnArchive, match=r"instead of an archive.*look into it") as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=3)], tmp_path, retry=RetryPolicy(base=0))

    assert len(raw.heads) == 1
    assert "1 of 3 uses of the link are spent; download again" in caught.value.message
    assert NAME not in names_in(tmp_path)
    kept = (tmp_path / FOREIGN).read_bytes()
    assert kept
    assert kept in message.replace(b"\r\n0\r\n\r\n", b"")
    assert PartRecord.read(tmp_path / f"{NAME}.part.json").requests == 1


async def test_a_link_for_one_download_is_told_to_be_used_up(play_answers, tmp_path):
    async with play_answers(MESSAGES["a plain text"]) as raw:
        with pytest.raises(NotAnArchive, match=r"used up by that \(1 of 1 uses\); if so, create a new") as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)

    assert exit_code_of(caught.value) == ExitCode.DOWNLOAD_FAILED


@pytest.mark.parametrize("message", [each for each in MESSAGES.values() if b" 200 " in each[:20]])
async def test_a_message_does_not_cost_what_is_there(play_answers, tmp_path, message):
    half = len(ARCHIVE) // 2
    leave(tmp_path, ARCHIVE[:half], requests=1, size=len(ARCHIVE), if_range='"v"')
    rest = answer(206, ARCHIVE[half:], ETag='"v"', Content_Range=f"bytes {half}-{len(ARCHIVE) - 1}/{len(ARCHIVE)}")
    async with play_answers(message, rest) as raw:
        url = f"{raw.url}/{NAME}"
        with pytest.raises(NotAnArchive) as caught:
            await fetch([source(url)], tmp_path)
        (file,) = await fetch([source(url)], tmp_path)

    assert caught.value.received == half
    assert (file.path.read_bytes(), file.resumed_from) == (ARCHIVE, half)


async def test_a_page_that_repeats_the_link_is_kept_without_it(play_raw, tmp_path):
    async def play(writer):
        writer.write(answer(200, b"<html>" + raw.url.encode() + f"/{KEY}/{NAME} is closed".encode()))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        with pytest.raises(NotAnArchive):
            await fetch([source(f"{raw.url}/{KEY}/{NAME}")], tmp_path)

    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (tmp_path / FOREIGN).read_bytes().endswith(b" is closed")


async def test_a_page_that_breaks_off_is_a_page(play_answers, tmp_path):
    page = answer(200, PAGE * 100, cut=1000, Content_Type="text/html")
    async with play_answers(page) as raw:
        with pytest.raises(NotAnArchive):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (tmp_path / FOREIGN).read_bytes() == (PAGE * 100)[:1000]


@pytest.mark.parametrize("body", [b"\x00\x01", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", bytes(17)])
async def test_what_is_too_small_is_no_archive(play_answers, tmp_path, names_in, body):
    async with play_answers(answer(200, body, Content_Type="application/gzip")) as raw:
        with pytest.raises(NotAnArchive):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert names_in(tmp_path) == [FOREIGN]
    assert (tmp_path / FOREIGN).read_bytes() == body


async def test_a_text_that_an_earlier_version_received_is_found_out(play_answers, tmp_path, names_in):
    leave(tmp_path, b"Service unavailable", requests=1, size=19)
    async with play_answers(b"") as raw:
        with pytest.raises(NotAnArchive):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert raw.heads == []
    assert names_in(tmp_path) == [FOREIGN]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (ARCHIVE, {"Content_Type": "text/plain"}),
        (ARCHIVE, {"Content_Type": "text/html"}),
        (ARCHIVE, {"Content_Type": "application/json"}),
        (ARCHIVE, {"Content_Type": "application/gzip", "Content_Encoding": "gzip"}),
        (ENCRYPTED, {"Content_Type": "application/octet-stream"}),
        (ENCRYPTED, {"Content_Type": "text/plain"}),
        (ENCRYPTED, {"Content_Type": "application/json"}),
        (ENCRYPTED, {"Content_Type": "text/html"}),
        (ENCRYPTED, {}),
        (gzip.compress(b""), {"Content_Type": "binary/octet-stream"}),
        (gzip.compress(bytes(1024)), {}),
    ],
    ids=lambda value: f"{len(value)}" if isinstance(value, bytes) else str(value),
)
async def test_an_archive_under_a_wrong_label_is_one(play_answers, tmp_path, body, fields):
    async with play_answers(answer(200, body, **fields)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == body
    assert file.verification is Verification.NOT_YET
    # What cannot be told from something else is told to be so.
    assert file.reason.startswith("the job does not show the hash yet")
    assert ("does not begin like a gzip file" in file.reason) == (body is ENCRYPTED)


@pytest.mark.parametrize(("label", "error"), [("text/html", NotAnArchive), ("application/gzip", DownloadTruncated)])
async def test_what_only_begins_like_a_gzip_file_is_no_archive(play_answers, tmp_path, names_in, label, error):
    body = b"\x1f\x8b\x08<html>Log in</html>" * 40
    async with play_answers(answer(200, body, Content_Type=label)) as raw:
        with pytest.raises(error):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize("hashes", [[], [(NAME, SHA1)], [("b.tar.gz", SHA1)]], ids=str)
@pytest.mark.parametrize(
    ("body", "result", "reason"),
    [
        (TAR, Verification.UNPACKED, "it is a tar"),
        (gzip.compress(ARCHIVE), Verification.ENCODED_TWICE, "unpack it once"),
    ],
    ids=["unpacked", "encoded twice"],
)
async def test_what_was_done_to_an_archive_is_told(play_answers, tmp_path, names_in, hashes, body, result, reason):
    async with play_answers(answer(200, body, Content_Type="application/gzip")) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=hashes)], tmp_path, verify_tries=1)

    assert file.path.read_bytes() == body
    assert file.verification is result
    assert reason in file.reason
    assert names_in(tmp_path) == [NAME]


@pytest.mark.parametrize("body", [TAR, gzip.compress(ARCHIVE)], ids=["unpacked", "encoded twice"])
@pytest.mark.parametrize("name", [NAME, "b.tar"])
async def test_a_hash_that_agrees_outweighs_the_first_bytes(play_answers, tmp_path, body, name):
    hashes = [(name, hashlib.sha1(body, usedforsecurity=False).hexdigest().upper())]
    async with play_answers(answer(200, body)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=hashes)], tmp_path)

    assert (file.verification, file.reason) == (Verification.VERIFIED, None)


async def test_a_tar_under_its_own_name_was_not_unpacked(play_answers, tmp_path):
    async with play_answers(answer(200, TAR)) as raw:
        (file,) = await fetch([source(f"{raw.url}/a.tar")], tmp_path)

    assert file.verification is Verification.NOT_YET


@pytest.mark.parametrize("body", [TAR[: 512 * 100], TAR[:40_000], TAR[:-700]])
async def test_an_unpacked_archive_in_chunks_has_its_end(play_answers, tmp_path, names_in, body):
    async with play_answers(answer(200, body, chunked=True)) as raw:
        with pytest.raises(DownloadTruncated, match="tar ends") as caught:
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path / "cut")
    async with play_answers(answer(200, TAR, chunked=True)) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path / "whole")

    assert names_in(tmp_path / "cut") == [f"{NAME}.mismatch"]
    assert "mismatch" in caught.value.message
    assert file.verification is Verification.UNPACKED


async def test_a_mantle_in_chunks_that_breaks_off_is_truncated(play_answers, tmp_path):
    async with play_answers(answer(200, gzip.compress(ARCHIVE)[:-100], chunked=True)) as raw:
        with pytest.raises(DownloadTruncated, match="trailer"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)


@pytest.mark.parametrize(("published", "result"), [(SHA1.upper(), Verification.VERIFIED), ("0" * 40, None)])
@pytest.mark.parametrize("name", [NAME, NAME.upper(), "other.tar.gz", "a.tar", None])
async def test_the_one_hash_belongs_to_the_one_archive(play_answers, tmp_path, published, result, name):
    looked = 0

    async def refresh():
        nonlocal looked
        looked += 1
        return job

    async with play_answers(answer(200, ARCHIVE)) as raw:
        job = source(f"{raw.url}/{NAME}", hashes=[(name, published)]).job
        one = DownloadSource(job, refresh)
        if result is None and (name is None or name.lower() == NAME):
            with pytest.raises(HashMismatch):
                await fetch([one], tmp_path, verify_tries=5, verify_pause=60)
            return
        (file,) = await fetch([one], tmp_path, verify_tries=5, verify_pause=60, retry=NO_RETRY)

    if result is None:
        assert (file.verification, looked) == (Verification.NOT_VERIFIABLE, 1)
        assert repr(name) in file.reason
    else:
        assert (file.verification, looked) == (result, 0)


async def test_a_hash_of_an_archive_before_this_one_is_read_again(play_answers, tmp_path):
    async with play_answers(answer(200, ARCHIVE)) as raw:
        before = source(f"{raw.url}/{NAME}", hashes=[(NAME, "0" * 40)])
        now = source(f"{raw.url}/{NAME}", hashes=[(NAME, SHA1)])
        (file,) = await fetch([DownloadSource(before.job, now.refresh)], tmp_path, verify_tries=5, verify_pause=60)

    assert file.verification is Verification.VERIFIED
