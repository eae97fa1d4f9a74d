"""Downloads that go well, also after something went wrong."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
from blockbuster import blockbuster_ctx

from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.emulator import DownloadHost, DownloadPlay, Validators
from mongorestore_async.errors import ConfigError, DownloadError


async def test_an_archive_is_fetched_and_verified(open_library, tmp_path, sha1_of, names_in):
    async with open_library() as library:
        (file,) = await library.download(await library.order(), tmp_path / "new" / "place")

        assert file.sha1 == sha1_of(file.path) == library.archive.sha1()
    assert file.verification is Verification.VERIFIED
    assert (file.size, file.requests, file.resumed_from) == (library.archive.size, 1, 0)
    assert file.ref.job == library.job.id
    assert names_in(tmp_path / "new" / "place") == [file.path.name]


@pytest.mark.parametrize("kind", ["replica-set", "sharded", "tenant", "cloud-backup", "cloud-backup-sharded"])
async def test_every_archive_of_every_family_arrives(open_library, tmp_path, kind, sha1_of):
    async with open_library(archive_bytes=100_000) as library:
        sources = await library.order(kind)
        files = await library.download(sources, tmp_path)

        jobs = {job.id: job for job in library.emulator.world.jobs.page(library.job.cluster, 0, 5)}
        members = [None] if kind != "cloud-backup-sharded" else ["shard-0", "shard-1", "config"]
        expected = {
            library.emulator.archives.of(jobs[source.job.id], member).sha1() for source in sources for member in members
        }
    assert {sha1_of(file.path) for file in files} == expected
    assert len({file.path for file in files}) == len(files) == len(library.records) == len(sources) * len(members)
    manager = kind in {"replica-set", "sharded"}
    assert {file.verification for file in files} == {Verification.VERIFIED if manager else Verification.NOT_VERIFIABLE}


@pytest.mark.parametrize("kind", ["replica-set", "cloud-backup"])
async def test_the_session_s_credentials_stay_with_the_api(open_library, tmp_path, kind):
    async with open_library() as library, DownloadHost(library.emulator, linked=False) as other:
        library.play(redirects=("", other.origin))
        await library.download(await library.order(kind), tmp_path)

    assert [record.hop for record in library.records] == [0, 1, 2]
    token = {"download-token"} if kind == "replica-set" else set()
    assert [set(record.credentials) for record in library.records] == [token, token, set()]


async def test_bytes_are_stored_as_sent_whatever_their_label(open_library, tmp_path):
    async with open_library({"gzip_label": True}) as library:
        (file,) = await library.download(await library.order(), tmp_path)

    assert file.verification is Verification.VERIFIED
    assert file.path.read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize("validators", [Validators.STRONG, Validators.DATE])
async def test_what_broke_off_goes_on_where_it_was(open_library, tmp_path, validators):
    seen = []
    async with open_library({"validators": validators}) as library:
        library.play_once(cut_after=3_000_000)
        (file,) = await library.download(await library.order(), tmp_path, on_progress=seen.append)

    first, second = library.records
    assert second.range is not None
    assert int(second.range.removeprefix("bytes=").rstrip("-")) == file.resumed_from > 0
    assert (file.verification, file.requests) == (Verification.VERIFIED, 2)
    assert first.sent + second.sent <= 1.2 * file.size
    assert (seen[-1].received, seen[-1].total, seen[-1].resumed_from) == (file.size, file.size, file.resumed_from)


@pytest.mark.parametrize(
    "play",
    [
        {"validators": Validators.WEAK},
        {"validators": Validators.NONE},
        {"validators": Validators.CHANGING},
        {"ranges": False},
        {"content_range_shift": 1},
        {"content_range_shift": -1},
    ],
    ids=str,
)
async def test_what_cannot_be_gone_on_with_is_fetched_anew(open_library, tmp_path, play):
    async with open_library(play) as library:
        library.play_once(cut_after=3_000_000)
        (file,) = await library.download(await library.order(max_downloads=5), tmp_path)

    assert (file.verification, file.resumed_from) == (Verification.VERIFIED, 0)
    assert library.records[-1].status == 200


async def test_an_archive_that_changed_meanwhile_is_fetched_anew(open_library, tmp_path):
    async with open_library() as library:
        sources = await library.order(max_downloads=1)
        library.play_once(cut_after=3_000_000)
        with pytest.raises(DownloadError):
            await library.download(sources, tmp_path)
        library.emulator.downloads.offer(library.job).downloads = 0
        library.emulator.archives.regenerate(library.job)
        (file,) = await library.download(sources, tmp_path)

        assert file.sha1 == library.archive.sha1()
    assert (file.resumed_from, file.requests) == (0, 2)


async def test_a_file_without_announced_length_is_taken_to_its_end(open_library, tmp_path):
    async with open_library({"chunked": True}) as library:
        (file,) = await library.download(await library.order("cloud-backup"), tmp_path)

        assert file.sha1 == library.archive.sha1()


async def test_a_busy_host_is_asked_again(open_library, tmp_path):
    async with open_library({"unavailable": 2}) as library:
        (file,) = await library.download(await library.order("tenant"), tmp_path)

    assert [record.status for record in library.records] == [503, 503, 200]
    assert file.requests == 3


async def test_the_hash_is_waited_for_and_its_absence_is_no_error(open_library, tmp_path):
    async with open_library({"hash_delay": 3600.0}) as library:
        sources = await library.order()
        (file,) = await library.download(sources, tmp_path / "a", verify_tries=2)
        assert file.verification is Verification.NOT_YET

        library.emulator.clock.advance(3600)
        (file,) = await library.download(sources, tmp_path / "b")
    assert file.verification is Verification.VERIFIED


async def test_a_job_that_was_not_ready_is_read_again(open_library, tmp_path):
    async with open_library() as library:
        (source,) = await library.order()
        early = type(source)(type(source.job)(id=source.job.id, ref=source.job.ref), source.refresh)
        (file,) = await library.download([early], tmp_path)

    assert file.verification is Verification.VERIFIED


async def test_a_finished_file_of_a_partial_batch_is_kept(open_library, tmp_path):
    async with open_library(archive_bytes=3_000_000) as library:
        sources = await library.order("sharded", max_downloads=1)
        doomed = sources[1].job.id
        cut = DownloadPlay(cut_after=2_900_000)
        library.emulator.downloads.fault = lambda record: cut if record.job_id == doomed else None
        with pytest.raises(DownloadError):
            await library.download(sources, tmp_path)
        assert len(library.records) == 3

        library.emulator.downloads.fault = None
        for job in library.emulator.world.jobs.page(library.job.cluster, 0, 3):
            library.emulator.downloads.offer(job).downloads = 1 if job.id != doomed else 0
        files = await library.download(sources, tmp_path)

    assert len(library.records) == 4
    assert library.records[-1].range is not None
    assert [file.requests for file in files] == [1, 2, 1]
    assert {file.verification for file in files} == {Verification.VERIFIED}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(file.path.name for file in files)


async def test_no_more_files_are_fetched_at_once_than_allowed(open_library, tmp_path):
    async with open_library({"bytes_per_second": 300_000}, archive_bytes=30_000) as library:
        most, running = 0, set()

        def watch(progress):
            nonlocal most
            done = progress.received == progress.total
            (running.discard if done else running.add)(progress.file_name)
            most = max(most, len(running))

        await library.download(await library.order("sharded"), tmp_path, concurrency=2, on_progress=watch)

    assert most == 2


async def test_a_broken_progress_hook_is_logged_and_nothing_else(open_library, tmp_path, caplog):
    async with open_library() as library:
        (file,) = await library.download(await library.order(), tmp_path, on_progress=lambda _: 1 / 0)

    assert file.verification is Verification.VERIFIED
    assert "on_progress" in caplog.text


async def test_a_cancelled_download_leaves_a_part_to_go_on_with(open_library, tmp_path, names_in):
    async with open_library({"bytes_per_second": 4_000_000}) as library:
        sources = await library.order()
        begun = asyncio.Event()
        task = asyncio.create_task(
            library.download(sources, tmp_path, on_progress=lambda told: begun.set() if told.received else None)
        )
        await asyncio.wait_for(begun.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        part, record = names_in(tmp_path)
        kept = (tmp_path / part).stat().st_size
        assert 0 < kept < library.archive.size
        known = json.loads((tmp_path / record).read_text(encoding="utf-8"))
        assert "http" not in json.dumps(known)
        assert (known["requests"], known["size"]) == (1, library.archive.size)

        library.play(bytes_per_second=None)
        (file,) = await library.download(sources, tmp_path)
    assert (file.resumed_from, file.requests, file.verification) == (kept, 2, Verification.VERIFIED)


async def test_cancelled_again_and_again_it_still_ends_well(open_library, tmp_path, names_in):
    moments = random.Random(11)  # noqa: S311 - moments, no secrets
    async with open_library({"bytes_per_second": 20_000_000}) as library:
        sources = await library.order(max_downloads=None)
        for _ in range(25):
            task = asyncio.create_task(library.download(sources, tmp_path))
            await asyncio.sleep(moments.uniform(0, 0.03))
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert all(".gz.part" in name for name in names_in(tmp_path))
        (file,) = await library.download(sources, tmp_path)

    assert file.verification is Verification.VERIFIED
    assert names_in(tmp_path) == [file.path.name]


async def test_nothing_blocks_the_loop(open_library, tmp_path):
    async with open_library() as library:
        sources = await library.order()
        library.play_once(cut_after=3_000_000)
        with blockbuster_ctx():
            (file,) = await library.download(sources, tmp_path, check_gzip=True)

    assert file.verification is Verification.VERIFIED


@pytest.mark.parametrize(
    "how",
    [
        {"concurrency": 0},
        {"overwrite": 1},
        {"check_gzip": "yes"},
        {"on_progress": 3},
        {"verify_tries": -1},
        {"verify_pause": -1},
        {"stall_timeout": 0},
    ],
    ids=str,
)
async def test_bad_input_is_refused_before_anything_happens(open_library, tmp_path, how):
    async with open_library() as library:
        sources = await library.order()
        with pytest.raises(ConfigError):
            await library.download(sources, tmp_path / "x", **how)
        with pytest.raises(ConfigError, match="directory"):
            await library.download(sources, b"bytes")

    assert not (tmp_path / "x").exists()
    assert library.records == ()
