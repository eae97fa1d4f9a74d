"""Restores of single databases and collections by command: browse, create, wait, incomplete, renamed."""

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

from mongorestore_async.cli.creates.collection_options import CollectionOptions
from mongorestore_async.cli.creates.create_collections_command import FollowOptions
from mongorestore_async.cli.rows.collection_rows import CollectionRow
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import (
    IndexStatus,
    IndexStrategy,
    OplogTime,
    PointInTime,
    Renamed,
    RestoredCollection,
    Snapshot,
    Target,
    WriteStrategy,
)

FAMILY = "atlas-collection-restore"
FAST = ("--poll", "0.05s")
RECENT = (datetime.now(UTC) - timedelta(minutes=30)).replace(microsecond=0)
INTO = {"target_cluster_id": "c", "write": WriteStrategy.CREATE_NEW}


@pytest.fixture
def settings():
    return {"clusters_per_project": 7, "speed": 3000.0}


@pytest.fixture
def own(emulator):
    """The cluster whose backup is restored."""
    return emulator.world.first("cloud-backup")


@pytest.fixture
def backup(own):
    """Options that name it."""
    return ("--project-id", own.project_id, "--cluster", own.name)


@pytest.fixture
def listed(backup):
    """The same for the commands that know several families."""
    return ("--family", FAMILY, *backup)


@pytest.fixture
def newest(own, emulator):
    return emulator.world.snapshots.id(own, 0)


@pytest.fixture
def order(backup, own, newest):
    """A create that changes nothing that is there, up to what is restored."""
    return ("create-collections", *backup, "--snapshot-id", newest, "--target-cluster", own.name,
            "--write", "create-new")  # fmt: skip


@pytest.fixture
def last(own, emulator):
    """The collection restore that the cluster got last."""
    return lambda: emulator.world.collection_restores.of(own)[-1]


def rows_of(ended):
    return list(csv.DictReader(io.StringIO(ended.out)))


def command_after(text, head):
    """The words of the command that is printed after a line."""
    block = text.partition(f"{head}\n")[2].replace(" \\\n", " ")
    return shlex.split(block.splitlines()[0])


def test_the_whole_walk_from_browsing_to_the_new_names(call, listed, order, newest):
    databases = call("snapshots", *listed, "--browse", newest, "-o", "csv")
    collections = call("snapshots", *listed, "--browse", newest, "--database", "shop", "-o", "csv")
    assert [row["name"] for row in rows_of(databases)] == ["shop", "staff", "telemetry"]
    assert "shop.orders" in {row["name"] for row in rows_of(collections)}

    created = call(*order, "--database", "shop", "--rename", "staff.people", "staff.people_before")
    assert (created.code, created.err) == (0, "")
    follow = command_after(created.out, "Wait for the end:")
    assert follow[:2] == ["mongorestore-async", "wait"]

    waited = call(*follow[1:], *FAST)
    assert waited.code == 0
    assert "FINISHED" in waited.out
    assert "Skipped, because such collections cannot be restored: 1\n  shop.open_orders  UNSUPPORTED\n" in waited.err
    listing = command_after(waited.err, "List what became of each collection, and how it is called now:")

    became = {row["source"]: row for row in rows_of(call(*listing[1:], "-o", "csv"))}
    assert became["shop.orders"]["renamed"] == "yes"
    assert became["shop.orders"]["target"] == "shop.orders"
    assert became["shop.orders"]["effective_target"] not in {"", "shop.orders"}
    assert became["staff.people"]["effective_target"] == "staff.people_before"
    assert became["staff.people"]["renamed"] == ""
    assert (became["shop.open_orders"]["state"], became["shop.open_orders"]["effective_target"]) == ("UNSUPPORTED", "")

    ended = call(*order, "--collection", "telemetry.readings", "--collection", "shop.orders", "--wait", *FAST)
    assert ended.code == 3
    assert "telemetry.readings" in ended.err.partition("error: ")[2].splitlines()[0]
    assert command_after(ended.err, "List what became of each collection, and how it is called now:")[1] == "jobs"


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize(("words", "name"), [((), "staff"), (("--database", "staff"), "staff.people")])
def test_a_snapshot_is_browsed_in_every_format(form, words, name, call, listed, newest):
    ended = call("snapshots", *listed, "--browse", newest, *words, "-o", form)

    assert (ended.code, ended.err) == (0, "")
    if form.startswith("json"):
        found = json.loads(ended.out) if form == "json" else [json.loads(line) for line in ended.out.splitlines()]
        assert name.rpartition(".")[2] in {document["name"] for document in found}
    else:
        assert re.search(rf"^{re.escape(name)}$", ended.out, re.MULTILINE)


