"""No secret is seen: every public path is run, and everything that can be looked at is searched."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import pickle
import re
import tempfile
import traceback
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import attrs
import pytest
from aiohttp import web

from builders.restores import REQUEST
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AccessToken,
    AsyncSession,
    AuthError,
    BadRequest,
    ConfigError,
    ConnectionBroken,
    DataError,
    DigestAuth,
    Forbidden,
    HttpRestore,
    MaybeCreated,
    NotFound,
    NotUnique,
    Options,
    PaginationError,
    ProtocolError,
    RateLimited,
    RequestTimeout,
    RestoreError,
    ServerError,
    ServiceAccount,
    SessionClosed,
    WrongLoop,
)
from mongorestore_async.settings.variables import (
    CLIENT_ID_NAMES,
    CLIENT_SECRET_NAMES,
    PRIVATE_KEY_NAMES,
    PUBLIC_KEY_NAMES,
)

PROXY_PASSWORD = "Pr0xyPassw0rdOfNobody"
AGENT_KEY = "a6e17k3y0fn0b0dy5ag3nt"
GATEWAY_KEY = "g47ewayk3y0fn0b0dy"


class Tap:
    """Passes bytes on to a server and remembers what the client sent: also a stranger, who passes nothing on."""

    def __init__(self, port: int | None) -> None:
        self.received = b""
        self.connections = 0
        self.url = ""
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def responses(self) -> set[str]:
        """Every digest response seen on the wire."""
        return set(re.findall(r'response="(\w+)"', self.received.decode()))

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._pass_on(reader, writer))
        self._tasks.add(task)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._port is None:
            self.received += await reader.read(65536)
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)

        async def back() -> None:
            while data := await far_reader.read(65536):
                writer.write(data)
            writer.close()

        answers = asyncio.ensure_future(back())
        try:
            while data := await reader.read(65536):
                self.received += data
                far_writer.write(data)
        finally:
            far_writer.close()
            writer.close()
            answers.cancel()


@asynccontextmanager
async def tap(port: int | None):
    tapped = Tap(port)
    server = await asyncio.start_server(tapped.accept, "127.0.0.1", 0)
    tapped.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield tapped
    finally:
        server.close()
        await tapped.end()


async def caught(awaitable) -> BaseException:
    """Run what fails; the traceback begins here, so no frame of a test with its own copies of secrets is in it."""
    try:
        result = await awaitable
    except BaseException as error:  # noqa: BLE001
        return error
    pytest.fail(f"nothing was raised, but {type(result).__name__} returned")


def digest_key(emulator, realm: str) -> str:
    """HA1 of RFC 7616 section 3.4.2: whoever has it can log in."""
    text = f"{emulator.public_key}:{realm}:{emulator.private_key}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def know(hunt, emulator, wire: Tap, jobs) -> None:
    """Name the secrets of a run."""
    hunt.secrets["private key"] = emulator.private_key
    hunt.secrets["HA1"] = digest_key(emulator, "MMS Public API")
    hunt.secrets |= {f"digest response {number}": text for number, text in enumerate(wire.responses)}
    for number, job in enumerate(jobs):
        for member in ("url", "urlV2", "authValue"):
            secret = job.raw["delivery"].get(member)
            if secret is not None:
                hunt.secrets[f"{member} of job {number}"] = str(secret).partition("/pull/")[2] or str(secret)
    assert wire.responses
    assert any(name.startswith("url") for name in hunt.secrets)
    assert any(name.startswith("authValue") for name in hunt.secrets)


@asynccontextmanager
async def playground(emulate, hunt, **arguments):
    """An emulator behind a tap, and a session that tells its calls to the hunt."""
    hook = lambda record: hunt.thing("exchange record", record)  # noqa: E731
    options = arguments.pop("options", Options(retry=NO_RETRY, timeout=10))
    asyncio.get_running_loop().slow_callback_duration = 0  # asyncio's debug log shows every callback
    async with (
        emulate(jobs_per_cluster=12, **arguments.pop("settings", {})) as emulator,
        tap(int(emulator.url.rpartition(":")[2])) as wire,
        AsyncSession(
            DigestAuth(emulator.public_key, arguments.pop("private_key", emulator.private_key)),
            base_url=wire.url,
            options=attrs.evolve(options, on_exchange=hook),
            **arguments,
        ) as session,
    ):
        found = emulator.world.first("replica-set")
        yield emulator, wire, session, session.project(found.project_id, OPS_MANAGER).cluster(found.id)


async def ready_jobs(cluster):
    jobs = await cluster.restore_jobs().collect()
    assert any("url" in job.raw["delivery"] for job in jobs)
    return jobs


async def test_nothing_public_shows_a_secret(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)
        page = await cluster.restore_jobs(items_per_page=5)
        batch = await cluster.create_restore_job(REQUEST)
        reply = await session.request(
            "GET", f"/groups/{cluster.project}/clusters/{cluster.cluster}/restoreJobs", family=OPS_MANAGER
        )
        view = session.with_options(timeout=5)
        key = DigestAuth(emulator.public_key, emulator.private_key)
        environment = {
            "MCLI_PUBLIC_API_KEY": key.public_key,
            "MCLI_PRIVATE_API_KEY": str(key.private_key),
            "MCLI_OPS_MANAGER_URL": wire.url,
        }
        from_environment = AsyncSession.from_env(environment)
        proxied = AsyncSession(key, base_url=wire.url, proxy=f"http://user:{PROXY_PASSWORD}@127.0.0.1:1")
        unlocked = AsyncSession(None, base_url=wire.url, proxy=f"http://user:{PROXY_PASSWORD}@127.0.0.1:1")
        things = {
            "session": session,
            "view": view,
            "session from the environment": from_environment,
            "session with a proxy": proxied,
            "cluster of a session with a proxy": proxied.project("p", OPS_MANAGER).cluster("c"),
            "cluster of a session without a key": unlocked.project("p", OPS_MANAGER).cluster("c"),
            "list of a session without a key": unlocked.project("p", OPS_MANAGER).clusters(),
            "options": session.options,
            "auth": key,
            "project": session.project(cluster.project, OPS_MANAGER),
            "cluster": cluster,
            "pager": cluster.restore_jobs(),
            "page": page,
            "batch": batch,
            "reply": reply,
            "headers": reply.headers,
            "context": reply.request,
            "stats": session.stats,
            "project summary": (await session.projects(OPS_MANAGER))[0],
            "cluster summary": (await session.project(cluster.project, OPS_MANAGER).clusters())[0],
            "raw list": jobs[0].raw["links"],
        }
        things |= {f"job {number}": job for number, job in enumerate(jobs)}
        things |= {f"delivery {number}": job.delivery for number, job in enumerate(jobs)}
        things |= {f"raw of job {number}": job.raw for number, job in enumerate(jobs)}
        for name, thing in things.items():
            hunt.thing(name, thing)
        hunt.thing("everything", list(things.values()))
        know(hunt, emulator, wire, jobs)
        hunt.secrets["proxy password"] = PROXY_PASSWORD


async def test_agent_api_keys_show_nowhere(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)

        async def with_key(record):
            if record.path.partition("?")[0].endswith("/groups"):
                return web.json_response({"results": [{"id": "1", "name": "a", "agentApiKey": AGENT_KEY}]})
            return None

        emulator.before_answer = with_key
        project = (await session.projects(OPS_MANAGER))[0]
        assert project.raw["agentApiKey"] == AGENT_KEY
        hunt.thing("project summary", project)
        hunt.thing("reply", await session.request("GET", "/groups", family=OPS_MANAGER))
        know(hunt, emulator, wire, jobs)
        hunt.secrets["agent API key"] = AGENT_KEY


async def test_headers_of_users_show_nowhere(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)
        headers = {"X-Gateway-Key": GATEWAY_KEY}
        pager = session.pages("/groups", family=OPS_MANAGER, headers=headers)
        hunt.thing("pager", pager)
        hunt.thing("page", await pager)
        hunt.thing("reply", await session.request("GET", "/groups", family=OPS_MANAGER, headers=headers))
        assert wire.received.count(f"X-Gateway-Key: {GATEWAY_KEY}\r\n".encode()) >= 2
        calls = {
            "refused": lambda: session.request("GET", "/groups", headers=headers | {"Host": "x"}),
            "no text": lambda: session.request("GET", "/groups", headers=headers | {"X-A": GATEWAY_KEY.encode()}),
            "no family": lambda: session.request("GET", "/groups", family="none", headers=headers),
            "bad path": lambda: session.request("GET", "/a/../b", family=OPS_MANAGER, headers=headers),
            "not found": lambda: session.request("GET", "/nothing", family=OPS_MANAGER, headers=headers),
            "not found by a walk": lambda: session.pages("/nothing", family=OPS_MANAGER, headers=headers).collect(),
        }
        for name, call in calls.items():
            hunt.error(name, await caught(call()))
        emulator.fault = lambda _record: "drop"
        hunt.error("broken", await caught(session.request("PATCH", "/groups", family=OPS_MANAGER, headers=headers)))
        know(hunt, emulator, wire, jobs)
        hunt.secrets["gateway key"] = GATEWAY_KEY


def broken_documents(job):
    """Answers with secrets in them that cannot be read: of a list, and of one job."""
    page = {"results": [job], "totalCount": 1}
    malformed = job | {"delivery": job["delivery"] | {"maxDownloads": "many"}}
    lists = {
        "malformed job": {"results": [job, job | {"id": "2", "created": "yesterday"}]},
        "malformed delivery": {"results": [malformed]},
        "job without id": {"results": [{name: value for name, value in job.items() if name != "id"}]},
        "no list of results": {"results": job},
        "no results": {"items": [job]},
        "malformed count": page | {"totalCount": "many"},
        "malformed links": page | {"links": [{"href": 5}]},
        "array": [job],
        "bare text": job["delivery"]["url"],
    }
    jobs = {"malformed job": malformed, "array": [job], "page": page, "bare text": job["delivery"]["url"]}
    for name, answers, document in (("page", lists, page), ("job", jobs, job)):
        text = json.dumps(document)
        answers |= {
            f"cut off {name}": text[: text.rindex('"authValue"') + 60].encode(),
            f"{name} and more": text.encode() * 2,
            f"no number in a {name}": text[:-1].encode() + b', "x": NaN}',
            f"{name} with a member twice": text[:-1].encode() + b', "id": 1, "id": 2}',
            f"huge number in a {name}": text[:-1].encode() + b', "x": ' + b"9" * 5000 + b"}",
            f"{name} nested without end": text[:-1].encode() + b', "x": ' + b"[" * 100_000,
            f"{name} that is not UTF-8": text.encode() + b"\xff",
            f"{name} in UTF-16": text.encode("utf-16"),
            f"{name} in a web page": b"<html>" + text.encode(),
            f"no {name} at all": b"",
        }
    return lists, jobs


def error_answers(job, authorization):
    """Errors that say more than they should."""
    page = {"results": [job]}
    url = job["delivery"]["url"]
    echo = {
        "error": 400,
        "detail": f"bad request: Authorization: {authorization}",
        "reason": f"Bad {url} Request",
        "parameters": [url, {"delivery": job["delivery"]}, authorization],
    }
    text = f"GET / HTTP/1.1\nAuthorization: {authorization}\n"
    return {
        "job as error": (ServerError, lambda: web.json_response(job, status=500)),
        "page as error": (NotFound, lambda: web.json_response(page, status=404)),
        "echo": (BadRequest, lambda: web.json_response(echo, status=400)),
        "echo as text": (BadRequest, lambda: web.Response(text=text, status=400)),
        "code in a header": (Forbidden, lambda: web.Response(status=403, headers={"X-Error-Code": url})),
        "code": (Forbidden, lambda: web.json_response({"errorCode": url}, status=403)),
        "error in an envelope": (NotFound, lambda: web.json_response({"status": 404, "content": page})),
        "redirect": (ProtocolError, lambda: web.Response(status=307, headers={"Location": url})),
        "refused login": (Forbidden, lambda: web.Response(status=401, headers=stranger(url))),
        "no rights": (Forbidden, lambda: web.json_response(echo | {"errorCode": "USER_UNAUTHORIZED"}, status=401)),
        "header too long": (ProtocolError, lambda: web.Response(headers={"X-Long": f"{url}{authorization}" * 50})),
        # The last one: the session remembers a refusal for the rate.
        "reason": (RateLimited, lambda: web.Response(status=429, reason=url)),
    }


def stranger(url):
    """Ask for a login that is none of ours."""
    return {"WWW-Authenticate": f'Bearer realm="{url}"'}


def one_ready(jobs):
    return next(job.to_dict(redacted=False) for job in jobs if "authValue" in job.raw["delivery"])


async def test_no_answer_that_cannot_be_read_shows_a_secret(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)
        await cluster.create_restore_job(REQUEST)
        lists, singles = broken_documents(one_ready(jobs))
        path = f"/groups/{cluster.project}/clusters/{cluster.cluster}/restoreJobs"

        async def fail(where, document, call, kind=DataError):
            async def answer(record):
                if where == "create" and record.method == "GET":
                    return None
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                return web.Response(body=body, content_type="application/json")

            emulator.before_answer = answer
            error = await caught(call)
            assert isinstance(error, kind), (where, error)
            return error

        for name, document in lists.items():
            hunt.error(f"list: {name}", await fail("list", document, cluster.restore_jobs().collect()))
            ahead = cluster.restore_jobs().collect(concurrency=3)
            hunt.error(f"list ahead: {name}", await fail("list", document, ahead))
            if "malformed job" not in name and "delivery" not in name:
                projects = session.projects(OPS_MANAGER).page()
                hunt.error(f"projects: {name}", await fail("list", document, projects))
        for name, document in singles.items():
            hunt.error(f"job: {name}", await fail("job", document, cluster.restore_job("1")))
            if name != "page":  # that is how creates are answered
                create = cluster.create_restore_job(REQUEST)
                hunt.error(f"create: {name}", await fail("create", document, create, MaybeCreated))
            if isinstance(document, bytes):
                request = session.request("GET", path, family=OPS_MANAGER)
                hunt.error(f"request: {name}", await fail("request", document, request))
        know(hunt, emulator, wire, jobs)


async def test_no_error_of_the_api_shows_a_secret(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)
        job = one_ready(jobs)
        authorization = re.findall(r"Authorization: (.*)\r", wire.received.decode())[0]
        for name, (kind, make) in error_answers(job, authorization).items():

            async def answer(_record, make=make):
                return make()

            emulator.before_answer = answer
            asked = session.with_options(envelope="envelope" in name).project(cluster.project, OPS_MANAGER)
            error = await caught(asked.cluster(cluster.cluster).restore_jobs().collect())
            assert isinstance(error, kind), (name, error)
            hunt.error(name, error)
        know(hunt, emulator, wire, jobs)


async def test_no_error_of_the_transport_shows_a_secret(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)

        async def meet(name, call, kind, **hooks):
            emulator.fault, emulator.before_answer = hooks.get("fault"), hooks.get("before_answer")
            error = await caught(call)
            emulator.fault = emulator.before_answer = None
            assert isinstance(error, kind), (name, error)
            hunt.error(name, error)
            return error

        def after(fault):
            async def before_answer(record):
                return fault if record.method == "POST" or fault == "truncate" else None

            return before_answer

        async def stall(_record):
            await asyncio.sleep(1)

        create = cluster.create_restore_job
        await meet("drop", cluster.restore_jobs().collect(), ConnectionBroken, fault=lambda _record: "drop")
        await meet("cut", cluster.restore_jobs().collect(), ConnectionBroken, before_answer=after("truncate"))
        lost = await meet("lost create", create(REQUEST), MaybeCreated, before_answer=after("drop-answer"))
        hunt.thing("reconciliation", await lost.reconcile())
        hasty = session.with_options(timeout=0.2).project(cluster.project, OPS_MANAGER).cluster(cluster.cluster)
        await meet("timeout", hasty.restore_jobs().collect(), RequestTimeout, before_answer=stall)
        await meet("timeout ahead", hasty.restore_jobs().collect(concurrency=3), RequestTimeout, before_answer=stall)
        await meet("too large", session.with_options(max_body=100).projects(OPS_MANAGER).page(), ProtocolError)
        await meet("several", cluster.restore_jobs().one(), NotUnique)
        await meet("none", cluster.restore_job("0" * 24), NotFound)

        for name, call in {"list": cluster.restore_jobs().collect(), "create": create(REQUEST)}.items():
            emulator.gate.close()
            task = asyncio.create_task(call)
            while not emulator.gate.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            task.cancel()
            hunt.error(f"cancelled {name}", await caught(task))
            emulator.gate.open()

        other_loop = await asyncio.to_thread(lambda: asyncio.run(caught(cluster.restore_jobs().page())))
        assert isinstance(other_loop, WrongLoop)
        hunt.error("other loop", other_loop)

        emulator.gate.close()
        task = asyncio.create_task(cluster.restore_jobs().collect())
        while not emulator.gate.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await session.close()
        for name, call in {"closing": task, "closed": cluster.restore_jobs().collect()}.items():
            error = await caught(call)
            assert isinstance(error, SessionClosed)
            hunt.error(name, error)
        emulator.gate.open()
        know(hunt, emulator, wire, jobs)


async def test_a_refused_key_shows_nowhere(emulate, hunt):
    wrong = "this-is-not-the-right-private-key"
    async with playground(emulate, hunt, private_key=wrong) as (_emulator, wire, session, cluster):
        outcomes = await asyncio.gather(*(caught(cluster.restore_jobs().page()) for _ in range(5)))
        for error in outcomes:
            assert isinstance(error, AuthError)
            hunt.error("refused key", error)
        hunt.thing("session", session)
        assert len(wire.responses) == 2
        hunt.secrets = {"private key": wrong}
        hunt.secrets |= {f"digest response {number}": text for number, text in enumerate(wire.responses)}


async def test_pages_that_contradict_each_other_show_no_secret(emulate, hunt):
    async with playground(emulate, hunt) as (emulator, wire, _session, cluster):
        jobs = await ready_jobs(cluster)
        results = [job.to_dict(redacted=False) for job in jobs]

        async def same_page(_record):
            return web.json_response({"results": results, "totalCount": 1000})

        emulator.before_answer = same_page
        error = await caught(cluster.restore_jobs().collect())
        assert isinstance(error, PaginationError)
        hunt.error("repeated pages", error)
        know(hunt, emulator, wire, jobs)


async def test_a_failing_proxy_shows_no_password(hunt):
    """With a tunnel (https) and without; an answer of the proxy, a broken connection, and no proxy at all."""
    heard = []

    async def refuse(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head.decode())
        body = f"<html>{heard[-1]}</html>".encode()
        answer = b"HTTP/1.1 407 No\r\nSet-Cookie: id=c00k1e0fthepr0xy\r\nContent-Length: %d\r\n\r\n"
        writer.write(answer % len(body) + body)
        writer.close()

    async def drop(reader, writer):
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.close()

    for behave in (refuse, drop, None):
        server = await asyncio.start_server(behave or drop, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if behave is None:
            server.close()
        for scheme in ("http", "https"):
            async with AsyncSession(
                None,
                base_url=f"{scheme}://om.invalid:8443",
                proxy=f"http://us%40er:{PROXY_PASSWORD}@127.0.0.1:{port}",
                options=Options(retry=NO_RETRY),
            ) as session:
                error = await caught(session.request("GET", "/groups", family=OPS_MANAGER))
                assert isinstance(error, RestoreError)
                assert not isinstance(error, RequestTimeout)
                hunt.error(f"{behave} {scheme}", error)
                hunt.thing("session", session)
        server.close()
    sent = set(re.findall("Proxy-Authorization: (.*)\r", "".join(heard)))
    assert len(sent) == 1
    assert sum("Proxy-Authorization" in head for head in heard) == 4
    hunt.secrets = {"password": PROXY_PASSWORD, "header": sent.pop().partition(" ")[2], "cookie": "c00k1e0fthepr0xy"}


@pytest.mark.parametrize("end", ["cut", "too large", "cancelled"])
async def test_an_answer_not_read_to_its_end_shows_no_header(hunt, end):
    hunt.secrets = {"cookie": "c00k1e0fthelogin", "nonce": "n0nceThatFollows"}
    length = 2_000_000 if end == "too large" else 1000
    begun = asyncio.Event()

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nSet-Cookie: id={hunt.secrets['cookie']}\r\nContent-Length: {length}\r\n"
        writer.write(f'{head}Authentication-Info: nextnonce="{hunt.secrets["nonce"]}"\r\n\r\n{{'.encode())
        await writer.drain()
        begun.set()
        if end != "cut":
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    options = Options(retry=NO_RETRY, max_body=1_000_000)
    async with server, AsyncSession(None, base_url=base_url, options=options) as session:
        call = asyncio.create_task(session.request("GET", "/groups", family=OPS_MANAGER))
        await begun.wait()
        if end == "cancelled":
            await asyncio.sleep(0.2)  # the head is read
            call.cancel()
        hunt.error(end, await caught(call))


async def test_a_cancelled_call_through_a_proxy_shows_no_password(hunt):
    reached = asyncio.Event()

    async def stall(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        reached.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    proxy = f"http://user:{PROXY_PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for scheme in ("http", "https"):
        async with AsyncSession(None, base_url=f"{scheme}://om.invalid:8443", proxy=proxy) as session:
            reached.clear()
            task = asyncio.create_task(session.request("GET", "/groups", family=OPS_MANAGER))
            await reached.wait()
            task.cancel()
            hunt.error(f"cancelled {scheme}", await caught(task))
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.01)
    hunt.secrets = {"password": PROXY_PASSWORD}


async def test_traces_of_a_borrowed_session_show_no_secret(emulate, hunt):
    trace = aiohttp.TraceConfig()

    async def look(_http, _context, parameters):
        hunt.thing("trace", parameters)

    for name in ("on_request_start", "on_request_headers_sent", "on_request_end", "on_response_chunk_received"):
        getattr(trace, name).append(look)
    async with (
        aiohttp.ClientSession(trace_configs=[trace]) as http,
        playground(emulate, hunt, http=http) as (emulator, wire, session, cluster),
    ):
        jobs = await ready_jobs(cluster)
        await cluster.create_restore_job(REQUEST)
        hunt.thing("session", session)
        know(hunt, emulator, wire, jobs)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_is_ever_sent_to_another_origin(emulate, hunt, status, method):
    async with tap(None) as stranger, playground(emulate, hunt) as (emulator, wire, session, cluster):
        jobs = await ready_jobs(cluster)

        async def redirect(record):
            return web.Response(status=status, headers={"Location": stranger.url + record.path})

        emulator.before_answer = redirect
        error = await caught(
            session.request(method, "/groups", family=OPS_MANAGER, json=None if method == "GET" else {})
        )
        assert isinstance(error, ProtocolError)
        hunt.error("redirect", error)
        know(hunt, emulator, wire, jobs)
        assert stranger.connections == 0


async def test_links_and_protection_spaces_lead_to_no_other_origin(emulate, hunt):
    async with tap(None) as stranger, playground(emulate, hunt, settings={"link_origin": "http://x.invalid"}) as played:
        emulator, wire, _session, cluster = played
        results = []

        async def lure(record):
            if record.outcome == "challenged":
                challenge = emulator.guard.challenges(0.0, stale=False)[0] + f', domain="{stranger.url}/ /"'
                return web.Response(status=401, headers={"WWW-Authenticate": challenge})
            results.append({"id": str(len(results))})
            more = len(results) < 5
            links = [{"rel": "next", "href": f"{stranger.url}/page2"}] if more else []
            return web.json_response({"results": results[-1:] if more else [], "links": links})

        jobs = await ready_jobs(cluster)
        emulator.before_answer = lure
        assert len(await cluster.restore_jobs().collect()) == 4
        know(hunt, emulator, wire, jobs)
        assert stranger.connections == 0
        assert stranger.received == b""


def test_sessions_and_keys_refuse_to_be_pickled_and_copied():
    session = AsyncSession(DigestAuth("public", "private-key-of-somebody"), base_url="http://127.0.0.1:1")
    cluster = session.project("p", OPS_MANAGER).cluster("c")
    for thing in (session, session.with_options(timeout=1), DigestAuth("public", "x"), cluster, cluster.restore_jobs()):
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(thing)
        with pytest.raises(TypeError, match=r"copied|pickled"):
            copy.deepcopy(thing)


async def test_the_hunt_finds_what_is_there(new_hunt):
    """Without this the tests above could pass by looking nowhere."""
    key = "5ecret-0f-the-test"

    def nested():
        local = [key]
        assert local
        raise ValueError

    async def fail():
        try:
            nested()
        except ValueError:
            raise KeyError from None

    class Holder:
        def __init__(self):
            self.held = key

    hunting = new_hunt()
    hunting.secrets["key"] = key
    hunting.thing("text", key)
    hunting.thing("holder", Holder())
    hunting.error("failure", await caught(fail()))
    found = {hit.removeprefix("key in ") for hit in hunting.hits()}
    assert {"repr of text", "pickle 5 of text", "vars of holder", "traceback of ValueError of failure"} <= found


def from_profile(text, *, mode=0o600):
    """Make a session from a profile with this text in its file."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "atlascli", "config.toml")
        file.parent.mkdir()
        file.write_bytes(text.encode(errors="surrogateescape"))
        file.chmod(mode)
        AsyncSession.from_profile(environ={"XDG_CONFIG_HOME": home})


