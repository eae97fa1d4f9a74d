"""``mongorestore-async download`` and ``cancel``: files, verification, each failure with its code, going on."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import re
import shlex
import signal
from pathlib import Path

import attrs
import pytest

from mongorestore_async.cli.commands.download_command import FILE_LAYOUT
from mongorestore_async.cli.stdout_writer import OutputFormat, make_writer
from mongorestore_async.downloading.download_types import DownloadedFile, Verification
from mongorestore_async.emulator.world import Order

SIZE = 400_000


@pytest.fixture
def settings():
    return {"clusters_per_project": 7, "speed": 0.0, "archive_bytes": SIZE}


@pytest.fixture
def ready(emulator):
    """References of downloads that are ready: of a cluster of a kind, one for each job."""

    def order(kind="replica-set", family="cloud-manager", **wanted):
        cluster = emulator.world.first(kind)
        snapshot = emulator.world.snapshots.id(cluster)
        made = emulator.world.jobs.create(
            cluster, Order(snapshot_id=snapshot, **{"max_downloads": 3, "expiration_hours": 2, **wanted})
        )
        emulator.clock.advance(2 * emulator.settings.restore_seconds)
        place = f"{family}/{cluster.project_id}/{cluster.name if family.startswith('atlas') else cluster.id}"
        return [f"{place}/{job.id}" for job in made]

    return order


@pytest.fixture
def playing(emulator):
    """Change how downloads are answered from now on."""

    def play(**how):
        emulator.downloads.play = attrs.evolve(emulator.downloads.play, **how)

    return play


@pytest.mark.parametrize(
    ("kind", "family", "result"),
    [
        ("replica-set", "cloud-manager", "VERIFIED"),
        ("sharded", "cloud-manager", "VERIFIED"),
        ("cloud-backup", "atlas-cloud-backup", "NOT_VERIFIABLE"),
        ("flex", "atlas-flex", "NOT_VERIFIABLE"),
    ],
)
def test_every_file_is_there_and_its_verification_told(kind, family, result, call, ready, tmp_path):
    refs = ready(kind, family)

    ended = call("download", *refs, "-d", str(tmp_path / "new"), "-o", "csv")

    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert ended.code == 0, ended.err
    assert len(rows) == len(list((tmp_path / "new").iterdir())) == len(refs)
    for row in rows:
        content = (tmp_path / "new" / row["file"].rpartition("/")[2]).read_bytes()
        assert (row["verification"], int(row["bytes"])) == (result, len(content))
        assert row["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert "/backup/restore/" not in ended.out + ended.err


def test_a_table_says_what_the_results_mean(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    file = DownloadedFile(
        path=Path("a.tar.gz"),
        size=3_000_000,
        sha1="0" * 40,
        verification=Verification.VERIFIED,
        ref=None,
        seconds=2.0,
        resumed_from=1_000_000,
        requests=2,
    )
    writer = make_writer(OutputFormat.TABLE, FILE_LAYOUT, show_secrets=False)
    writer.add(attrs.evolve(file, verification=result) for result in Verification)
    writer.finish()

    out = capsys.readouterr().out
    rows = re.findall(r"^a\.tar\.gz +3\.0 MB +(.*?)  +1\.0 MB/s +0{40}$", out, re.MULTILINE)
    assert rows[:5] == ["verified", "not verifiable", "no hash yet", "unpacked", "encoded twice"]
    assert "\n6 files, 18.0 MB: 1 verified, 1 not verifiable, 1 no hash yet, 1 unpacked, 1 encoded twice" in out
    assert "the product publishes no hashes" in out
    assert "decompressed the file; it is a tar" in out
    assert "decompress the file once" in out
    assert "rerun the command to check again" in out


def test_the_reason_why_a_file_is_not_verified_is_told():
    reason = "the published SHA-1 is of 'f.tar' and is not that of this file"
    file = DownloadedFile(
        path=Path("a.tar.gz"), size=3, sha1="0" * 40, verification=Verification.NOT_VERIFIABLE, ref=None, seconds=2.0,
        resumed_from=0, requests=1, reason=reason,
    )  # fmt: skip
    row = FILE_LAYOUT.row(file)
    assert row.reason == reason
    assert f"Not verifiable: {reason}." in FILE_LAYOUT.summary([row, row])


def test_json_has_no_urls(call, ready, tmp_path):
    ended = call("download", *ready(), "-d", str(tmp_path), "-o", "json")

    (file,) = json.loads(ended.out)
    assert file["verification"] == "VERIFIED"
    assert "http" not in ended.out


@pytest.mark.parametrize(
    ("how", "code", "reason"),
    [({"wrong_hash": True}, 8, "SHA-1"), ({"unavailable": 99}, 8, "3 times allowed"), ({"cut_after": 9}, 8, "broke")],
)
def test_failures_have_codes_by_what_to_do_next(how, code, reason, call, ready, playing, tmp_path):
    playing(**how)

    ended = call("download", *ready(), "-d", str(tmp_path))

    assert ended.code == code
    assert reason in ended.err
    assert ("Resume with:" in ended.err) == (code == 7)
    assert "/backup/restore/" not in ended.err


@pytest.mark.parametrize("kind", ["replica-set", "sharded"])
@pytest.mark.parametrize("meanwhile", ["nothing", "expired", "used-up"])
def test_a_verified_file_that_is_there_is_code_0(meanwhile, kind, call, ready, emulator, tmp_path):
    refs = ready(kind, max_downloads=1 if meanwhile == "used-up" else 3, expiration_hours=1)
    words = ("download", *refs, "-d", str(tmp_path), "-o", "csv")
    first = call(*words)
    emulator.clock.advance(5 * 3600 if meanwhile == "expired" else 0)
    fetched = len(emulator.downloads.records)

    again = call(*words), call(*words, "--timeout", "1m", "--poll", "0.05s")

    assert [first.code, *(ended.code for ended in again)] == [0, 0, 0], again
    assert len(emulator.downloads.records) == fetched
    for ended in again:
        rows = list(csv.DictReader(io.StringIO(ended.out)))
        assert [row["verification"] for row in rows] == ["VERIFIED"] * len(refs)
    assert len(list(tmp_path.iterdir())) == len(refs)


def test_a_directory_that_cannot_be_used_is_code_2(call, ready, tmp_path):
    (tmp_path / "file").touch()
    ended = call("download", *ready(), "-d", str(tmp_path / "file"))
    assert (ended.code, ended.err.endswith("cannot be used: File exists; choose another --directory\n")) == (2, True)


@pytest.mark.parametrize("kind", ["changed", "foreign"])
def test_another_file_that_stands_there_is_code_2(kind, call, ready, emulator, tmp_path):
    (ref,) = ready()
    words = ("download", ref, "-d", str(tmp_path))
    call(*words)
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if kind == "changed" else b"mine")
    kept = path.read_bytes()

    refused = call(*words)
    assert path.read_bytes() == kept
    replaced = call(*words, "--overwrite")

    assert (refused.code, replaced.code) == (2, 0)
    assert "pass --overwrite" in refused.err
    assert "Resume with:" not in refused.err
    assert path.read_bytes() == data


def test_an_expired_job_of_another_file_stays_code_8(call, ready, emulator, tmp_path):
    (ref,) = ready(expiration_hours=1)
    call("download", ref, "-d", str(tmp_path))
    emulator.clock.advance(5 * 3600)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"mine")

    ended = call("download", ref, "-d", str(tmp_path))

    assert (ended.code, path.read_bytes()) == (8, b"mine")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("waiting", [(), ("--timeout", "1m", "--poll", "0.05s")])
@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
@pytest.mark.parametrize(("kind", "family"), [("replica-set", "cloud-manager"), ("cloud-backup", "atlas-cloud-backup")])
def test_a_job_that_ended_badly_is_code_8(kind, family, outcome, waiting, call, ready, emulator, tmp_path):
    emulator.end_next_jobs(outcome)

    ended = call("download", *ready(kind, family), "-d", str(tmp_path), *waiting)

    assert (ended.code, ended.out) == (8, "")
    assert "failed or was cancelled" in ended.err
    assert "Resume with:" not in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("waiting", [(), ("--timeout", "1m", "--poll", "0.05s")])
@pytest.mark.parametrize(
    ("kind", "family"),
    [("replica-set", "cloud-manager"), ("cloud-backup", "atlas-cloud-backup"), ("flex", "atlas-flex")],
)
def test_a_restore_into_a_cluster_is_code_2(kind, family, waiting, call, ready, emulator, tmp_path):
    own = emulator.world.first(kind)
    order = {"target_project": own.project_id, "target_cluster": own.name if family.startswith("atlas") else own.id}

    ended = call(
        "download",
        *ready(kind, family, over_http=False, max_downloads=None, expiration_hours=None, **order),
        "-d",
        str(tmp_path),
        *waiting,
    )

    assert (ended.code, ended.out) == (2, "")
    assert "restores into a cluster" in ended.err
    assert "HttpRestore" not in ended.err


def test_a_file_of_two_that_fails_leaves_the_other(call, ready, emulator, tmp_path):
    (good,) = ready()
    emulator.end_next_jobs("failed")
    (bad,) = ready()
    words = ("download", "-d", str(tmp_path))

    both, alone = call(*words, good, bad), call(*words, good)

    assert (both.code, alone.code) == (8, 0)


def test_an_expired_link_is_code_8(call, ready, emulator, tmp_path):
    refs = ready(expiration_hours=1)
    emulator.clock.advance(5 * 3600)

    ended = call("download", *refs, "-d", str(tmp_path))

    assert (ended.code, ended.out) == (8, "")
    assert "expired" in ended.err
    assert list(tmp_path.glob("*.tar*")) == []


def test_what_is_not_ready_is_waited_for_on_demand(call, place, emulator, tmp_path):
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    created = call("create", *place(), "--snapshot-id", snapshot, "--max-downloads", "1", "--expiration-hours", "1")
    follow = shlex.split(created.out.partition("download it:\n")[2].replace("\\\n", " "))
    assert follow[:2] == ["mongorestore-async", "download"]

    at_once = call("download", follow[2], "-d", str(tmp_path))
    emulator.clock.speed = 600
    waited = call(*follow[1:], "-d", str(tmp_path), "--poll", "0.05s")

    assert (at_once.code, waited.code) == (7, 0)
    again = shlex.split(at_once.err.partition("Wait for the file with:\n")[2].replace("\\\n", " "))
    assert again[1:] == ["download", follow[2], "--directory", str(tmp_path), "--timeout", "6h"]
    assert "is kept" not in at_once.err
    assert "pass --timeout to wait for it" in at_once.err
    assert "1 file" in waited.out


async def test_an_interrupted_download_is_gone_on_with(start, run, ready, playing, emulator, tmp_path):
    playing(bytes_per_second=100_000)
    (ref,) = ready(max_downloads=2)
    async with start("download", ref, "-d", str(tmp_path)) as process:
        async with asyncio.timeout(120):
            while not any(part.stat().st_size > 100_000 for part in tmp_path.glob("*.part")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    assert (process.returncode, out) == (130, b"")
    follow = shlex.split(err.decode().partition("Resume with:\n")[2].replace("\\\n", " "))

    playing(bytes_per_second=None)
    ended = await run(*follow[1:], "-o", "csv")

    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert (ended.code, row["verification"]) == (0, "VERIFIED")
    assert int(row["resumed_from"]) > 50_000


async def test_on_a_terminal_there_are_bars_with_speed_and_time_left(on_terminal, ready, playing, tmp_path):
    playing(bytes_per_second=200_000)
    async with on_terminal("download", *ready(), "-d", str(tmp_path), columns=120) as terminal:
        assert await terminal.end() == 0

    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.text)
    assert re.search(r"\d+\.\d/\d+\.\d kB +\d+\.\d kB/s +\d\d:\d\d", text)
    assert text.rstrip().splitlines()[-1].startswith("1 file, ")


def test_a_download_of_cloud_backup_can_be_cancelled(call, place, emulator):
    cluster = emulator.world.first("cloud-backup")
    snapshot = emulator.world.snapshots.id(cluster)
    created = call("create", *place("cloud-backup", "atlas-cloud-backup"), "--snapshot-id", snapshot, "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(created.out))

    ended, waited = call("cancel", row["ref"]), call("wait", row["ref"], "-o", "csv")

    assert (ended.code, ended.out) == (0, f"cancelled  {row['ref']}\n")
    assert (waited.code, "CANCELLED" in waited.out) == (3, True)


@pytest.mark.parametrize("words", [["cloud-manager/p/c/j"], ["--job-id", "j", "--family", "atlas-flex"]])
def test_what_cannot_be_cancelled_says_so(words, call, requests_of):
    more = [] if "/" in words[0] else ["--project-id", "p", "--cluster-id", "c"]
    with requests_of() as paths:
        ended = call("cancel", *words, *more)

    assert (ended.code, paths) == (2, [])
    assert "has no call that cancels" in ended.err


def secrets_in(jobs):
    """The key in the path of a link, and the token of the newer one."""
    (delivery,) = [job["delivery"] for job in jobs]
    found = [delivery[name] for name in ("url", "authValue") if name in delivery]
    return [text.rsplit("/", 2)[-2] if "/pull/" in text else text for text in found]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize("play", [{}, {"cut_after": 100_000}, {"unavailable": 9}, {"wrong_hash": True}], ids=str)
def test_no_way_to_end_shows_a_link(call, ready, playing, tmp_path, form, play):
    (ref,) = ready(max_downloads=1)
    playing(**play)

    shown = [
        call("wait", ref, "--until", "downloadable", "-o", form),
        call("download", ref, "-d", str(tmp_path / "files"), "-o", form),
        call("download", ref, "-d", str(tmp_path / "files"), "-o", form),
    ]

    secrets = secrets_in(json.loads(call("wait", ref, "--until", "downloadable", "-o", "json", "--show-secrets").out))
    assert secrets
    text = "".join(ended.out + ended.err for ended in shown)
    for secret in secrets:
        assert secret not in text
        assert not any(secret in str(path) or secret in path.read_text("latin-1") for path in tmp_path.rglob("*.*"))