def test_the_limit_of_a_list_holds_for_browsing(call, listed, newest):
    ended = call("snapshots", *listed, "--browse", newest, "--limit", "1", "-o", "csv")

    assert [row["name"] for row in rows_of(ended)] == ["shop"]


def test_a_database_that_the_snapshot_lacks_is_told(call, listed, newest):
    ended = call("snapshots", *listed, "--browse", newest, "--database", "nowhere")

    assert (ended.code, ended.out) == (1, "")
    assert "404" in ended.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--browse", "s", "--latest"], "leave --latest, --sharded and --all out"),
        (["--browse", "s", "--sharded"], "leave --latest, --sharded and --all out"),
        (["--database", "shop"], "pass both"),
        (["--browse", ""], "it is empty"),
        (["--browse", "s", "--database", ""], "it is empty"),
    ],
)
def test_contradictory_options_of_browsing_are_refused(words, reason, call, listed, requests_of):
    with requests_of() as paths:
        ended = call("snapshots", *listed, *words)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert reason in ended.err


@pytest.mark.parametrize("words", [("snapshots", "--browse", "5" * 24), ("jobs", "--collections", "5" * 24)])
@pytest.mark.parametrize("family", ["atlas-cloud-backup", "cloud-manager", "atlas-flex"])
def test_other_families_name_the_one_that_has_it(family, words, call, backup, requests_of):
    with requests_of() as paths:
        ended = call(words[0], "--family", family, *backup, *words[1:])

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert f"pass --family {FAMILY}" in ended.err


@pytest.mark.parametrize("words", [("snapshots", "--browse", "5" * 24), ("jobs", "--collections", "5" * 24)])
def test_a_config_server_has_neither_list(words, call, requests_of):
    with requests_of() as paths:
        ended = call(words[0], "--family", "cloud-manager", "--project-id", "p", "--host-id", "h", *words[1:])

    assert (ended.code, paths) == (2, [])
    assert "pass --cluster-id instead of --host-id" in ended.err


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"snapshot_id": "s"}, Snapshot("s")),
        ({"oplog_ts": 1, "oplog_inc": 2}, OplogTime(1, 2)),
        ({"point_in_time": RECENT}, PointInTime(RECENT)),
        ({"point_in_time_millis": RECENT}, PointInTime(RECENT)),
    ],
)
def test_each_source_makes_a_restore_of_collections(given, source):
    request = CollectionOptions(**given, **INTO, database=("shop",)).request("own")

    assert (request.source, request.target) == (source, Target("own", "c"))


@pytest.mark.parametrize(
    ("given", "databases", "collections"),
    [
        ({"database": ("shop", "a=b")}, ("shop", "a=b"), ()),
        ({"collection": ("shop.x=y.z",)}, (), ("shop.x=y.z",)),
        ({"rename": (("shop", "-old"), ("a.b=c", "-d.e"))}, (Renamed("shop", "-old"),), (Renamed("a.b=c", "-d.e"),)),
        ({"database": ("a", "shop"), "rename": (("shop", "b"),)}, ("a", Renamed("shop", "b")), ()),
        ({"collection": ("a.b",), "rename": (("a.b", "a.c"),)}, (), (Renamed("a.b", "a.c"),)),
        ({"collection": ("a.b",), "rename": (("c", "d"),)}, (Renamed("c", "d"),), ("a.b",)),
    ],
)
def test_every_name_can_be_said_and_renamed(given, databases, collections):
    request = CollectionOptions(snapshot_id="s", **INTO, **given).request("own")

    assert (request.databases, request.collections) == (databases, collections)