BAD_SETTINGS = {
    "key with a line break": lambda key: DigestAuth("public", f"{key}\n"),
    "user with a colon": lambda key: DigestAuth("pub:lic", key),
    "no user": lambda key: DigestAuth("", key),
    "account with a line break": lambda key: ServiceAccount("id", f"{key}\n"),
    "account with a wrong switch": lambda key: ServiceAccount("id", key, revoke_on_close="yes"),
    "pair of keys": lambda key: AsyncSession(("public", key)),
    "key as text": lambda key: AsyncSession(key),  # noqa: PLW0108 - its frame is cut off below
    "credentials in the base URL": lambda key: AsyncSession(None, base_url=f"https://public:{key}@host"),
    "credentials in an odd base URL": lambda key: AsyncSession(None, base_url=f"ftp://public:{key}@host"),
    "odd proxy": lambda key: AsyncSession(None, proxy=f"socks5://user:{key}@host:1"),
    "proxy with odd settings": lambda key: AsyncSession(None, proxy=f"http://u:{key}@h", ssl=False, ca_file="x"),
    "environment, half a key": lambda key: AsyncSession.from_env({"MCLI_PRIVATE_API_KEY": key}),
    "environment, half an account": lambda key: AsyncSession.from_env({"MONGODB_ATLAS_CLIENT_SECRET": key}),
    "token with a line break": lambda key: AccessToken(f"{key}\n"),
    "token with its scheme": lambda key: AccessToken(f"Bearer {key}"),
    "environment, odd token": lambda key: AsyncSession.from_env({"MONGODB_ATLAS_ACCESS_TOKEN": f"{key} "}),
    "profile, half a key": lambda key: from_profile(f'[default]\nprivate_api_key = "{key}"'),
    "profile, odd token": lambda key: from_profile(f'[default]\naccess_token = "Bearer {key}"'),
    "profile, odd address": lambda key: from_profile(
        f'[default]\npublic_api_key = "p"\nprivate_api_key = "{key}"\nops_manager_url = "https://p:{key}@h"'
    ),
    "profile, odd switch": lambda key: from_profile(
        f'[default]\npublic_api_key = "p"\nprivate_api_key = "{key}"\nops_manager_skip_verify = "{key}"'
    ),
    "profile, no TOML": lambda key: from_profile(f'[default]\nprivate_api_key = "{key}'),
    "profile, no UTF-8": lambda key: from_profile(f'[default]\nprivate_api_key = "{key}\udcff"'),
    "profile, another one": lambda key: from_profile(f'[one]\nprivate_api_key = "{key}"\n[two]'),
    "profile, open to others": lambda key: from_profile(f'[default]\nprivate_api_key = "{key}"', mode=0o640),
    "environment, odd URL": lambda key: AsyncSession.from_env(
        {"MCLI_PUBLIC_API_KEY": "p", "MCLI_PRIVATE_API_KEY": key, "MCLI_OPS_MANAGER_URL": f"https://p:{key}@h"}
    ),
    "environment, odd key": lambda key: AsyncSession.from_env(
        {"MCLI_PUBLIC_API_KEY": "p", "MCLI_PRIVATE_API_KEY": f"{key}\n"}
    ),
    "environment, odd switch": lambda key: AsyncSession.from_env(
        {"MCLI_PUBLIC_API_KEY": "p", "MCLI_PRIVATE_API_KEY": key, "MCLI_OPS_MANAGER_SKIP_VERIFY": "maybe"}
    ),
}


