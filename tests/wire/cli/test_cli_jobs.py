"""``mongorestore-async jobs``: every output form, what is asked of the server, how it ends."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import signal
import sys
import threading
from pathlib import Path

import pytest
from aiohttp import web

from mongorestore_async import JobRow

COMMAND = (sys.executable, "-m", "mongorestore_async.cli")
CSV_COLUMNS = ",".join(JobRow.__annotations__)
PARSERS = {
    "table": lambda text: re.findall(r"^[0-9a-f]{24}", text, re.MULTILINE),
    "json": lambda text: [document["id"] for document in json.loads(text)],
    "jsonl": lambda text: [json.loads(line)["id"] for line in text.splitlines()],
    "ndjson": lambda text: [json.loads(line)["id"] for line in text.splitlines()],
    "csv": lambda text: [row["id"] for row in csv.DictReader(io.StringIO(text))],
}


@pytest.fixture
def ids(emulator):
    """Ids of the jobs of the first cluster of a kind, in the order of its list."""

    def read(kind="replica-set"):
        return [job.id for job in emulator.world.jobs.page(emulator.world.first(kind), 0, 1000)]

    return read


@pytest.mark.parametrize("form", PARSERS)
async def test_each_format_lists_all_jobs_without_colours_in_a_pipe(form, run, place, ids):
    ended = await run("jobs", *place(), "--output", form)

    assert (ended.code, ended.err) == (0, "")
    assert PARSERS[form](ended.out) == ids()
    assert "\x1b" not in ended.out


@pytest.mark.parametrize("form", PARSERS)
async def test_nothing_is_rendered_for_a_pipe(form, run, place):
    ended = await run("jobs", *place(), "-o", form, PYTHONPROFILEIMPORTTIME="1")

    assert ended.code == 0
    assert "mongorestore_async.cli.session_factory" in ended.err
    assert [name for name in ("rich.console", "rich.text", "cyclopts.help") if name in ended.err] == []


def test_secrets_are_shown_on_demand_only_and_the_key_never(call, place, emulator):
    shown = json.loads((call("jobs", *place(), "-o", "json", "--show-secrets")).out)
    secrets = {job["delivery"]["url"] for job in shown if "url" in job["delivery"]}

    for form in PARSERS:
        ended = call("jobs", *place(), "-o", form)
        text = ended.out + ended.err
        assert [secret for secret in secrets if secret in text] == []
        assert emulator.private_key not in text

    assert len(secrets) > 5
    assert all("/backup/restore/" in secret for secret in secrets)


def test_documents_are_written_as_received_but_for_the_secrets(call, place):
    plain = [json.loads(line) for line in (call("jobs", *place(), "-o", "jsonl", "--show-secrets")).out.splitlines()]
    redacted = json.loads((call("jobs", *place(), "-o", "json")).out)

    assert len(plain) == 25
    for document in plain:
        if "url" in document["delivery"]:
            document["delivery"]["url"] = "**redacted**"
    assert redacted == plain


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_each_format_has_references_that_wait_takes(form, call, place, emulator):
    emulator.clock.advance(hours=1)  # the newest job is over, whatever the time of day
    ended = call("jobs", *place(), "--limit", "1", "-o", form)

    [ref] = re.findall(r"cloud-manager/[0-9a-f]{24}/[0-9a-f]{24}/[0-9a-f]{24}", ended.out)
    waited = call("wait", ref, "-o", "jsonl")
    assert json.loads(waited.out)["ref"] == ref
    assert ref.endswith(PARSERS[form](ended.out)[0])


async def test_a_table_too_narrow_for_references_tells_what_they_consist_of(on_terminal, place, emulator):
    emulator.clock.advance(hours=1)
    cluster = emulator.world.first("replica-set")
    [running] = emulator.add_jobs(cluster)
    ref = f"cloud-manager/{cluster.project_id}/{cluster.id}/{running.id}"
    async with on_terminal("jobs", *place(), "--limit", "3", "--base-url", emulator.url, columns=90) as terminal:
        assert await terminal.end() == 0
    async with on_terminal("jobs", *place(), "--limit", "3", columns=250) as wide:
        assert await wide.end() == 0

    below = terminal.text.replace("\r\n", "\n").partition("Dates are UTC.\n")[2]
    assert f"followed by its id:\n  {ref.removesuffix(running.id)}\n" in below
    assert below.endswith(f"Wait for a job:\n  mongorestore-async wait {ref}\n")
    assert "followed by" not in wide.text
    assert f"  {ref}\r\n" in wide.text.partition("3 restore jobs")[0]


async def test_a_table_of_many_clusters_lists_the_references(on_terminal, emulator):
    emulator.clock.advance(hours=1)  # all jobs are over, whatever the time of day
    clusters = [emulator.world.first(kind) for kind in ("replica-set", "sharded")]
    running = [(cluster, job) for cluster in clusters for job in emulator.add_jobs(cluster)]
    words = ("fleet", "jobs", "--family", "cloud-manager", "--state", "running", "--state", "failed")
    async with on_terminal(*words, columns=100) as terminal:
        assert await terminal.end() == 0

    below = terminal.text.replace("\r\n", "\n").partition("those that have not ended first:\n")[2]
    refs = {f"  cloud-manager/{cluster.project_id}/{cluster.id}/{job.id}" for cluster, job in running}
    assert set(below.splitlines()[: len(refs)]) == refs
    assert "Wait for a job:\n  mongorestore-async wait cloud-manager/" in below


def test_csv_has_fixed_columns_in_every_family(call, place):
    manager = call("jobs", *place("sharded"), "-o", "csv", "--limit", "3")
    atlas = call("jobs", *place("cloud-backup", "atlas-cloud-backup-v1"), "-o", "csv", "--limit", "3")

    assert [text.splitlines()[0] for text in (manager.out, atlas.out)] == [CSV_COLUMNS, CSV_COLUMNS]
    rows = list(csv.DictReader(io.StringIO(manager.out)))
    assert len({row["batch_id"] for row in rows}) == 1
    assert all(row["ref"].startswith("cloud-manager/") and row["ref"].endswith(row["id"]) for row in rows)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["requested_at"]) for row in rows)


async def test_json_lines_are_written_while_the_list_is_read(start, place, emulator, ids):
    seen = threading.Event()

    async def second_page_waits(record):
        if "pageNum=2" in record.path:
            await asyncio.to_thread(seen.wait, 120)

    emulator.before_answer = second_page_waits
    async with start("jobs", *place(), "-o", "jsonl", "--items-per-page", "10") as process:
        first = await asyncio.wait_for(process.stdout.readline(), 120)
        seen.set()
        rest, _ = await process.communicate()

    assert [json.loads(line)["id"] for line in (first + rest).splitlines()] == ids()


def test_paging_options_are_the_ones_of_the_library(call, place, ids, requests_of):
    with requests_of() as paths:
        ended = call(
            "jobs", *place(), "--page", "2", "--items-per-page", "5", "--limit", "7", "-o", "jsonl",
        )  # fmt: skip

    assert PARSERS["jsonl"](ended.out) == ids()[5:12]
    assert [re.sub(r".*\?", "", path) for path in paths] == ["pageNum=2&itemsPerPage=5", "pageNum=3&itemsPerPage=5"]


def test_one_batch_can_be_asked_for(call, place, emulator):
    cluster = emulator.world.first("sharded")
    batch = emulator.world.jobs.at(cluster, 4).batch_id

    ended = call("jobs", *place("sharded"), "--batch-id", batch, "-o", "json")

    assert {job["batchId"] for job in json.loads(ended.out)} == {batch}
    assert len(json.loads(ended.out)) == 3


def test_the_cluster_comes_from_the_environment_or_camel_case(call, emulator, ids):
    cluster = emulator.world.first("replica-set")

    ended = call(
        "jobs",
        f"--clusterId={cluster.id}",
        MCLI_SERVICE="cloud-manager",
        MCLI_PROJECT_ID=cluster.project_id,
        MCLI_OUTPUT="ndjson",
        MONGODB_ATLAS_BASE_URL=None,
        MCLI_OPS_MANAGER_URL=emulator.url,
    )

    assert PARSERS["jsonl"](ended.out) == ids()


def test_the_base_url_option_beats_the_environment(call, place, emulator, ids):
    ended = call(
        "jobs", *place(), "--base-url", emulator.url, "-o", "jsonl", MONGODB_ATLAS_BASE_URL="http://127.0.0.1:9"
    )

    assert PARSERS["jsonl"](ended.out) == ids()


def test_a_deprecated_family_says_so_beside_the_output(call, place, ids):
    ended = call("jobs", *place("tenant", "atlas-tenant-v1"), "-o", "json")

    assert PARSERS["json"](ended.out) == ids("tenant")
    assert ended.err.startswith("note: the Atlas M2/M5")
    assert ended.err.count("\n") == 1


def test_an_empty_list_says_so(call, place, emulator):
    cluster = emulator.world.first("sharded-fcv-4.0")
    emulator.expire_jobs(cluster, emulator.world.jobs.count(cluster))

    assert (call("jobs", *place("sharded-fcv-4.0"))).out == "no restore jobs\n"
    assert json.loads((call("jobs", *place("sharded-fcv-4.0"), "-o", "json")).out) == []


@pytest.mark.parametrize("form", ["jsonl", "table"])
async def test_a_reader_that_has_seen_enough_is_no_error(form, start, place, emulator):
    released = threading.Event()

    async def second_page_waits(record):
        if "pageNum=2" in record.path:
            await asyncio.to_thread(released.wait, 120)

    emulator.before_answer = second_page_waits
    async with start("jobs", *place(), "-o", form, "--items-per-page", "10") as process:
        if form == "jsonl":
            await process.stdout.readline()
        process.stdout._transport.close()
        released.set()
        err = await asyncio.wait_for(process.stderr.read(), 120)
        assert (await process.wait(), err) == (0, b"")


@pytest.fixture
def full_disk():
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("needs a device that is always full")
    with device.open("wb") as opened:
        yield opened


@pytest.mark.parametrize("form", ["jsonl", "table"])
async def test_a_full_disk_is_one_line_of_error(form, place, environment, full_disk):
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "jobs", *place(), "-o", form, env=environment, stdout=full_disk, stderr=asyncio.subprocess.PIPE
    )
    _, err = await asyncio.wait_for(process.communicate(), 120)

    assert process.returncode == 1
    assert re.fullmatch(rb"error: [^\n]*space[^\n]*\n", err)


@pytest.mark.parametrize(
    ("words", "variables", "code", "reason"),
    [
        ((), {"MONGODB_ATLAS_PRIVATE_API_KEY": "wrong"}, 4, "refused the API key"),
        ((), {"MONGODB_ATLAS_BASE_URL": "http://127.0.0.1:9"}, 1, "no connection"),
        (("--cluster-id", "f" * 24), {}, 1, "404"),
        (("--cluster-id", "a/b"), {}, 2, "must not contain '/'"),
        (("--base-url", "om.example.com"), {}, 2, "http"),
        (("--items-per-page", "501"), {}, 2, "--items-per-page"),
    ],
)
def test_errors_are_one_line_with_their_exit_code(words, variables, code, reason, call, place):
    options = list(place())
    for name in words[::2]:
        if name in options:
            del options[options.index(name) : options.index(name) + 2]
    ended = call("jobs", *options, *words, **variables)

    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert reason in ended.err
    assert "wrong" not in ended.err


def test_a_key_without_rights_is_not_authorised(call, place, emulator):
    emulator.fault_after_login = lambda _: web.json_response({"error": 403, "detail": "no"}, status=403)

    assert (call("jobs", *place())).code == 4


@pytest.mark.parametrize(("form", "written"), [("jsonl", 10), ("json", 0)])
def test_an_error_on_the_way_tells_where_to_go_on(form, written, call, place, emulator, ids):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 400, "detail": "no"}, status=400) if "pageNum=2" in record.path else None
    )

    ended = call("jobs", *place(), "-o", form, "--items-per-page", "10")

    assert ended.code == 1
    assert PARSERS["jsonl"](ended.out) == ids()[:written]
    assert "(resume with --page 2 --items-per-page 10)" in ended.err


async def test_ctrl_c_ends_it_cleanly(start, place, emulator):
    arrived, released = threading.Event(), threading.Event()

    async def hold(_):
        arrived.set()
        await asyncio.to_thread(released.wait, 120)

    emulator.before_answer = hold
    async with start("jobs", *place()) as process:
        assert await asyncio.to_thread(arrived.wait, 120)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    released.set()

    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")


async def test_a_key_can_be_typed_on_a_terminal_and_is_not_shown(on_terminal, place, emulator, ids):
    keys = {"MONGODB_ATLAS_PUBLIC_API_KEY": None, "MONGODB_ATLAS_PRIVATE_API_KEY": ""}
    async with on_terminal("jobs", *place(), "--limit", "5", **keys) as terminal:
        await terminal.expect("Public key: ")
        terminal.type(f"{emulator.public_key}\n")
        await terminal.expect("Private key (hidden): ")
        terminal.type(f"{emulator.private_key}\n")
        assert await terminal.end() == 0

    assert emulator.private_key not in terminal.text
    assert re.findall(r"^[0-9a-f]{24}", terminal.text, re.MULTILINE) == ids()[:5]


@pytest.mark.parametrize(
    ("variable", "prompt", "typed"),
    [
        ("MONGODB_ATLAS_PUBLIC_API_KEY", "Public key: ", "\n"),
        ("MONGODB_ATLAS_PRIVATE_API_KEY", "Private key (hidden): ", "\x04"),
    ],
)
async def test_no_key_typed_is_a_usage_error(variable, prompt, typed, on_terminal, place):
    async with on_terminal("jobs", *place(), **{variable: None}) as terminal:
        await terminal.expect(prompt)
        terminal.type(typed)
        assert await terminal.end() == 2

    assert "no key was entered" in terminal.text


async def test_a_terminal_table_fits_and_has_colours_unless_disabled(on_terminal, place):
    async with on_terminal("jobs", *place("sharded"), columns=80) as terminal:
        assert await terminal.end() == 0
    async with on_terminal("jobs", *place("sharded"), columns=120, NO_COLOR="1") as wider:
        assert await wider.end() == 0

    assert "\x1b[32mFINISHED" in terminal.text
    assert "\x1b[32m" not in wider.text
    table = terminal.text.replace("\r", "\n").partition("Dates are UTC")[0]  # below it are commands to be pasted
    rows = [re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", line) for line in table.splitlines()]
    assert max(map(len, rows)) <= 80
    assert "Batch" not in terminal.text
    assert "Expires" in wider.text


async def test_colours_can_be_had_in_a_pipe_and_nothing_else_that_a_terminal_has(run, place):
    ended = await run("jobs", *place("sharded"), FORCE_COLOR="1")

    assert ended.code == 0
    assert "\x1b[32mFINISHED" in ended.out
    assert ended.err == ""


async def test_a_terminal_that_can_do_nothing_gets_plain_text(on_terminal, place):
    async with on_terminal("jobs", *place("sharded"), TERM="dumb") as terminal:
        assert await terminal.end() == 0

    assert "FINISHED" in terminal.text
    assert "\x1b" not in terminal.text