def test_what_is_asked_for_is_what_was_given(call, backup, own, newest, emulator):
    other = emulator.world.first("cloud-backup-sharded")
    words = ("--database", "a=b", "--rename", "-x", "-y", "--collection", "shop.o=p", "--indexes", "all-except-ttl",
             "--database-suffix=-old", "--collection-suffix", "_old")  # fmt: skip
    ended = call("create-collections", *backup, "--snapshot-id", newest, *words, "--write", "create-new",
                 "--target-project-id", other.project_id, "--target-cluster", other.name, "--dry-run")  # fmt: skip

    assert ended.code == 0
    assert json.loads(ended.out) == {
        "snapshotId": newest,
        "targetGroupId": other.project_id,
        "targetClusterName": other.name,
        "writeStrategy": "CREATE_NEW",
        "indexStrategy": "ALL_EXCEPT_TTL",
        "databases": [{"sourceNamespace": "a=b"}, {"sourceNamespace": "-x", "targetNamespace": "-y"}],
        "collections": [{"sourceNamespace": "shop.o=p"}],
        "databaseSuffix": "-old",
        "collectionSuffix": "_old",
    }
    assert "request, not sent: POST http://127.0.0.1:" in ended.err
    assert own.name in ended.err


@pytest.mark.parametrize("strategy", IndexStrategy)
def test_every_index_strategy_has_a_word(strategy, call, order):
    ended = call(*order, "--database", "shop", "--indexes", strategy.lower().replace("_", "-"), "--dry-run")

    assert (ended.code, json.loads(ended.out)["indexStrategy"]) == (0, strategy)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "nothing to restore is named: pass --database, --collection or --rename"),
        (["--database", "shop", "--latest"], "exactly one of --snapshot-id, --latest, --oplog-ts with --oplog-inc"),
        (["--database", "shop", "--oplog-ts", "1700000000"], "--oplog-ts and --oplog-inc belong together"),
        (["--rename", "a", "b", "--rename", "a", "c"], "--rename has the same name twice"),
        (["--database", "a", "--database", "a"], "the same name"),
        (["--database", "a", "--rename", "b", "a"], "the same name"),
        (["--database", "shop.orders"], "must not contain '.': pass a collection with --collection"),
        (["--collection", "shop"], "no dot: pass DATABASE.COLLECTION; a database goes with --database"),
        (["--database", "shop", "--database", "shop"], "same name: pass each once, or rename one with --rename"),
        (["--database", "shop", "--collection", "shop.orders"], "with its database already"),
        (["--rename", "shop.orders", "orders"], "no dot"),
        (["--collection", ""], "empty"),
        (["--database", ""], "empty"),
        (["--database", "a/b"], "must not contain '/'"),
        (["--database", "shop", "--database-suffix", ""], "empty"),
        (["--database", "shop", "--timeout", "1h"], "belong to --wait"),
        (["--database", "shop", "--accept-incomplete"], "belong to --wait"),
        (["--database", "shop", "--poll", "1s"], "belong to --wait"),
        (["--database", "shop", "--indexes", "some"], "--indexes"),
        (["--database", "shop", "--family", "atlas-cloud-backup"], "--family"),
        (["--database", "shop", "--protect", "nonsense", "--yes"], "--protect takes PROJECT/CLUSTER"),
    ],
)
def test_contradictory_options_are_refused_before_any_request(words, reason, call, order, requests_of):
    with requests_of() as paths:
        ended = call(*order, *words)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert reason in ended.err