@pytest.mark.parametrize("make", BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_a_refusal_of_settings_shows_none_of_them(make, monkeypatch, new_hunt):
    """From our frames on: what the caller's own variables hold is the caller's."""
    key = "5ecret-0f-the-settings"
    monkeypatch.setenv("SOME_OTHER_SECRET", key)
    hunting = new_hunt()
    hunting.secrets["key"] = key
    with pytest.raises(ConfigError) as caught:
        make(key)
    error = caught.value
    while error.__traceback__.tb_frame.f_code.co_filename == __file__:  # what the caller's own frames hold
        error.__traceback__ = error.__traceback__.tb_next
    hunting.error("refusal", error)
    assert hunting.hits() == []


def test_a_traceback_with_locals_can_be_printed_of_any_refusal():
    """Python 3.11 cannot print one with an object in it whose repr fails, as that of a half-made one may."""
    session = AsyncSession(None, base_url="http://127.0.0.1:1")
    project = session.project("p", OPS_MANAGER)
    cluster = project.cluster("c")
    refused = (
        lambda: AsyncSession(5),
        lambda: AsyncSession(None, base_url=5),
        lambda: session.project("a/b", OPS_MANAGER),
        lambda: session.project("p", 5),
        lambda: project.cluster("a/b"),
        lambda: project.clusters(limit=0),
        lambda: cluster.restore_jobs(items_per_page=501),
        lambda: cluster.restore_jobs(query=5),
        lambda: session.with_options(timeout=-1),
        lambda: Options(max_body=0),
        lambda: HttpRestore("", max_downloads=0),
    )
    for refuse in refused:
        with pytest.raises(ConfigError) as caught:
            refuse()
        lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        assert "ConfigError" in "".join(lines)


def test_a_missing_key_is_reported_without_the_environment(monkeypatch, new_hunt):
    key = "5ecret-0f-the-environment"
    for name in [*PUBLIC_KEY_NAMES, *PRIVATE_KEY_NAMES, *CLIENT_ID_NAMES, *CLIENT_SECRET_NAMES]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SOME_OTHER_SECRET", key)
    hunting = new_hunt()
    hunting.secrets["key"] = key
    with pytest.raises(ConfigError, match="no API key") as caught:
        AsyncSession.from_env()
    caught.value.__traceback__ = caught.value.__traceback__.tb_next
    hunting.error("refusal", caught.value)
    assert hunting.hits() == []
