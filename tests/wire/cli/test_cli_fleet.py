"""``mongorestore-async fleet jobs``: what is read, how it is written, how it ends and goes on."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import shlex
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from mongorestore_async import JobRow, RateLimit
from mongorestore_async.emulator import EmulatorSettings, Side, ThreadedEmulator

FLEET = ("fleet", "jobs", "--family", "cloud-manager")
CSV_COLUMNS = ",".join(JobRow.__annotations__)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def ids(text):
    """Ids of the jobs in a table."""
    return re.findall(r"  ([0-9a-f]{24})  [A-Z]+", text)


def command_in(err):
    """The command that was told to go on with."""
    command = err.partition("Resume with:\n")[2].replace("\\\n", " ")
    program, *words = shlex.split(command)
    assert program == "mongorestore-async"
    return words


@pytest.fixture
def jobs_in(emulator):
    """Ids of the jobs below projects, all of a side unless told."""

    def read(*projects, side=Side.MANAGER):
        world = emulator.world
        return [
            job.id
            for project in projects or world.projects(side)
            for cluster in world.clusters(project)
            for job in world.jobs.page(cluster, 0, 1000)
        ]

    return read


@pytest.fixture
def projects(emulator):
    return list(emulator.world.projects(Side.MANAGER))


@pytest.fixture
def held(emulator, projects):
    """Holds what is asked of the second project back, until it is set."""
    released, arrived = threading.Event(), threading.Semaphore(0)

    async def hold(record):
        if projects[1].id in record.path:
            arrived.release()
            await asyncio.to_thread(released.wait, 20)

    emulator.before_answer = hold
    released.arrived = arrived
    yield released
    released.set()


def refuse(emulator, *words, status=403):
    """Let requests whose path has one of these words fail."""
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": status, "detail": "not for this key"}, status=status)
        if any(word in record.path for word in words)
        else None
    )


def test_each_form_holds_all_jobs_with_their_places(call, emulator, jobs_in, projects):
    table, array, json_lines, sheet = (call(*FLEET, "-o", form) for form in ("table", "json", "jsonl", "csv"))

    assert {(ended.code, ended.err) for ended in (table, array, json_lines, sheet)} == {(0, "")}
    assert len(set(jobs_in())) == 150
    assert sorted(ids(table.out)) == sorted(jobs_in())
    documents = json.loads(array.out)
    assert {one["job"]["id"] for one in documents} == set(jobs_in())
    assert sorted(lines(json_lines.out), key=str) == sorted(documents, key=str)
    assert {row["id"] for row in rows(sheet.out)} == set(jobs_in())
    assert sheet.out.startswith(CSV_COLUMNS)
    place = next(iter(emulator.world.clusters(projects[0])))
    job = emulator.world.jobs.at(place, 3)
    (document,) = (one for one in documents if one["job"]["id"] == job.id)
    assert document["project"] == {"id": projects[0].id, "name": projects[0].name}
    assert document["cluster"] == {"id": place.id, "name": place.name}
    assert document["fleet"].startswith("cloud-manager 127.0.0.1:")
    (row,) = (one for one in rows(sheet.out) if one["id"] == job.id)
    assert [row["project_name"], row["cluster_id"], row["cluster_name"]] == [projects[0].name, place.id, place.name]
    assert f"{projects[0].name}  {place.name} " in table.out
    assert "150 restore jobs: " in table.out


def test_a_table_is_in_the_order_of_places(call, emulator):
    written = [line.split()[:2] for line in call(*FLEET).out.splitlines()[2:-2]]

    assert written == sorted(written)
    assert len({tuple(place) for place in written}) == 6


def test_secrets_are_shown_on_demand_only_and_the_key_never(call, emulator):
    shown = call(*FLEET, "-o", "jsonl", "--show-secrets").out
    secrets = {one["job"]["delivery"]["url"] for one in lines(shown) if "url" in one["job"]["delivery"]}

    for form in ("table", "json", "jsonl", "csv"):
        ended = call(*FLEET, "-o", form)
        assert [secret for secret in secrets if secret in ended.out + ended.err] == []
        assert emulator.private_key not in ended.out + ended.err
    assert len(secrets) > 5


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_rows_appear_as_they_are_found(form, start, held, jobs_in, projects):
    async with start(*FLEET, "-o", form) as process:
        early = [await asyncio.wait_for(process.stdout.readline(), 120) for _ in range(75)]
        held.set()
        late, err = await process.communicate()

    assert [line for line in early if projects[1].id.encode() in line] == []
    assert (b"".join(early) + late).count(b"\n") == len(jobs_in()) + (form == "csv")
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (("--projects", "*-1"), lambda row: row["project_name"] == "manager-project-1"),
        (("--project", "{0.id}", "--projects", "{1.id}x"), lambda row: row["project_name"] == "manager-project-0"),
        (("--clusters", "*-0", "--cluster", "*-2"), lambda row: row["cluster_name"][-1] in "02"),
        (("--state", "failed", "--state", "CANCELLED"), lambda row: row["state"] in {"FAILED", "CANCELLED"}),
    ],
)
def test_places_and_states_narrow_it(options, chosen, call, projects):
    everything = rows(call(*FLEET, "-o", "csv").out)
    found = rows(call(*FLEET, "-o", "csv", *(option.format(*projects) for option in options)).out)

    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in everything if chosen(row))
    assert 0 < len(found) < len(everything)


@pytest.mark.parametrize("written", ["30h", "{}"])
def test_since_is_a_moment_or_how_long_ago(written, call):
    moment = datetime.now(UTC) - timedelta(hours=30)
    everything = rows(call(*FLEET, "-o", "csv").out)
    found = rows(call(*FLEET, "-o", "csv", "--since", written.format(moment.isoformat())).out)

    recent = [row["id"] for row in everything if datetime.fromisoformat(row["requested_at"]) >= moment]
    assert sorted(row["id"] for row in found) == sorted(recent)
    assert 0 < len(found) < len(everything)


def test_one_batch_can_be_asked_for(call, emulator):
    batch = emulator.world.jobs.at(emulator.world.first("sharded"), 4).batch_id

    found = rows(call(*FLEET, "-o", "csv", "--batch-id", batch).out)

    assert [row["batch_id"] for row in found] == [batch] * 3


def test_several_families_are_one_list(call, jobs_in, emulator):
    variables = {"MCLI_SERVICE": "cloud-manager atlas-cloud-backup-v1 cloud-manager", "COLUMNS": "200"}
    found = rows(call("fleet", "jobs", "-o", "csv", **variables).out)
    table = call("fleet", "jobs", **variables).out

    families = {row["fleet"].split()[0] for row in found}
    assert families == {"cloud-manager", "atlas-cloud-backup-v1"}
    assert {row["ref"].split("/")[0] for row in found} == families
    assert set(jobs_in()) < {row["id"] for row in found}
    assert sorted(ids(table)) == sorted(row["id"] for row in found)
    assert f"atlas-cloud-backup-v1 {emulator.url.removeprefix('http://')}  atlas-project-0" in table


@pytest.mark.parametrize("concurrency", [1, 40])
def test_at_most_so_many_clusters_are_read_at_once(concurrency, call, emulator):
    busy, most = set(), 0

    async def watch(record):
        nonlocal most
        if "restoreJobs" in record.path:
            busy.add(record.path)
            most = max(most, len(busy))
            await asyncio.sleep(0.05)
            busy.discard(record.path)

    emulator.before_answer = watch
    assert call(*FLEET, "--concurrency", str(concurrency), "--per-project", "2").code == 0
    assert most == min(concurrency, 4)


def test_a_dry_run_counts_the_requests_and_reads_no_jobs(call, requests_of):
    with requests_of() as paths:
        ended = call(*FLEET, "--dry-run")
    with requests_of() as real:
        call(*FLEET)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[2].split() == ["2", "6", "6", "1"]
    assert "7 requests in all" in ended.out
    assert len(paths) == 1
    assert len(real) == 7
    plan = {"projects": 1, "clusters": 3, "requests": 3, "discovery": 1, "bound_by": None}
    (found,) = lines(call(*FLEET, "--dry-run", "-o", "jsonl", "--projects", "*-0").out)
    assert found.pop("seconds") < 60
    assert found == plan


def test_failures_are_listed_with_a_command_that_reads_them(call, emulator, jobs_in, projects, requests_of):
    cluster = list(emulator.world.clusters(projects[1]))[1]
    refuse(emulator, cluster.id)

    first = call(*FLEET, "-o", "jsonl", "--concurrency", "2", "--since", "300d")
    emulator.fault_after_login = None
    with requests_of() as paths:
        second = call(*command_in(first.err))

    assert (first.code, second.code, second.err) == (9, 0, "")
    head, titles, _, failure = first.err.splitlines()[:4]
    assert (head, titles.split()) == ("1 failure:", ["Project", "Cluster", "Failure", "Reason"])
    assert re.split(r"  +", failure)[:3] == [projects[1].name, cluster.name, "forbidden"]
    assert "not for this key" in failure
    found = [one["job"]["id"] for one in lines(first.out) + lines(second.out)]
    assert sorted(found) == sorted(jobs_in())
    assert [path for path in paths if "restoreJobs" in path and cluster.id not in path] == []


@pytest.mark.parametrize("form", ["table", "jsonl"])
async def test_ctrl_c_writes_the_jobs_found_and_the_command_to_resume(
    form, start, run, held, emulator, jobs_in, projects, requests_of
):
    read = {"table": ids, "jsonl": lambda text: [one["job"]["id"] for one in lines(text)]}[form]
    async with start(*FLEET, "-o", form) as process:
        for _ in emulator.world.clusters(projects[1]):
            assert await asyncio.to_thread(held.arrived.acquire, timeout=120)
        await asyncio.sleep(0.5)  # the other project's jobs are being written
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    held.set()
    with requests_of() as paths:
        rest = await run(*command_in(err.decode()))

    assert process.returncode == 130
    assert err.startswith(b"interrupted\nResume with:\n")
    assert sorted(read(out.decode())) == sorted(jobs_in(projects[0]))
    assert (rest.code, rest.err) == (0, "")
    assert sorted(read(rest.out)) == sorted(jobs_in(projects[1]))
    assert [path for path in paths if projects[0].id in path] == []


@pytest.mark.parametrize("form", ["jsonl", "table"])
async def test_a_reader_that_has_seen_enough_is_no_error(form, start, held):
    async with start(*FLEET, "-o", form) as process:
        if form == "jsonl":
            await process.stdout.readline()
        process.stdout._transport.close()
        held.set()
        err = await asyncio.wait_for(process.stderr.read(), 120)
        code = await process.wait()

    # Lines are written while clusters are read: whether all of them were by then is a matter of time.
    unread = form == "jsonl" and code == 9
    assert re.fullmatch(
        r"stopped: standard output was closed; [1-5] of 6 clusters were read\n" if unread else "", err.decode()
    )
    assert code == (9 if unread else 0)


async def test_a_terminal_shows_progress_and_wraps_reasons(on_terminal, held, emulator, projects):
    refuse(emulator, *(cluster.id for cluster in emulator.world.clusters(projects[0])))
    async with on_terminal(*FLEET, columns=90) as terminal:
        await terminal.expect("3 of 6 clusters, 0 jobs, 3 failed")
        held.set()
        assert await terminal.end() == 9

    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.text).replace("\r", "\n")
    table = text.partition("3 failures:")[2].partition("Resume with")[0].splitlines()
    assert max(map(len, table)) <= 90
    assert sum(projects[0].name in line for line in table) == 3
    assert len(ids(text)) == 75


class TestAFleetOfManyProjects:
    @pytest.fixture
    def settings(self):
        return {"projects": 140, "clusters_per_project": 1, "jobs_per_cluster": 1}

    def test_its_token_is_put_into_a_file(self, call, emulator, projects, jobs_in, tmp_path):
        refuse(emulator, f"/groups/{projects[7].id}/")
        first = call(*FLEET, "-o", "jsonl")
        emulator.fault_after_login = None
        token = re.search(r"^fleet2\.\S+$", first.err, re.MULTILINE)[0]
        (tmp_path / "FILE").write_text(f"{token}\n")
        second = call(*(word.replace("@FILE", f"@{tmp_path / 'FILE'}") for word in command_in(first.err)))

        assert (first.code, second.code) == (9, 0)
        assert len(token) > 1000
        assert [one["job"]["id"] for one in lines(second.out)] == jobs_in(projects[7])


def test_a_dry_run_tells_what_holds_a_run_back(call):
    limits = {"cloudBackups": RateLimit(2, 1, 7, "caller")}
    settings = EmulatorSettings(projects=1, clusters_per_project=3, jobs_per_cluster=1, endpoint_limits=limits)
    with ThreadedEmulator(settings) as slow:
        words = ("fleet", "jobs", "--family", "atlas-cloud-backup", "--base-url", slow.url, "--dry-run")
        table, document = call(*words), call(*words, "-o", "jsonl")

    assert "5 requests in all" in table.out
    assert "They take at least 7.0 s (Cloud Backups: 2 calls at once and 1 in 7 s per key)." in table.out
    (found,) = lines(document.out)
    assert (found["seconds"], found["bound_by"][:13]) == (7.0, "Cloud Backups")
