"""Writing a log: what is on disk, who may write, and what becomes of it when a process dies or a disk is full."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from mongorestore_async.errors import ConfigError, RestoreError
from mongorestore_async.evidence import EvidenceError, EvidenceLog, verify
from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.entries import FIRST_BEFORE, MOST_BYTES
from mongorestore_async.version import __version__

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks and signals of POSIX")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.jsonl"


def read(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def write(path, count=3):
    with EvidenceLog.open(path, who="tests") as log:
        for number in range(count):
            log.append("step", {"number": number})
        return log.head


def test_an_entry_says_what_when_who_where_and_by_which_version(path):
    begin = datetime.now(UTC)
    with EvidenceLog.open(path) as log:
        log.append("restore created", {"job": "j", "bytes": 2**60})
        assert log.head.count == 1
    (entry,) = read(path)

    assert begin <= datetime.fromisoformat(entry.pop("at")) <= datetime.now(UTC)
    assert entry.pop("who") == log.who != ""
    assert entry.pop("where")
    assert entry == {
        "n": 1,
        "what": "restore created",
        "version": __version__,
        "data": {"job": "j", "bytes": str(2**60)},
        "before": FIRST_BEFORE,
    }


def test_a_log_that_is_opened_again_goes_on(path):
    first, second = write(path), write(path, 2)
    lines = path.read_bytes().splitlines()

    assert (first.count, second.count) == (3, 5)
    assert (first.hash, second.hash) == (digest(lines[2]), digest(lines[4]))
    assert verify(path, head=second.hash, count=second.count).holds
    assert write(path, 0) == second


def test_secrets_are_not_written(path):
    with EvidenceLog.open(path, who="Bearer 0123456789") as log:
        log.append("login with mdb_sa_sk_SECRET", {"privateKey": "SECRET", "text": "Basic SECRETSECRET"})

    assert "SECRET" not in path.read_text()
    assert "0123456789" not in path.read_text()
    assert "SECRET" not in repr(log)


@pytest.mark.parametrize(
    ("what", "data"),
    [("", {}), ("step", {"at": datetime.now(UTC)}), ("step", None), (5, {}), ("step", {"text": "x" * MOST_BYTES})],
    ids=["empty", "time", "none", "number", "long"],
)
def test_what_cannot_be_written_is_refused_and_the_log_goes_on(what, data, path):
    with EvidenceLog.open(path) as log:
        with pytest.raises(ConfigError):
            log.append(what, data)
        assert path.read_bytes() == b""
        log.append("step", {})

    assert verify(path, count=1).holds


def test_the_longest_entry_can_be_written_and_found_again(path):
    with EvidenceLog.open(path) as log:
        log.append("long", {"text": "x" * (MOST_BYTES - 1000)})

    assert write(path, 1).count == 2
    assert verify(path, count=2).holds


def test_a_closed_log_takes_nothing(path):
    log = EvidenceLog.open(path)
    log.close()
    log.close()
    with pytest.raises(EvidenceError, match="the log is closed"):
        log.append("step", {})
    assert isinstance(EvidenceError(""), RestoreError)


def test_threads_share_a_log(path):
    with EvidenceLog.open(path) as log:
        threads = [threading.Thread(target=lambda: [log.append("step", {}) for _ in range(10)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert verify(path, head=log.head.hash, count=80).holds


def test_a_log_that_is_open_is_not_opened_again(path):
    with EvidenceLog.open(path) as log:
        with pytest.raises(EvidenceError, match="is being written by another process"):
            EvidenceLog.open(path)
        log.append("step", {})

    assert verify(path, count=1).holds
    assert write(path, 0).count == 1


def test_a_lock_that_a_file_system_does_not_have_is_not_all(path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    with EvidenceLog.open(path) as log, EvidenceLog.open(path) as other:
        other.append("step", {})
        with pytest.raises(EvidenceError, match="was written or replaced by someone else"):
            log.append("step", {})

    assert verify(path, count=1).holds


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_log_that_was_moved_away_takes_nothing(is_replaced, path):
    with EvidenceLog.open(path) as log:
        log.append("step", {})
        path.rename(path.with_name("rotated"))
        if is_replaced:
            path.touch()
        with pytest.raises(EvidenceError, match=r"was (removed or renamed|written or replaced)"):
            log.append("step", {})

    assert verify(path.with_name("rotated"), count=1).holds


def test_a_forked_process_does_not_write(path):
    with EvidenceLog.open(path) as log:
        child = os.fork()
        if not child:  # pragma: no cover - another process
            try:
                log.append("step", {})
            except EvidenceError:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        log.append("step", {})

    assert verify(path, count=1).holds


@pytest.mark.parametrize(
    "content", [b"\n", b"text\n", b'{"n":1}\n', b'{"n":1}\n{"at":"', b"[]\n", b"\x00" * 2**25], ids=range(6)
)
def test_a_file_that_is_no_log_is_left_alone(content, path):
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=r"is no entry|a line is too long"):
        EvidenceLog.open(path)

    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_log_through_a_link_is_refused(path):
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(OSError, match="symbolic"):
        EvidenceLog.open(path)


def test_half_a_line_is_moved_aside_and_told_of(path):
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at":"2026')
    head = write(path, 1)
    record, step = read(path)[3:]
    kept = path.with_name(record["data"]["file"])

    assert verify(path, head=head.hash, count=5).holds
    assert path.read_bytes().startswith(whole)
    assert (record["what"], step["what"]) == ("half line moved aside", "step")
    assert kept.read_bytes() == b'{"at":"2026\n'
    assert record["data"] == {"bytes": 12, "file": "evidence.jsonl.half-4", "sha256": digest(kept.read_bytes())}


def test_a_file_that_is_half_a_line_is_moved_aside(path):
    path.write_bytes(b'{"at')

    assert write(path).count == 4
    assert read(path)[0]["what"] == "half line moved aside"
    assert verify(path).holds


def test_a_line_that_lacks_only_its_end_gets_it(path):
    head = write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])

    assert write(path, 0) == head
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-1] + b" ")
    assert write(path, 0).count == 3  # two whole lines, and the entry that tells of the third
    assert read(path)[-1]["what"] == "half line moved aside"


@pytest.mark.parametrize(
    "step",
    [
        "mongorestore_async.evidence.log_file.sync",
        "mongorestore_async.evidence.log_file.LogFile.write",
        "pathlib.Path.rename",
    ],
)
def test_a_recovery_that_is_interrupted_goes_on(step, path, monkeypatch):
    """Whatever of it was done: what was half a line is in a file of its own, and an entry tells of it."""
    write(path)
    path.write_bytes(path.read_bytes() + b'{"half')

    def fail(*_: object) -> None:
        raise OSError("interrupted")

    with monkeypatch.context() as patched:
        patched.setattr(step, fail)
        with pytest.raises(OSError, match="interrupted"):
            EvidenceLog.open(path)
    head = write(path, 1)
    records = [entry["data"] for entry in read(path) if entry["what"] == "half line moved aside"]

    assert verify(path, head=head.hash, count=head.count).holds
    assert len(records) == (2 if step == "pathlib.Path.rename" else 1)
    assert digest(path.with_name(records[-1]["file"]).read_bytes()) == records[-1]["sha256"]
    assert b'{"half' in path.with_name(records[-1]["file"]).read_bytes()
    assert not path.with_name("evidence.jsonl.half").exists()


def test_after_a_failed_write_the_log_must_be_opened_again(path):
    resource = pytest.importorskip("resource")
    write(path)
    size = path.stat().st_size
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with EvidenceLog.open(path) as log:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, usual[1]))
            with pytest.raises(OSError, match="File too large"):
                log.append("step", {})
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
            with pytest.raises(EvidenceError, match="open the log again"):
                log.append("step", {})
            assert log.head.count == 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, handler)

    assert path.stat().st_size == size + 100
    assert [problem.kind for problem in verify(path).problems] == ["HALF_LINE"]
    assert write(path, 1).count == 5
    assert verify(path, count=5).holds


WRITER = """
import sys
from mongorestore_async.evidence import EvidenceLog
with EvidenceLog.open(sys.argv[1]) as log:
    while True:
        log.append("step", {"text": "x" * 20_000})
        print(log.head.count, log.head.hash, flush=True)
