"""Every example of docs/testing.rst, as the project that it is."""

from datetime import UTC, datetime

import pytest

from builders.foreign_project import OURS, ForeignProject
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

PLUGINS = ("asyncio", "anyio", "recording", OURS)


@pytest.fixture
def guide(tmp_path):
    return ForeignProject.of_page(tmp_path, "testing.rst")


def test_its_examples_pass(guide):
    done = guide.run("--ignore=recorded", plugins=PLUGINS)

    assert (done.code, done.summary) == (0, "20 passed"), done.output


def test_its_cassette_replays_and_holds_no_secret(guide):
    settings = EmulatorSettings(start=datetime.now(UTC), polls_per_restore=4, archive_bytes=10_000)
    with ThreadedEmulator(settings) as emulator:
        url = emulator.url
        keys = {"RECORD_PUBLIC_KEY": emulator.public_key, "RECORD_PRIVATE_KEY": emulator.private_key}
        recorded = guide.run("recorded", "--record-mode=once", plugins=PLUGINS, RECORD_URL=url, **keys)
    assert (recorded.code, recorded.summary) == (0, "1 passed"), recorded.output
    (cassette,) = guide.folder.glob("recorded/cassettes/*/*.yaml")
    text = cassette.read_text(encoding="utf-8")
    nonces = [one.nonce for one in emulator.requests if one.nonce is not None]
    assert emulator.downloads.records
    assert nonces
    assert [secret for secret in (emulator.private_key, *nonces, "uthorization:", "/pull/") if secret in text] == []

    replayed = guide.run("recorded", plugins=PLUGINS, RECORD_URL=url)

    assert (replayed.code, replayed.summary) == (0, "1 passed"), replayed.output
