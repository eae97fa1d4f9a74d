"""Downloads from the emulator: links of each family, keys, states, counts, hashes, other origins."""

import asyncio
import base64
import contextlib
import hashlib
from urllib.parse import unquote

import aiohttp
import pytest
from yarl import URL

from mongorestore_async.emulator import DownloadHost, DownloadPlay, Emulator, EmulatorSettings, Side
from mongorestore_async.emulator.document_parts import presigned_target
from mongorestore_async.emulator.world import Order

HTTP_KINDS = ("replica-set", "sharded", "cloud-backup", "cloud-backup-sharded", "tenant", "legacy")


class Puller:
    """Creates downloads in an emulator and fetches them."""

    def __init__(self, emulator, client):
        self.emulator = emulator
        self.client = client

    def job(self, kind="replica-set", **order):
        cluster = self.emulator.world.first(kind)
        order = {"max_downloads": 3, "expiration_hours": 2, **order}
        wanted = Order(snapshot_id=self.emulator.world.jobs.snapshot_id(cluster), **order)
        return self.emulator.world.jobs.create(cluster, wanted)[0]

    async def document(self, job):
        cluster = job.cluster
        tails = {"tenant": "backup/tenant/restores", "legacy": "restoreJobs", "replica-set": "restoreJobs"}
        tail = tails.get(cluster.kind, "backup/restoreJobs" if cluster.project.side is Side.ATLAS else "restoreJobs")
        api, name = ("public", cluster.id) if cluster.project.side is Side.MANAGER else ("atlas", cluster.name)
        path = f"/api/{api}/v1.0/groups/{cluster.project_id}/clusters/{name}/{tail}/{job.id}"
        async with self.client.get(self.emulator.url + path) as response:
            assert response.status == 200
            return await response.json()

    async def links(self, job):
        """URL by shard (None: no shard)."""
        document = await self.document(job)
        if "components" in document:
            return {part["replicaSetName"]: part["downloadUrl"] for part in document["components"]}
        delivery = document.get("delivery", {})
        return {None: delivery.get("url") or document.get("deliveryUrl") or document.get("snapshotUrl")}

    async def link(self, job):
        return (await self.links(job))[None]

    async def get(self, url, method="GET", **how):
        async with self.client.request(method, URL(url, encoded=True), **how) as response:
            return response.status, await response.read()

    async def status(self, url, method="GET", **how):
        return (await self.get(url, method, **how))[0]


@contextlib.asynccontextmanager
async def pulling(**settings):
    usual = {
        "speed": 0,
        "auth_enabled": False,
        "restore_seconds": 60,
        "clusters_per_project": 7,
        "gzip": False,
        "archive_bytes": 50_000,
    }
    async with (
        Emulator(EmulatorSettings(**{**usual, **settings})) as emulator,
        aiohttp.ClientSession(auto_decompress=False) as client,
    ):
        yield Puller(emulator, client)


def sha1(data):
    return hashlib.sha1(data).hexdigest()  # noqa: S324 - the vendor's choice


# ---- links


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_the_links_of_each_family_lead_to_its_archives(kind):
    async with pulling() as puller:
        job = puller.job(kind)
        puller.emulator.clock.advance(60)
        found = {member: await puller.get(url) for member, url in (await puller.links(job)).items()}
        names = [None] if kind != "cloud-backup-sharded" else ["shard-0", "shard-1", "config"]
        expected = [puller.emulator.archives.of(job, name) for name in names]

    assert [(200, archive.sha1()) for archive in expected] == [(status, sha1(data)) for status, data in found.values()]


async def test_downloads_need_no_login_and_tell_what_came_with_them():
    async with pulling(auth_enabled=True) as puller:
        job = puller.job("tenant")
        puller.emulator.clock.advance(60)
        url = puller.emulator.url + presigned_target(job, puller.emulator.downloads)
        assert await puller.status(url) == 200
        token = puller.emulator.tokens
        for header in ({"Authorization": 'Digest username="x"'}, {"Authorization": "Bearer x"}, {"Cookie": "a=b"}):
            assert await puller.status(url, headers=header) == 200
        records = puller.emulator.downloads.records

    assert token.counts.calls == 0
    assert [record.credentials for record in records] == [set(), {"digest"}, {"other"}, {"cookie"}]
    assert [(record.status, record.sent, record.job_id) for record in records] == [(200, 50_000, job.id)] * 4
    assert "cookie" in records[3].headers
    assert "x" not in repr(records[1].credentials)