@pytest.mark.parametrize("option", ["--write", "--target-cluster-id", "--cluster-id"])
def test_what_has_no_default_is_required(option, call, backup, own, requests_of):
    names = {"--cluster-id": own.name, "--target-cluster-id": own.name, "--write": "create-new"}
    words = [word for name, value in names.items() if name != option for word in (name, value)]
    with requests_of() as paths:
        ended = call("create-collections", *backup[:2], "--latest", "--database", "shop", *words)

    assert (ended.code, paths) == (2, [])
    assert f"{option} is required" in ended.err


def test_the_family_of_other_commands_is_not_taken_for_its_own(call, order):
    ended = call(*order, "--database", "shop", "--dry-run", MCLI_SERVICE="cloud-manager")

    assert ended.code == 0


@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
def test_the_latest_snapshot_is_found_and_told(kind, call, emulator):
    cluster = emulator.world.first(kind)
    newest = emulator.world.snapshots.id(cluster, 0)
    ended = call("create-collections", "--project-id", cluster.project_id, "--cluster", cluster.name, "--latest",
                 "--database", "shop", "--write", "create-new", "--target-cluster", cluster.name,
                 "--dry-run")  # fmt: skip

    assert (ended.code, json.loads(ended.out)["snapshotId"]) == (0, newest)
    assert re.match(rf"latest snapshot: {newest}, data of 20\d\d-\d\d-\d\d \d\d:\d\d UTC\n", ended.err)


def test_create_names_the_command_that_restores_collections(call, listed, own, newest, requests_of):
    with requests_of() as paths:
        ended = call("create", *listed, "--snapshot-id", newest, "--target-cluster-id", own.name, "--yes")

    assert (ended.code, paths) == (2, [])
    assert "create-collections" in ended.err


def test_new_names_are_asked_nothing_about_into_the_source_too(call, order, emulator):
    ended = call(*order, "--database", "shop")

    assert (ended.code, ended.err) == (0, "")
    assert emulator.counts.creates_taken == 1


@pytest.fixture
def overwriting(backup, newest, emulator):
    """A create that drops collections of another cluster."""
    target = emulator.world.first("cloud-backup-sharded")
    return ("create-collections", *backup, "--snapshot-id", newest, "--write", "overwrite-existing",
            "--target-project-id", target.project_id, "--target-cluster", target.name)  # fmt: skip


def test_overwriting_needs_a_yes_without_a_terminal(call, overwriting, requests_of):
    with requests_of() as paths:
        ended = call(*overwriting, "--database", "shop")

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert "this drops collections of cluster" in ended.err
    assert "pass --yes" in ended.err
    assert call(*overwriting, "--database", "shop", "--yes").code == 0


async def test_what_would_be_dropped_is_shown_and_the_target_is_typed(on_terminal, overwriting, own, emulator):
    target = emulator.world.first("cloud-backup-sharded")
    words = ("--database", "shop", "--rename", "staff.people", "people.all", "--collection-suffix", "_old")
    async with on_terminal(*overwriting, *words, columns=160) as terminal:
        await terminal.expect(f"Type {target.name} to continue: ")
        terminal.type(f"{target.name}\n")
        assert await terminal.end() == 0

    shown = " ".join(re.sub(r"\x1b\[[\d;]*m", "", terminal.text).split())
    assert "This drops collections of the target" in shown
    assert f"of cluster {own.name}" in shown
    assert "dropped collections of database shop that the backup has" in shown
    assert "dropped collection people.all_old" in shown
    assert "removes all data" not in shown


@pytest.mark.parametrize("answer", ["", "y", "shop"])
async def test_any_other_answer_sends_nothing(answer, on_terminal, overwriting, emulator):
    before = emulator.counts.creates_received
    async with on_terminal(*overwriting, "--database", "shop") as terminal:
        await terminal.expect("to continue: ")
        terminal.type(f"{answer}\n")
        assert await terminal.end() == 1

    assert "Nothing was sent." in terminal.text
    assert emulator.counts.creates_received == before