"""


def test_what_was_said_to_be_written_survives_kills(path):
    """Killed at seeded moments, half of its last line cut off as a crash of the machine does, and started again."""
    dice = random.Random(15)  # noqa: S311 - the same moments each time
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            writer.kill()
            said = writer.stdout.read().splitlines()
        count, known = said[-1].split() if said and len(said[-1].split()[-1]) == 64 else (None, None)
        if count is not None:
            lines = path.read_bytes().split(b"\n")
            assert digest(lines[int(count) - 1]) == known
        assert not [each for each in verify(path).problems if each.kind != "HALF_LINE"]
        path.write_bytes(path.read_bytes()[: -dice.randrange(1, 20_000)])

    head = write(path, 1)
    assert verify(path, head=head.hash, count=head.count).holds
    assert [entry["what"] for entry in read(path)].count("half line moved aside") == 5


def test_another_process_is_kept_away(path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(EvidenceError, match="is being written by another process"):
            EvidenceLog.open(path)
        writer.kill()
        writer.stdout.read()

    assert verify(write(path, 1) and path).holds


@pytest.mark.parametrize("error", [OSError, KeyError])
def test_a_user_without_a_name_is_unknown(error, path, monkeypatch):
    def fail():
        raise error

    monkeypatch.setattr("getpass.getuser", fail)
    with EvidenceLog.open(path) as log:
        assert log.who == "unknown"


@pytest.mark.parametrize("who", ["", " tests", 5])
def test_a_name_that_is_none_is_refused(who, path):
    with pytest.raises(ConfigError, match="who"):
        EvidenceLog.open(path, who=who)

    assert not path.exists()
