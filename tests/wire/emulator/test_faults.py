"""Faults by name: what a client meets, for each name."""

import inspect
import math
from datetime import UTC, datetime

import attrs
import pytest

from mongorestore_async import CLOUD_MANAGER, HttpRestore, Options, RestoreError
from mongorestore_async.emulator import FAULTS, Emulator, EmulatorSettings, RequestRecord, Strikes
from mongorestore_async.errors import ConfigError
from mongorestore_async.testing import connect

JOBS = 25
VERIFIED = "VERIFIED"
#: What a walk meets: the list, then a create, a wait and a download. All other faults go unnoticed.
OUTCOMES = {
    "html_page": ("DataError", VERIFIED),
    "sign_in_redirect": ("ProtocolError", VERIFIED),
    "forbidden": ("Forbidden", "Forbidden"),
    "blocked_address": ("Forbidden", "Forbidden"),
    "revoked_key": ("AuthError", "AuthError"),
    "lost_answer": (JOBS, "MaybeCreated"),
    "no_answer": ("RequestTimeout", VERIFIED),
    "broken_json": ("DataError", VERIFIED),
    "empty_body": ("DataError", VERIFIED),
    "failed_restore": (JOBS, "RestoreFailed"),
    "cancelled_restore": (JOBS, "RestoreFailed"),
    "truncated_archive": (JOBS, "HashMismatch"),
    "corrupt_archive": (JOBS, "HashMismatch"),
    "expired_link": (JOBS, "LinkRefused"),
    "used_link": (JOBS, "LinkRefused"),
}
#: The client gives a stalled download a minute, and only tokens can be revoked: these have tests of their own.
ELSEWHERE = {"stalled_download", "expired_token"}
EACH = sorted(FAULTS.keys() - ELSEWHERE)


@attrs.define
class Walk:
    """A client's whole way through a restore."""

    emulator: Emulator
    session: object

    @property
    def cluster(self):
        place = self.emulator.world.first("replica-set")
        return self.session.project(place.project_id, CLOUD_MANAGER).cluster(place.id)

    async def list(self):
        return len(await self.cluster.restore_jobs(items_per_page=10).collect())

    async def download(self, folder):
        snapshot = await self.cluster.snapshots().latest_restorable()
        batch = await self.cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=9, expiration_hours=1))
        (file,) = await (await batch.wait(timeout=10)).download(folder)
        return str(file.verification)


async def outcome(call):
    try:
        return await call
    except RestoreError as error:
        return type(error).__name__


@pytest.fixture
async def walk():
    settings = EmulatorSettings(start=datetime.now(UTC), jobs_per_cluster=JOBS, polls_per_restore=2)
    async with Emulator(settings) as emulator, connect(emulator, options=Options.for_tests(timeout=2)) as session:
        yield Walk(emulator, session)


@pytest.mark.parametrize("name", EACH)
async def test_each_fault_is_met_as_told(name, walk, tmp_path):
    played = walk.emulator.faults.play(name)

    met = (await outcome(walk.list()), await outcome(walk.download(tmp_path)))

    assert met == OUTCOMES.get(name, (JOBS, VERIFIED))
    assert played.struck >= 1
    assert sum(record.fault == name for record in walk.emulator.requests) == played.struck
    assert walk.emulator.counts.creates_received <= 1


def signature(name):
    parameters = inspect.signature(FAULTS[name]).parameters.values()
    return f"``{name}({', '.join(f'{each.name}={each.default!r}' for each in parameters)})``"


@pytest.fixture
def page(book):
    header = ("fault and parameters", "what happens", "strikes", "times", "raised")
    return book.table("testing.rst", "faults", header, [(signature(name),) for name in FAULTS])


#: What a create meets that is struck once; all others raise MaybeCreated, and none is sent twice.
REPEATED = {"rate_limited", "expired_nonce", "revoked_key", "slow_answer", "slow_body"}
FINAL = {"forbidden": "Forbidden", "blocked_address": "Forbidden", "expired_token": "Forbidden"}