async def test_long_lists_of_what_is_dropped_are_shortened(on_terminal, overwriting):
    words = [word for number in range(25) for word in ("--collection", f"shop.c{number}")]
    async with on_terminal(*overwriting, *words, columns=160) as terminal:
        await terminal.expect("to continue: ")
        terminal.interrupt()
        assert await terminal.end() == 130

    assert "shop.c9" in terminal.text
    assert "shop.c10" not in terminal.text
    assert "... and 15 more" in terminal.text


def test_protected_clusters_and_the_source_are_not_overwritten(call, order, overwriting, emulator, requests_of):
    target = emulator.world.first("cloud-backup-sharded")
    home = [*order[:-1], "overwrite-existing", "--database", "shop", "--yes"]
    with requests_of() as paths:
        guarded = call(*overwriting, "--database", "shop", "--yes", "--protect", f"{target.project_id}/{target.name}")
        own = call(*home)

    assert (guarded.code, own.code, paths) == (2, 2, [])
    assert "pass --overwrite-source" in own.err
    assert call(*home, "--overwrite-source").code == 0


def test_a_second_restore_of_a_cluster_is_told_by_the_precheck(call, order, emulator):
    emulator.clock.speed = 0
    first = call(*order, "--database", "shop")
    second = call(*order, "--database", "staff", "--precheck")

    assert (first.code, second.code, second.out) == (0, 1, "")
    assert "the pre-check failed: another restore of single collections is running" in second.err
    assert second.err.endswith("at a time: wait for it with mongorestore-async wait, then start this one\n")
    assert emulator.counts.creates_taken == 1


def test_ensure_finds_the_restore_that_runs_already(call, order, emulator):
    emulator.clock.speed = 0
    first = call(*order, "--database", "shop", "--ensure", "-o", "jsonl")
    second = call(*order, "--database", "shop", "--ensure")

    assert (first.code, second.code) == (0, 0)
    assert second.out.startswith("Already running, nothing was sent: 1 restore job:")
    assert json.loads(first.out)["id"] in second.out
    assert emulator.counts.creates_taken == 1


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_waiting_at_once_writes_the_job_at_its_end(form, call, order, last):
    ended = call(*order, "--collection", "shop.orders", "--wait", *FAST, "-o", form)

    assert ended.code == 0
    assert ended.err.startswith("Created 1 restore job:\n")
    assert last().id in ended.out
    if form == "table":
        assert "FINISHED" in ended.out
    elif form.startswith("json"):
        found = json.loads(ended.out) if form == "json" else [json.loads(line) for line in ended.out.splitlines()]
        assert [document["state"] for document in found] == ["SUCCESSFUL"]
    else:
        assert [row["state"] for row in rows_of(ended)] == ["FINISHED"]


INCOMPLETE = [
    ("telemetry.readings", {}),
    ("shop.orders", {"shop.orders": "INDEX_BUILD_FAILED"}),
]


@pytest.mark.parametrize(("named", "endings"), INCOMPLETE)
@pytest.mark.parametrize("command", ["wait", "watch", "create"])
def test_an_incomplete_restore_is_code_3_and_named(command, named, endings, call, order, last, emulator):
    emulator.end_next_collections(endings)
    emulator.end_next_jobs("done")
    follow = ("--wait", *FAST) if command == "create" else ()
    ended = call(*order, "--collection", named, *follow)
    if command != "create":
        assert ended.code == 0
        job = last()
        ref = f"{FAMILY}/{job.cluster.project_id}/{job.cluster.name}/{job.id}"
        ended = call(command, ref, *FAST)

    assert ended.code == 3
    message = next(line for line in ended.err.splitlines() if line.startswith("error: "))
    assert named in message
    assert "--accept-incomplete" in message
    assert "Resume with" not in ended.err


