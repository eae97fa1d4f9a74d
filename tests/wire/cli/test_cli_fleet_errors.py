"""``mongorestore-async fleet jobs``: what is refused, and what cannot be found."""

from __future__ import annotations

import re

import pytest
from aiohttp import web

FLEET = ("fleet", "jobs", "--family", "cloud-manager")


@pytest.mark.parametrize(
    ("words", "variables", "code", "reason"),
    [
        ((), {"MONGODB_ATLAS_PRIVATE_API_KEY": "wrong"}, 4, "refused the API key"),
        ((), {"MONGODB_ATLAS_BASE_URL": "http://127.0.0.1:9"}, 1, "no connection"),
        (("--family", "ops-manager"), {"MONGODB_ATLAS_BASE_URL": None}, 2, "--base-url or MCLI_OPS_MANAGER_URL"),
        (("--family", "atlas-flex", "--batch-id", "b"), {}, 2, "leave --batch-id out"),
        (("--dry-run", "--family", "atlas-flex", "--batch-id", "b"), {}, 2, "leave --batch-id out"),
        (("--dry-run", "--resume", "fleet2"), {}, 2, "leave --resume out"),
        (("--resume", "nonsense"), {}, 2, "pass the token that the earlier run printed"),
        (("--resume", "fleet2.AAAAAAAA~"), {}, 2, "a different query: repeat the command of that run with its token"),
        (("--resume", "@no/such/file"), {}, 2, "the file of --resume cannot be read"),
        (("--since", "yesterday"), {}, 2, "or a duration such as 24h"),
        (("--since", "999999999d"), {}, 2, "--since"),
        (("--since", "2026-11-02T12:00:00"), {}, 2, "no time zone"),
        (("--state", "nonsense"), {}, 2, "--state"),
        (("--projects", ""), {}, 2, "projects must be a name, id or glob"),
        (("--concurrency", "0"), {}, 2, "--concurrency"),
        (("--family", "mainframe"), {}, 2, "--family"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(words, variables, code, reason, call):
    ended = call(*FLEET, *words, **variables)

    assert (ended.code, ended.out) == (code, "")
    (line,) = (line for line in ended.err.splitlines() if line.startswith("error: "))
    assert reason in line
    assert "Resume with" not in ended.err


def test_an_unmatched_name_is_a_failure_without_resume_command(call):
    ended = call(*FLEET, "--projects", "*-0", "--projects", "x*", "-o", "jsonl")

    assert ended.code == 9
    assert ended.out.count("\n") == 75
    assert re.search(r"^-  +-  +unmatched  .*'x\*'", ended.err, re.MULTILINE)
    assert "Resume with" not in ended.err


def test_unlistable_projects_end_it_after_the_jobs_found(call, emulator):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 400, "detail": "no"}, status=400) if "/clusters?" in record.path else None
    )
    ended = call("fleet", "jobs", "--family", "cloud-manager", "-o", "json")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1].startswith("error: ")
    assert "--page" not in ended.err