@pytest.mark.parametrize("name", [name for name in FAULTS if FAULTS[name]().strikes in {"call", "any"}])
async def test_a_create_is_taken_at_most_once(name, walk, tmp_path):
    walk.emulator.faults.play(name, times=1, strikes="create")

    met = await outcome(walk.download(tmp_path))

    assert met == (VERIFIED if name in REPEATED else FINAL.get(name, "MaybeCreated"))
    assert walk.emulator.counts.creates_taken <= 1


@pytest.mark.parametrize("name", FAULTS)
def test_the_page_tells_each_fault(name, page):
    plan = FAULTS[name]()
    line, *_ = FAULTS[name].__doc__.splitlines()
    raised = dict.fromkeys(met for met in OUTCOMES.get(name, ()) if met not in {JOBS, VERIFIED})
    times = "always" if plan.times == math.inf else "once"

    page.check((signature(name),), (line, f"``{plan.strikes}``", times, ", ".join(raised) or "nothing"))
    page.check_keys()


async def test_a_stalled_download_ends_with_the_clients_patience(walk, tmp_path):
    walk.emulator.faults.play("stalled_download", after=100)
    snapshot = await walk.cluster.snapshots().latest_restorable()
    batch = await walk.cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=9, expiration_hours=1))
    done = await batch.wait(timeout=10)

    (file,) = await done.download(tmp_path, stall_timeout=0.2)

    assert (file.requests, str(file.verification)) == (2, VERIFIED)


async def test_an_expired_token_is_renewed(tmp_path):
    async with (
        Emulator(EmulatorSettings()) as emulator,
        connect(emulator, service_account=True) as session,
    ):
        assert await session.projects(CLOUD_MANAGER).first() is not None
        emulator.faults.play("expired_token")

        assert await session.projects(CLOUD_MANAGER).first() is not None

        assert (emulator.tokens.counts.issued, emulator.tokens.counts.revoked) == (2, 1)


async def test_a_token_endpoint_can_break_alone():
    async with Emulator(EmulatorSettings()) as emulator, connect(emulator, service_account=True) as session:
        played = emulator.faults.play("gateway_503", strikes="token")

        assert await session.projects(CLOUD_MANAGER).first() is not None

        assert played.struck == 1


async def test_an_archive_that_changes_is_fetched_anew(walk, tmp_path):
    cut, changed = walk.emulator.faults.play("cut_download", after=1000), walk.emulator.faults.play("changed_archive")

    assert await walk.download(tmp_path) == VERIFIED

    assert (cut.struck, changed.struck) == (1, 1)
    assert [record.status for record in walk.emulator.downloads.records][:2] == [200, 200]


@pytest.mark.parametrize(("jobs", "left"), [(3, JOBS), (-2, JOBS)])
async def test_drift_moves_the_list_under_the_walk(jobs, left, walk):
    walk.emulator.faults.play("drift", jobs=jobs)
    place = walk.emulator.world.first("replica-set")
    before = {job.id for job in walk.emulator.world.jobs.page(place, 0, JOBS)}

    found = [job.id for job in await walk.cluster.restore_jobs(items_per_page=10).collect()]

    assert walk.emulator.world.jobs.count(place) == JOBS + jobs
    assert (len(found), len(set(found)), set(found)) == (left, left, before)


async def test_faults_take_turns_and_end(walk):
    first = walk.emulator.faults.play("gateway_502", times=2)
    with walk.emulator.faults.play("server_error", times=math.inf, strikes="list") as second:
        assert await outcome(walk.list()) == "ServerError"
        assert [record.fault for record in walk.emulator.requests[1:4]] == [
            "gateway_502",
            "gateway_502",
            "server_error",
        ]
    seen = second.struck
    assert await walk.list() == JOBS

    walk.emulator.faults.play("forbidden")
    walk.emulator.faults.clear()
    assert await walk.list() == JOBS
    assert (first.struck, second.struck, walk.emulator.faults.played) == (2, seen, ())


