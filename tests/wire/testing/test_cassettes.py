"""Cassettes of vcrpy: they replay without a server, with any key, and hold no secret."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
import vcr

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    CLOUD_MANAGER,
    AsyncSession,
    DigestAuth,
    HttpRestore,
    Options,
    ServiceAccount,
)
from mongorestore_async.emulator import DownloadPlay, EmulatorSettings, ThreadedEmulator
from mongorestore_async.testing import cassette_settings

FAMILIES = {"replica-set": CLOUD_MANAGER, "cloud-backup": ATLAS_CLOUD_BACKUP, "flex": ATLAS_FLEX}
DIGEST, TOKEN = DigestAuth("other", "key"), ServiceAccount("other", "secret")


async def walk(url, auth, place, folder):
    """List, create, wait and download."""
    family = FAMILIES[place.kind]
    async with AsyncSession(auth, base_url=url, options=Options.for_tests(retry=lambda _: None)) as session:
        cluster = session.project(place.project_id, family).cluster(place.id if family is CLOUD_MANAGER else place.name)
        jobs = [job.id async for job in cluster.restore_jobs(items_per_page=10)]
        snapshot = await cluster.snapshots().latest_restorable()
        request = HttpRestore.on_server_terms(snapshot.id)
        if family is CLOUD_MANAGER:
            request = HttpRestore(snapshot.id, max_downloads=9, expiration_hours=1)
        batch = await (await cluster.create_restore_job(request)).wait(timeout=10)
        (file,) = await batch.download(folder)
        return jobs, file.sha1, file.verification, file.path.name


@pytest.fixture
def recorder():
    return vcr.VCR(**cassette_settings())


@pytest.mark.filterwarnings("ignore:a service account's secret")
@pytest.mark.parametrize("any_key", [DIGEST, TOKEN], ids=["digest", "token"])
@pytest.mark.parametrize("kind", FAMILIES)
def test_a_walk_replays_without_its_secrets(kind, any_key, tmp_path, recorder):
    play = DownloadPlay(redirects=("",)) if kind == "flex" else DownloadPlay()
    settings = EmulatorSettings(
        start=datetime.now(UTC), polls_per_restore=2, archive_bytes=10_000, nextnonce=True, downloads=play
    )
    path = tmp_path / "cassette.yaml"
    with ThreadedEmulator(settings) as emulator:
        place, url = emulator.world.first(kind), emulator.url
        key = DigestAuth(emulator.public_key, emulator.private_key)
        if any_key is TOKEN:
            key = ServiceAccount(emulator.client_id, emulator.client_secret)
        with recorder.use_cassette(path, record_mode="all"):
            recorded = asyncio.run(walk(url, key, place, tmp_path / "recorded"))
    text = path.read_text(encoding="utf-8")
    nonces = [record.nonce for record in emulator.requests if record.nonce]
    assert bool(nonces) == (any_key is DIGEST)
    secrets = [emulator.private_key, emulator.client_secret, *emulator.tokens.tokens, *nonces]
    assert [
        secret for secret in (*secrets, "uthorization:", "/pull/", "/downloads/", "Signature=") if secret in text
    ] == []

    with recorder.use_cassette(path, record_mode="none") as cassette:
        replayed = asyncio.run(walk(url, any_key, place, tmp_path / "replayed"))

    assert replayed == recorded
    assert cassette.all_played


def test_creates_are_told_apart_by_their_bodies(tmp_path, recorder):
    async def create(url, auth, place, hours):
        async with AsyncSession(auth, base_url=url, options=Options.for_tests()) as session:
            cluster = session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)
            batches = [
                await cluster.create_restore_job(HttpRestore("5" * 24, max_downloads=1, expiration_hours=each))
                for each in hours
            ]
            return [batch[0].id for batch in batches]

    path = tmp_path / "creates.yaml"
    with ThreadedEmulator(EmulatorSettings(auth_enabled=False)) as emulator:
        place, url = emulator.world.first("replica-set"), emulator.url
        with recorder.use_cassette(path, record_mode="all"):
            first, second = asyncio.run(create(url, DIGEST, place, (1, 2)))

    with recorder.use_cassette(path, record_mode="none"):
        assert asyncio.run(create(url, DIGEST, place, (2, 1))) == [second, first]


def test_what_is_named_or_looks_like_a_secret_is_replaced():
    hide = cassette_settings()["before_record_response"]
    link = "https://s3.example.com/a/archive.tar.gz?X-Amz-Signature=abc"
    document = {
        "links": [{"href": "https://cloud.example.com/api/atlas/v2/groups", "rel": "self"}],
        "deliveryUrl": [link],
        "other": {"place": link, "authValue": "key", "note": "plain"},
        "access_token": "eyJ",
    }
    headers = {
        "Content-Type": ["application/json"],
        "Content-Length": ["9"],
        "Content-Encoding": ["gzip"],
        "Set-Cookie": ["a=b"],
        "Location": [link],
        "WWW-Authenticate": ['Digest realm="r", nonce="n1", opaque="o1", qop="auth"'],
    }

    hidden = hide({"status": {"code": 200}, "headers": headers, "body": {"string": json.dumps(document).encode()}})

    found = json.loads(hidden["body"]["string"])
    (delivery,) = found["deliveryUrl"]
    assert delivery.startswith("https://downloads.example.com/")
    assert delivery.endswith("/archive.tar.gz")
    assert found["other"] == {"place": delivery, "authValue": "hidden", "note": "plain"}
    assert (found["access_token"], found["links"]) == ("hidden", document["links"])
    assert hidden["headers"] == {
        "Content-Type": ["application/json"],
        "Content-Length": [str(len(hidden["body"]["string"]))],
        "Location": [delivery],
        "WWW-Authenticate": ['Digest realm="r", nonce="hidden", opaque="hidden", qop="auth"'],
    }
    assert hide(hidden) == hidden  # what was hidden once stays as it is


@pytest.mark.parametrize(
    "document",
    [
        {"errorMessage": "no answer from https://om.example.com/backup/restore/v2/pull/k3y/a.tar.gz: try again"},
        {"place": "HTTPS://om.example.com/k3y"},
        {"place": "//om.example.com/backup/restore/v2/pull/k3y"},
        {"urls": {"first": "k3y"}},
        {"tokens": [{"value": "k3y"}]},
        {"links": [{"href": "https://s3.example.com/a.tar.gz?X-Amz-Signature=k3y", "rel": "archive"}]},
    ],
)
def test_a_secret_is_found_wherever_it_stands(document):
    hide = cassette_settings()["before_record_response"]

    hidden = hide(
        {"headers": {"content-type": ["application/json"]}, "body": {"string": json.dumps(document).encode()}}
    )

    assert b"k3y" not in hidden["body"]["string"]
    assert hide(hidden) == hidden


@pytest.mark.parametrize("body", [b'{"deliveryUrl": "https://x.example.com/key"', b"\xff"])
def test_json_that_is_none_is_redacted_as_text(body):
    hide = cassette_settings()["before_record_response"]

    hidden = hide({"headers": {"content-type": ["application/json"]}, "body": {"string": body}})

    assert b"key" not in hidden["body"]["string"]


def test_settings_can_be_changed():
    assert cassette_settings(match_on=["path"], record_mode="none")["match_on"] == ["path"]