async def test_a_job_that_is_not_known_has_no_download():
    async with pulling() as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        for wrong in ("0" * 24, "no-id", job.id[:-1] + "x"):
            assert await puller.status(url.replace(job.id, wrong, 1)) == 404


async def test_the_key_in_the_path_must_come_back_byte_for_byte():
    async with pulling() as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        key = url.split("/")[-2]
        assert base64.b64decode(key)
        assert key.endswith("=")
        for wrong in (url.replace("=", "%3D"), url.replace(key, key[::-1]), url + "/", url + "?x=1"):
            assert await puller.status(wrong) == 403
        assert await puller.status(url) == 200


async def test_a_presigned_query_must_come_back_byte_for_byte():
    async with pulling() as puller:
        job = puller.job("tenant")
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        wrongs = [url.replace("%2F", "/"), url.replace("+", "%20"), url.replace("%3B", ";"), url.replace("~", "%7E")]
        for wrong in (*wrongs, unquote(url), url.partition("?")[0], url + "&x=1"):
            assert wrong != url
            assert await puller.status(wrong) == 403
        assert await puller.status(url) == 200


async def test_the_newer_link_wants_its_token_in_the_header_it_names():
    async with pulling(manager="ops-manager", downloads=DownloadPlay(auth_header="X-Pull")) as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        delivery = (await puller.document(job))["delivery"]
        right = {delivery["authHeader"]: f"{delivery['authBearer']} {delivery['authValue']}"}
        assert await puller.status(delivery["urlV2"], headers=right) == 200
        for wrong in ({}, {"X-Pull": "Bearer x"}, {"Authorization": right["X-Pull"]}):
            assert await puller.status(delivery["urlV2"], headers=wrong) == 403
        assert puller.emulator.downloads.offer(job).downloads == 1
        assert puller.emulator.downloads.records[0].credentials == {"download-token"}


# ---- states


@pytest.mark.parametrize(("kind", "life"), [("replica-set", 7200), ("cloud-backup", 3600), ("tenant", 4 * 3600 - 60)])
@pytest.mark.parametrize("gone", [410, 403])
async def test_a_link_is_good_from_ready_until_it_expires(kind, life, gone):
    async with pulling(downloads=DownloadPlay(gone_status=gone)) as puller:
        job = puller.job(kind)
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        early = puller.job(kind)
        assert await puller.status(url.replace(job.id, early.id)) in {403, 404}
        puller.emulator.clock.advance(life - 1)
        assert await puller.status(url) == 200
        puller.emulator.clock.advance(1)
        assert await puller.status(url) == gone


async def test_nothing_is_handed_out_before_the_job_is_done():
    async with pulling() as puller:
        other, job = puller.job(), puller.job()
        puller.emulator.clock.advance(59)
        assert await puller.link(job) is None
        puller.emulator.clock.advance(1)
        url = await puller.link(job)
        again = Emulator(puller.emulator.settings)
        async with again:
            later = Puller(again, puller.client)
            assert (later.job().id, later.job().id) == (other.id, job.id)
            again.clock.advance(59)
            assert await puller.status(url.replace(puller.emulator.url, again.url)) == 404


async def test_each_served_request_counts_until_the_link_is_used_up():
    async with pulling() as puller:
        job = puller.job(max_downloads=4)
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        assert await puller.status(url, "HEAD") == 200
        assert await puller.status(url, headers={"Range": "bytes=0-9"}) == 206
        assert await puller.status(url, headers={"Range": "bytes=99999999-"}) == 416
        assert await puller.status(url) == 200
        assert (await puller.document(job))["delivery"]["statusName"] == "READY"
        assert await puller.status(url) == 200
        assert (await puller.document(job))["delivery"]["statusName"] == "MAX_DOWNLOADS_EXCEEDED"
        assert await puller.status(url) == 403
        assert puller.emulator.downloads.offer(job).downloads == 4
        puller.emulator.clock.advance(7200)
        assert (await puller.document(job))["delivery"]["statusName"] == "EXPIRED"


async def test_a_head_may_be_free():
    async with pulling(downloads=DownloadPlay(count_heads=False)) as puller:
        job = puller.job(max_downloads=1)
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        async with puller.client.head(URL(url, encoded=True)) as response:
            assert (response.status, response.content_length) == (200, 50_000)
        assert await puller.status(url) == 200
        assert await puller.status(url) == 403