async def test_a_function_may_choose_the_requests(walk):
    played = walk.emulator.faults.play("forbidden", strikes=lambda record: record.query.get("pageNum") == "3")

    assert await outcome(walk.list()) == "Forbidden"

    assert (played.struck, repr(played)) == (1, "<PlayedFault forbidden: struck 1 times, inf left>")


async def test_hooks_are_asked_before_faults(walk):
    played = walk.emulator.faults.play("forbidden", times=1)
    walk.emulator.fault_after_login = lambda _: "drop"
    assert await outcome(walk.list()) == "ConnectionBroken"
    assert played.struck == 0

    walk.emulator.fault_after_login = None
    assert await outcome(walk.list()) == "Forbidden"


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("gateway_480", {}, "did you mean 'gateway_408'"),
        ("nothing", {}, "choose from .*broken_json"),
        ("drift", {"number": 1}, "'drift' has jobs; given were number"),
        ("forbidden", {"code": 1}, "has no parameters"),
        ("drift", {"times": 0}, "times of a fault is 0"),
        ("drift", {"times": 1.5}, "times of a fault is 1.5"),
        ("drift", {"times": math.nan}, "times of a fault is nan"),
        ("drift", {"strikes": "page"}, "Faults strike call, read, .* that is not 'page'"),
    ],
)
def test_what_cannot_be_played_is_refused(name, arguments, said):
    with pytest.raises(ConfigError, match=said):
        Emulator().faults.play(name, **arguments)


MANAGER, V2 = "/om/api/public/v1.0/groups/a", "/api/atlas/v2/groups/a"
LISTS = [f"{MANAGER}/clusters/b/restoreJobs?pageNum=1", f"{V2}/clusters/b/backup/tenant/restores"]
PAGES = [
    f"{MANAGER}/hosts/b/restoreJobs?itemsPerPage=5&pageNum=10",
    f"{V2}/flexClusters/b/backup/restoreJobs?pageNum=2",
]
SINGLE = [f"{V2}/clusters/b/collectionRestoreJobs/c", f"{MANAGER}/clusters/b/restoreJobs/c?pretty=true"]
CREATES = [f"{V2}/clusters/b/backup/tenant/restore", f"{V2}/flexClusters/b/backup/download", LISTS[0]]
DOWNLOADS = ["/om/backup/restore/v2/pull/c/...", "/downloads/snapshots/c/..."]
OTHERS = [f"{V2}/clusters/b/backup/snapshots"]


@pytest.mark.parametrize(
    ("word", "method", "struck"),
    [
        ("call", "GET", [*LISTS, *PAGES, *SINGLE, *OTHERS]),
        ("read", "GET", [*LISTS, *PAGES, *SINGLE, *OTHERS]),
        ("read", "POST", []),
        ("create", "POST", CREATES),
        ("create", "GET", []),
        ("list", "GET", [*LISTS, *PAGES]),
        ("later-page", "GET", PAGES),
        ("job", "GET", SINGLE),
        ("download", "GET", DOWNLOADS),
        ("token", "POST", ["/om/api/oauth/token"]),
        ("any", "GET", [*LISTS, *PAGES, *SINGLE, *OTHERS, *DOWNLOADS]),
    ],
)
def test_words_for_requests_strike_these_and_no_others(word, method, struck):
    record = RequestRecord(number=1, method=method, path="", family=None, headers={})
    gets = {*LISTS, *PAGES, *SINGLE, *OTHERS, *DOWNLOADS}
    paths = gets if method == "GET" else {*CREATES, *OTHERS, "/om/api/oauth/token", "/api/oauth/revoke"}

    found = [path for path in paths if Strikes(word).match(attrs.evolve(record, path=path))]

    assert sorted(found) == sorted(struck)
