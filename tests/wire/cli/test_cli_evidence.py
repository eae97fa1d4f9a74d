"""``mongorestore-async evidence``: what is told of a log that holds and of one that does not, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from builders.evidence_logs import changed, make_entry, make_lines, written_as
from mongorestore_async.evidence import sign
from mongorestore_async.evidence.canonical_json import digest

LINES = make_lines(1200)
HEAD = ("--head", digest(LINES[-1]), "--count", "1200")
SPOILT = [*LINES[:4], changed(LINES[4], who="me\x1b[2J"), *LINES[5:]]
BLIND = "Not looked for: lines that were cut off the end"


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "evidence.jsonl"
    made.write_bytes(written_as(LINES))
    return made


async def test_verify_and_show_run_as_commands_and_load_no_http_library(run, path):
    for command in ("verify", "show"):
        ended = await run("evidence", command, str(path), PYTHONPROFILEIMPORTTIME="1")

        assert ended.code == 0
        assert "aiohttp" not in ended.err
        assert "rich.console" not in ended.err


def test_a_log_that_holds_is_told_with_its_head(call, path):
    ended = call("evidence", "verify", str(path))

    assert (ended.code, ended.err) == (0, "")
    assert f"{path}: 1200 lines of evidence, no problem" in ended.out
    assert " ".join(HEAD) in ended.out
    assert BLIND in ended.out


def test_with_a_head_nothing_is_left_to_say(call, path):
    ended = call("evidence", "verify", str(path), *HEAD)

    assert ended.code == 0
    assert BLIND not in ended.out


def test_the_line_that_was_changed_is_named_with_exit_code_3(call, path):
    path.write_bytes(written_as(SPOILT))
    ended = call("evidence", "verify", str(path))

    assert ended.code == 3
    assert [line.split()[:2] for line in ended.out.splitlines()][2] == ["5", "CHANGED"]
    assert "1 problem" in ended.out
    assert "--head " not in ended.out.replace("--head with", "")
    assert "\x1b" not in ended.out


@pytest.mark.parametrize("sink", [">&-", ">/dev/full", "| true"])
@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_the_code_tells_what_was_found_whether_or_not_it_can_be_written(sink, form, path):
    path.write_bytes(b"".join(line + b"\r\n" for line in LINES))
    command = shlex.join([sys.executable, "-m", "mongorestore_async.cli", "evidence", "verify", str(path), "-o", form])
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {command} {sink}"], capture_output=True, check=False)

    assert ended.returncode == 3
    assert b"Traceback" not in ended.stderr


def test_a_cut_tail_is_found_with_a_head(call, path):
    path.write_bytes(written_as(LINES[:-1]))

    assert call("evidence", "verify", str(path)).code == 0
    ended = call("evidence", "verify", str(path), *HEAD)
    assert ended.code == 3
    assert "CUT" in ended.out


def test_a_count_alone_finds_a_cut_tail_and_says_what_it_does_not_find(call, path):
    path.write_bytes(written_as(LINES[:-1]))
    ended = call("evidence", "verify", str(path), "--count", HEAD[3])

    assert ended.code == 3
    assert "lines were cut off" in ended.out
    assert BLIND not in ended.out
    assert "Not looked for: a file that was written anew" in ended.out


def test_a_cut_tail_is_found_with_a_signature(call, path, tmp_path):
    key = Ed25519PrivateKey.generate()
    sign(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = tmp_path / "public.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    assert call("evidence", "verify", str(path), "--public-key", str(public)).code == 0
    path.write_bytes(written_as(LINES[:-1]))
    assert call("evidence", "verify", str(path), "--public-key", str(public)).code == 3
    path.with_name("evidence.jsonl.sig").unlink()
    ended = call("evidence", "verify", str(path), "--public-key", str(public))
    assert ended.code == 3
    assert "-  SIGNATURE  there is no signature" in ended.out
    assert BLIND in ended.out


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_problems_for_programs_go_alone_to_standard_output(form, call, path):
    path.write_bytes(written_as(SPOILT))
    ended = call("evidence", "verify", str(path), "-o", form)
    found = {
        "json": lambda: json.loads(ended.out),
        "jsonl": lambda: [json.loads(line) for line in ended.out.splitlines()],
        "csv": lambda: list(csv.DictReader(io.StringIO(ended.out))),
    }[form]()

    assert ended.code == 3
    assert [(str(each["line"]), each["kind"]) for each in found] == [("5", "CHANGED")]
    assert "1 problem" in ended.err


def test_of_many_problems_the_first_are_listed_and_all_counted(call, path):
    path.write_bytes(b"".join(line + b"\r\n" for line in LINES))
    ended = call("evidence", "verify", str(path))

    assert ended.code == 3
    assert "1200 problems" in ended.out
    assert "Only the first 1000 problems are listed" in ended.out


def test_entries_are_shown_in_each_format(call, path):
    table, csv_rows, documents = (call("evidence", "show", str(path), "-o", form) for form in ("table", "csv", "jsonl"))

    assert (table.code, csv_rows.code, documents.code) == (0, 0, 0)
    assert len(table.out.splitlines()) == 1204
    assert "1200 entries, not verified" in table.out
    assert [json.loads(line) for line in documents.out.splitlines()] == [json.loads(line) for line in LINES]
    assert [int(row["n"]) for row in csv.DictReader(io.StringIO(csv_rows.out))] == list(range(1, 1201))


def test_entries_are_chosen_by_what_happened(call, path):
    path.write_bytes(written_as([changed(make_entry(1).to_line(), what="run began"), *LINES[1:3]]))

    assert len(call("evidence", "show", str(path), "--what", "restore *", "-o", "jsonl").out.splitlines()) == 2
    assert len(call("evidence", "show", str(path), "--what", "*run*", "-o", "jsonl").out.splitlines()) == 1
    assert call("evidence", "show", str(path), "--what", "nothing").out == "no entries\n"


def test_lines_that_are_no_entries_are_told_and_nothing_rewrites_the_terminal(call, path):
    path.write_bytes(written_as([*SPOILT[:6], b"\x1b[2J"]))
    ended = call("evidence", "show", str(path))

    assert ended.code == 3
    assert ended.err == "line 7 is no entry: it is no JSON\n"
    assert "me\\x1b[2J" in ended.out
    assert "\x1b" not in ended.out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("verify", "missing.jsonl"), 1, "No such file"),
        (("show", "missing.jsonl"), 1, "No such file"),
        (("verify", "missing.jsonl", "--head", "abc"), 2, "64 hexadecimal digits"),
        (("verify", "missing.jsonl", "--count", "-1"), 2, "--count"),
        (("verify", "missing.jsonl", "--public-key", "missing.pem"), 1, "missing.pem"),
        (("verify",), 2, "FILE"),
    ],
)
def test_what_cannot_be_done_is_told(words, code, text, call):
    ended = call("evidence", *words)

    assert ended.code == code
    assert text in ended.err
