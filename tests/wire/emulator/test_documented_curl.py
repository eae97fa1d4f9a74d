"""The nine calls the documents show on the command line, run with real curl (``restore-jobs`` section 13)."""

import asyncio
import contextlib
import json
import shutil
from datetime import UTC, datetime

import pytest

from mongorestore_async.emulator import ChallengeForm, Emulator, EmulatorSettings, Oddity, QopForm

CURL = shutil.which("curl")
# The documented bodies name a moment in September 2018.
START = datetime(2018, 9, 10, 21, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not installed")


async def curl(emulator, path, *arguments):
    """Run curl as the documents do; give its output."""
    process = await asyncio.create_subprocess_exec(
        CURL,
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--user",
        f"{emulator.public_key}:{emulator.private_key}",
        "--digest",
        "--header",
        "Accept: application/json",
        *arguments,
        emulator.url + path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    return output.decode()


def answers(output):
    """Status, headers and body of each answer that ``--include`` shows; the last one has the body."""
    found = []
    rest = output
    while rest.startswith("HTTP/"):
        head, _, rest = rest.partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        found.append((int(status.split()[1]), dict(line.split(": ", 1) for line in lines)))
        # curl shows the heads of both answers, and the body of the last one only.
    return found, json.loads(rest)


def jobs_path(cluster):
    return f"/api/public/v1.0/groups/{cluster.project_id}/clusters/{cluster.id}/restoreJobs?pretty=true"


@contextlib.asynccontextmanager
async def serving(**settings):
    settings = {"start": START, "speed": 0, "jobs_per_cluster": 60, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator:
        yield emulator


@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
async def test_list_of_ops_manager_and_cloud_manager(seed, manager):
    async with serving(manager=manager, url_v2=False) as emulator:
        output = await curl(emulator, jobs_path(emulator.world.first("sharded")), "--include", "--request", "GET")
    heads, document = answers(output)
    example = seed(f"{manager.replace('-', '_')}_list")

    assert [status for status, _ in heads] == [401, 200]
    assert set(heads[0][1]) == set(seed("headers_401")["headers"])
    assert set(heads[1][1]) == set(seed("headers_200_ops_cloud_manager")["headers"])
    assert set(document) == set(example)
    assert document["totalCount"] == 60
    downloads = [job for job in document["results"] if "url" in job["delivery"] and not job["encryptionEnabled"]]
    assert {frozenset(job) - {"hashes"} for job in downloads} == {frozenset(example["results"][0])}
    assert '\n  "results": [\n' in output


async def test_list_of_atlas_cloud_backup(seed):
    async with serving(oddities=[Oddity.AUTOMATED_EXPIRY]) as emulator:
        cluster = emulator.world.first("cloud-backup")
        path = f"/api/atlas/v1.0/groups/{cluster.project_id}/clusters/{cluster.name}/backup/restoreJobs"
        more = ("--header", "Content-Type: application/json", "--include", "--request", "GET")
        heads, document = answers(await curl(emulator, path, *more))
    example = seed("atlas_cloud_backup_list")

    assert set(heads[1][1]) == set(seed("headers_200_atlas")["headers"])
    assert set(document) == set(example)
    automated = next(job for job in document["results"] if job["deliveryType"] == "automated")
    assert set(example["results"][0]) <= set(automated)


async def test_list_of_atlas_tenant(seed):
    async with serving() as emulator:
        cluster = emulator.world.first("tenant")
        path = f"/api/atlas/v1.0/groups/{cluster.project_id}/clusters/{cluster.name}/backup/tenant/restores"
        heads, document = answers(await curl(emulator, path, "--include", "--request", "GET"))
    example = seed("atlas_tenant_list")

    assert [status for status, _ in heads] == [401, 200]
    assert set(document) == set(example)
    finished = [job for job in document["results"] if "snapshotUrl" in job]
    assert {frozenset(job) for job in finished} == {frozenset(example["results"][0])}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("snapshot_http", "sharded"),
        ("automated_snapshot", "sharded"),
        ("automated_oplog", "sharded"),
        ("automated_pit", "sharded"),
        ("automated_checkpoint", "sharded-fcv-4.0"),
    ],
)
async def test_creates(seed, name, kind):
    request, example = seed(f"cloud_manager_create_{name}_request"), seed(f"cloud_manager_create_{name}")
    async with serving() as emulator:
        cluster = emulator.world.first(kind)
        body = json.dumps(request)
        for placeholder, value in {
            "{TARGET-PROJECT-ID}": cluster.project_id,
            "{TARGET-CLUSTER-ID}": cluster.id,
            "{SNAPSHOT-ID}": emulator.world.jobs.snapshot_id(cluster),
            "{CHECKPOINT-ID}": emulator.world.checkpoints.id(cluster),
        }.items():
            body = body.replace(placeholder, value)
        assert "{TARGET" not in body
        more = ("--header", "Content-Type: application/json", "--include", "--request", "POST", "--data", body)
        heads, document = answers(await curl(emulator, jobs_path(cluster), *more))
        counts = emulator.counts

    assert [status for status, _ in heads] == [401, 200]
    assert (counts.creates_received, counts.creates_taken) == (1, 1)
    assert set(document) == set(example)
    assert (document["totalCount"], len({job["batchId"] for job in document["results"]})) == (3, 1)
    wanted = set(example["results"][0])
    if name == "automated_snapshot":
        # The printed answer is that of a download (D14).
        wanted -= {"pointInTime"}
    for job in document["results"]:
        assert set(job) - {"masterKeyUUID"} == wanted
        assert job["statusName"] == "IN_PROGRESS"
        if "_http" in name:
            assert set(job["delivery"]) == set(example["results"][0]["delivery"])


async def test_one_call_is_printed_without_the_heads():
    async with serving() as emulator:
        document = json.loads(await curl(emulator, jobs_path(emulator.world.first("replica-set"))))

    assert document["totalCount"] == 60


@pytest.mark.parametrize(
    ("algorithm", "form"),
    [
        ("MD5", QopForm.NONE),
        ("MD5", QopForm.OP_AS_RFC2069),
        ("MD5-sess", QopForm.QOP),
        ("SHA-256", QopForm.QOP),
        ("SHA-256", QopForm.NONE),
    ],
)
async def test_curl_gets_in_with_other_challenges(algorithm, form):
    async with serving(challenges=[ChallengeForm(algorithm, form)]) as emulator:
        path = "/api/public/v1.0/groups?x=%2F+y"
        assert json.loads(await curl(emulator, path))["totalCount"] == 2
        assert emulator.counts.refusals == 0
