"""The command ``doctor``: what it prints, its exit codes, and what it never shows."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from mongorestore_async.doctor import CheckName

FAMILY = ("--family", "cloud-manager")
CREATE = "only a create can tell, and none is sent"


def test_every_check_has_a_line(call):
    ended = call("doctor", *FAMILY)

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [line.split()[1] for line in lines[2:-2]] == [str(name) for name in CheckName]
    assert CREATE in lines[-3]
    assert lines[-1] == "No check failed."


@pytest.mark.parametrize(
    ("words", "variables", "code", "check", "says"),
    [
        ((), {"MONGODB_ATLAS_PRIVATE_API_KEY": "s3cr3t"}, 4, "key", "refused the API key"),
        ((), {"MONGODB_ATLAS_PRIVATE_API_KEY": None}, 4, "key", "set MONGODB_ATLAS_PRIVATE_API_KEY"),
        (("--project-id", "5" * 24), {}, 4, "project", "check the id; the list of projects has those"),
        (("--base-url", "http://127.0.0.1:9"), {}, 1, "connection", "nothing listens on 127.0.0.1:9"),
        (("--base-url", "https://127.0.0.1", "--ca-file", "/no/such"), {}, 1, "connection", "nothing listens"),
        (("--base-url", "http://h", "--proxy", "http://u:s3cr3t@127.0.0.1:9"), {}, 1, "connection", "127.0.0.1:9"),
    ],
)
def test_the_exit_code_says_what_kind_of_check_failed(call, words, variables, code, check, says):
    ended = call("doctor", *FAMILY, *words, "-o", "json", **variables)

    assert ended.code == code, ended
    found = {each["check"]: each for each in json.loads(ended.out)}
    assert list(found) == [str(name) for name in CheckName]
    assert (found[check]["outcome"], says in found[check]["message"]) == ("failed", True), found[check]
    assert "s3cr3t" not in ended.out + ended.err
    assert "Traceback" not in ended.err


def test_advice_names_options(call):
    ended = call("doctor", "--family", "ops-manager", MONGODB_ATLAS_BASE_URL=None)

    assert ended.code == 2
    assert "pass its address with --base-url or MCLI_OPS_MANAGER_URL" in ended.out
    assert ended.out.endswith("1 check failed.\n")


def test_settings_that_cannot_be_used_are_a_usage_error(call):
    ended = call("doctor", *FAMILY, "--proxy", "socks5://u:s3cr3t@h")

    assert ended.code == 2
    assert "HTTP proxy" in ended.err
    assert "s3cr3t" not in ended.err


def test_results_are_lines_of_json_or_csv(call):
    lines = call("doctor", *FAMILY, "-o", "jsonl").out.splitlines()
    rows = list(csv.DictReader(io.StringIO(call("doctor", *FAMILY, "-o", "csv").out)))

    assert [json.loads(line)["check"] for line in lines] == [row["check"] for row in rows] == [*map(str, CheckName)]


async def test_a_terminal_gets_wrapped_lines(on_terminal):
    async with on_terminal("doctor", *FAMILY, columns=80) as terminal:
        await terminal.expect("No check failed.")
        assert await terminal.end() == 0
    text = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", terminal.text)
    assert max(map(len, text.splitlines())) <= 80