@pytest.mark.parametrize(("named", "endings"), INCOMPLETE)
def test_an_incomplete_restore_can_be_accepted_and_is_told(named, endings, call, order, emulator):
    emulator.end_next_collections(endings)
    emulator.end_next_jobs("done")

    ended = call(*order, "--collection", named, "--wait", "--accept-incomplete", *FAST)

    assert ended.code == 0
    assert named in ended.err


def test_a_failed_restore_is_code_3(call, order):
    ended = call(*order, "--collection", "shop.nowhere", "--wait", *FAST)

    assert ended.code == 3
    assert "FAILED" in ended.out


def test_a_long_list_of_skipped_collections_is_shortened(call, order, own, emulator):
    for number in range(30):
        emulator.world.namespaces.add(own, f"shop.view{number:02}", "view")

    ended = call(*order, "--database", "shop", "--wait", *FAST)

    assert ended.code == 0
    assert "cannot be restored: 31" in ended.err
    assert "... and 11 more" in ended.err


def test_jobs_lists_restores_of_collections_like_others(call, listed, order, last):
    call(*order, "--database", "shop")

    ended = call("jobs", *listed, "-o", "csv")

    rows = {row["id"]: row for row in rows_of(ended)}
    job = last()
    assert ended.code == 0
    row = rows[job.id]
    assert (row["delivery"], row["target_cluster"], row["snapshot_id"]) == (
        "CREATE_NEW", job.cluster.name, job.order.snapshot_id,
    )  # fmt: skip
    assert row["ref"] == f"{FAMILY}/{job.cluster.project_id}/{job.cluster.name}/{job.id}"
    assert row["requested_at"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_collections_of_a_job_are_listed_in_every_format(form, call, listed, order, last):
    call(*order, "--database", "shop", "--wait", *FAST)

    ended = call("jobs", *listed, "--collections", last().id, "-o", form)

    assert (ended.code, ended.err) == (0, "")
    if form.startswith("json"):
        found = json.loads(ended.out) if form == "json" else [json.loads(line) for line in ended.out.splitlines()]
        assert "shop.orders" in {document["sourceNamespace"] for document in found}
    elif form == "csv":
        assert ended.out.splitlines()[0] == (
            "source,state,target,effective_target,renamed,restored_documents,total_documents,indexes,index_error"
        )
    else:
        assert re.search(r"^shop\.orders +SUCCESSFUL +shop\.orders_\S+ +yes ", ended.out, re.MULTILINE)
        assert re.search(r"^4 collections: 3 SUCCESSFUL, 1 UNSUPPORTED\. 3 got another name", ended.out, re.MULTILINE)


def test_a_link_in_the_message_of_an_index_is_not_shown():
    status = IndexStatus(state="FAILED", error_message="see https://u:pw@h.example/x?token=abc")

    row = CollectionRow.of(RestoredCollection(source_namespace="a.b", index_status=status))

    assert row.index_error == "see **redacted**"


@pytest.mark.parametrize("words", [("--page", "2"), ("--batch-id", "b")])
def test_options_of_the_list_of_jobs_do_not_go_with_collections(words, call, listed, requests_of):
    with requests_of() as paths:
        ended = call("jobs", *listed, "--collections", "5" * 24, *words)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert "leave --batch-id and --page out" in ended.err


@pytest.mark.parametrize("words", [("snapshots",), ("snapshots", "--browse", "{newest}")])
def test_an_error_of_a_list_without_pages_names_no_page(words, call, listed, newest, emulator):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 404, "detail": "no"}, status=404) if "/snapshots" in record.path else None
    )

    ended = call(words[0], *listed, *(word.format(newest=newest) for word in words[1:]))

    assert ended.code == 1
    assert "--page" not in ended.err


def test_an_error_in_the_middle_of_collections_names_no_page(call, listed, order, last, emulator):
    call(*order, "--database", "shop", "--wait", *FAST)
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 404, "detail": "no"}, status=404) if "pageNum=2" in record.path else None
    )

    ended = call("jobs", *listed, "--collections", last().id, "--items-per-page", "1")

    assert ended.code == 1
    assert "--page" not in ended.err