@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
async def test_a_cloud_backup_link_may_be_null_after_use(kind):
    async with pulling(downloads=DownloadPlay(once=True)) as puller:
        job = puller.job(kind)
        puller.emulator.clock.advance(60)
        (first, url), *others = (await puller.links(job)).items()
        assert await puller.status(url, headers={"Range": "bytes=0-9"}) == 206
        assert (await puller.links(job))[first] == url
        assert await puller.status(url) == 200
        left = await puller.links(job)

    assert left == {first: None, **dict(others)}


# ---- hashes


async def test_the_true_hash_appears_once_every_byte_was_sent():
    async with pulling(downloads=DownloadPlay(hash_delay=30)) as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        _, tail = await puller.get(url, headers={"Range": "bytes=20000-"})
        assert "hashes" not in await puller.document(job)
        _, head = await puller.get(url, headers={"Range": "bytes=0-20099"})
        assert "hashes" not in await puller.document(job)
        puller.emulator.clock.advance(30)
        (told,) = (await puller.document(job))["hashes"]

    assert told == {"typeName": "SHA1", "fileName": url.rpartition("/")[2], "hash": sha1(head[:20000] + tail)}


@pytest.mark.parametrize("play", [{"hashes": False}, {"wrong_hash": True}, {"wrong_byte_at": 33_333}, {"missing": 10}])
async def test_hashes_can_be_missing_or_not_fit(play):
    async with pulling(downloads=DownloadPlay(**play)) as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        _, data = await puller.get(await puller.link(job))
        told = (await puller.document(job)).get("hashes")

    assert told is None if play == {"hashes": False} else told[0]["hash"] != sha1(data)
    assert len(data) == 50_000 - play.get("missing", 0)


async def test_an_archive_that_was_made_anew_has_to_be_sent_anew():
    async with pulling() as puller:
        job = puller.job()
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        await puller.get(url)
        puller.emulator.archives.regenerate(job)
        await puller.get(url, headers={"Range": "bytes=0-9"})
        assert "hashes" not in await puller.document(job)
        _, data = await puller.get(url)
        assert (await puller.document(job))["hashes"][0]["hash"] == sha1(data)


# ---- other origins


async def test_another_host_hands_out_the_archives_and_serves_no_api():
    async with pulling(base_path="/om") as puller, DownloadHost(puller.emulator) as host:
        job = puller.job()
        puller.emulator.clock.advance(60)
        url = await puller.link(job)
        assert url.startswith(f"{host.origin}/om/backup/restore/v2/pull/")
        assert await puller.status(url) == 200
        assert await puller.status(host.origin + "/om/api/public/v1.0/groups") == 404
        assert puller.emulator.downloads.records[0].host == host.origin.removeprefix("http://")
        await host.close()
        assert (await puller.link(job)).startswith(puller.emulator.url)


async def test_closing_the_other_host_leaves_the_emulator_at_work():
    async with pulling() as puller:
        async with DownloadHost(puller.emulator):
            puller.emulator.gate.close()
            call = asyncio.create_task(puller.status(puller.emulator.url + "/api/public/v1.0/groups"))
            while not puller.emulator.requests:  # noqa: ASYNC110 - the emulator has no event for it
                await asyncio.sleep(0.001)
        puller.emulator.gate.open()
        assert await call == 200


async def test_redirects_lead_through_other_origins_to_the_bytes():
    async with pulling(manager="ops-manager") as puller, DownloadHost(puller.emulator, linked=False) as host:
        puller.emulator.downloads.play = DownloadPlay(redirects=("", host.origin))
        job = puller.job(max_downloads=1)
        puller.emulator.clock.advance(60)
        delivery = (await puller.document(job))["delivery"]
        header = {"Authorization": f"Bearer {delivery['authValue']}"}
        status, data = await puller.get(delivery["urlV2"], headers=header)
        records = puller.emulator.downloads.records
        assert f"http://{records[2].host}" == host.origin

    assert (status, sha1(data)) == (200, puller.emulator.archives.of(job).sha1())
    assert [(record.hop, record.status) for record in records] == [(0, 302), (1, 302), (2, 200)]
    assert records[0].host == records[1].host != records[2].host
    # aiohttp drops the header on the way to another origin.
    assert [record.credentials for record in records] == [{"download-token"}, {"download-token"}, set()]