def test_a_fleet_of_restores_of_collections_is_listed(call, order, own, last):
    call(*order, "--database", "shop")

    ended = call("fleet", "jobs", "--family", FAMILY, "--clusters", own.name, "-o", "csv")

    assert ended.code == 0
    assert last().id in {row["id"] for row in rows_of(ended)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_interrupted_create_is_an_unknown_outcome(number, start, order, listed, emulator):
    arrived, released = threading.Event(), threading.Event()

    async def hold(record):
        if record.method == "POST" and record.status == 201:
            arrived.set()
            await asyncio.to_thread(released.wait, 120)

    emulator.before_answer = hold
    async with start(*order, "--database", "shop", "--wait") as process:
        assert await asyncio.to_thread(arrived.wait, 120)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    released.set()

    assert (process.returncode, out) == (6, b"")
    lines = err.decode().splitlines()
    assert "its outcome is unknown" in lines[0]
    assert lines[1:] == [
        "List the jobs before you send it again:",
        f"  mongorestore-async jobs {' '.join(listed).replace('--cluster ', '--cluster-id ')}",
    ]


async def test_an_interrupted_wait_prints_how_to_resume(start, order, emulator):
    emulator.clock.speed = 0
    async with start(*order, "--database", "shop", "--wait", "--timeout", "2h", "--accept-incomplete") as process:
        while b" running" not in (line := await asyncio.wait_for(process.stderr.readline(), 120)):
            assert line
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 120)

    assert (process.returncode, out) == (130, b"")
    text = err.decode()
    assert "The restore continues without this command. 1 job:" in text
    assert re.search(rf"mongorestore-async wait {FAMILY}/\S+ --until finished --timeout 2h --accept-incomplete\n", text)


@pytest.mark.parametrize("source", [("--snapshot-id", "{newest}"), ("--latest",)])
async def test_a_key_is_asked_for_once(source, on_terminal, backup, own, newest, emulator):
    keys = {"MONGODB_ATLAS_PUBLIC_API_KEY": None, "MONGODB_ATLAS_PRIVATE_API_KEY": None}
    words = (*(word.format(newest=newest) for word in source), "--collection", "shop.orders", "--write", "create-new")
    command = ("create-collections", *backup, *words, "--target-cluster", own.name, "--wait", *FAST)
    async with on_terminal(*command, **keys) as terminal:
        await terminal.expect("Public key: ")
        terminal.type(f"{emulator.public_key}\n")
        await terminal.expect("Private key (hidden): ")
        terminal.type(f"{emulator.private_key}\n")
        assert await terminal.end() == 0

    assert terminal.text.count("Public key: ") == 1
    assert "FINISHED" in terminal.text


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_of_a_broken_server_is_an_unknown_outcome(status, call, order, emulator):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": status, "errorCode": "UNEXPECTED_ERROR", "detail": "no"}, status=status)
        if record.method == "POST"
        else None
    )

    ended = call(*order, "--database", "shop", "--wait")

    assert (ended.code, ended.out) == (6, "")
    assert "List the jobs before you send it again" in ended.err


def test_options_of_waiting_need_a_wait():
    assert FollowOptions().options() is None
    assert FollowOptions(wait=True, accept_incomplete=True).options().arguments()[-1] == "--accept-incomplete"
    with pytest.raises(ConfigError, match="belong to --wait"):
        FollowOptions(timeout=timedelta(hours=1)).options()


@pytest.mark.parametrize("word", ["new", "CREATE", "overwrite"])
def test_a_write_strategy_is_one_of_two_words(word, call, order, requests_of):
    with requests_of() as paths:
        ended = call(*order[:-1], word, "--database", "shop")

    assert (ended.code, paths) == (2, [])
    assert '"create-new", "overwrite-existing"' in ended.err
