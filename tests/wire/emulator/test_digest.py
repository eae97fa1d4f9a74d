"""The emulator's login, met with a digest client of this file's own (hashlib only) and with aiohttp's."""

import asyncio
import base64
import contextlib
import hashlib
import re

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from builders.constants import GROUPS
from mongorestore_async.emulator import ChallengeForm, Emulator, EmulatorSettings, NoncePolicy, Outcome, QopForm
from mongorestore_async.emulator.digest_server import DigestAnswer

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def digest(algorithm, *parts):
    name = HASHES[algorithm.removesuffix("-sess")]
    return hashlib.new(name, b":".join(p if isinstance(p, bytes) else p.encode() for p in parts)).hexdigest()


def directives(challenge):
    return dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.removeprefix("Digest ")))


class Caller:
    """Sends requests with answers that are right unless told otherwise."""

    def __init__(self, emulator, client):
        self.emulator = emulator
        self.client = client

    async def send(self, header=None, target=GROUPS, method="GET", data=None):
        headers = {} if header is None else {"Authorization": header}
        url = URL(self.emulator.url + target, encoded=True)
        async with self.client.request(method, url, headers=headers, data=data) as response:
            await response.read()
            return response

    async def challenge(self):
        response = await self.send()
        assert response.status == 401
        return directives(response.headers["WWW-Authenticate"])

    def answer(
        self,
        nonce,
        nc=1,
        *,
        target=GROUPS,
        uri=None,
        method="GET",
        algorithm="MD5",
        qop="auth",
        body=b"",
        user=None,
        key=None,
        sent_user=None,
        named_algorithm=None,
        realm="MMS Public API",
        more="",
    ):
        user = self.emulator.public_key if user is None else user
        key = self.emulator.private_key if key is None else key
        uri = target if uri is None else uri
        secret = digest(algorithm, user, realm, key)
        cnonce = "0a4f113b"
        if algorithm.endswith("-sess"):
            secret = digest(algorithm, secret, nonce, cnonce)
        request = [method, uri] + ([digest(algorithm, body)] if qop == "auth-int" else [])
        count = f"{nc:08x}" if isinstance(nc, int) else nc
        middle = [count, cnonce, qop] if qop else []
        response = digest(algorithm, secret, nonce, *middle, digest(algorithm, *request))
        text = (
            f'Digest username="{sent_user or user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm={named_algorithm or algorithm}{more}'
        )
        return text + (f', qop={qop}, nc={count}, cnonce="{cnonce}"' if qop else "")

    async def call(self, nonce, nc=1, target=GROUPS, method="GET", data=None, **how):
        return await self.send(self.answer(nonce, nc, target=target, method=method, **how), target, method, data)


@contextlib.asynccontextmanager
async def calling(**settings):
    settings = {"speed": 0, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield emulator, Caller(emulator, client)


def stale(response):
    return directives(response.headers["WWW-Authenticate"])["stale"]


async def test_nonces_look_real_and_are_never_issued_twice():
    async with calling() as (_, caller):
        nonces = [(await caller.challenge())["nonce"] for _ in range(20)]

    assert len(set(nonces)) == 20
    assert all(len(nonce) == 32 and len(base64.b64decode(nonce, validate=True)) == 24 for nonce in nonces)


async def test_a_right_answer_is_let_in_and_everything_is_noted():
    async with calling() as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        response = await caller.call(nonce, 1)
        first, second = emulator.requests

    assert response.status == 200
    assert (first.outcome, first.status, first.nonce, first.nc) == (Outcome.CHALLENGED, 401, None, None)
    assert (second.outcome, second.status, second.nonce, second.nc) == (Outcome.ACCEPTED, 200, nonce, 1)
    assert (second.method, second.path, second.family, second.number) == ("GET", GROUPS, "cloud-manager", 2)
    assert second.headers["Authorization"] == "Digest"
    assert (emulator.counts.requests, emulator.counts.challenges, emulator.counts.accepted) == (2, 1, 1)
    assert nonce not in repr(first.headers)


async def test_a_reusable_nonce_takes_each_count_once_in_any_order():
    async with calling() as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        taken = [(await caller.call(nonce, nc)).status for nc in (3, 1, 2, 7, 200, 5)]
        again = [await caller.call(nonce, nc) for nc in (1, 5, 200)]

    assert taken == [200] * 6
    assert [response.status for response in again] == [401] * 3
    assert [stale(response) for response in again] == ["false"] * 3
    assert (emulator.counts.repeated_nc, emulator.counts.refusals) == (3, 3)
    assert emulator.requests[-1].why == "repeated nc"


async def test_a_repeated_count_can_be_called_stale():
    async with calling(stale_on_replay=True) as (_, caller):
        nonce = (await caller.challenge())["nonce"]
        await caller.call(nonce, 1)
        assert stale(await caller.call(nonce, 1)) == "true"


async def test_a_wrong_answer_does_not_use_up_its_count():
    async with calling() as (_, caller):
        nonce = (await caller.challenge())["nonce"]
        assert (await caller.call(nonce, 1, key="wrong")).status == 401
        assert (await caller.call(nonce, 1)).status == 200


async def test_counts_of_a_rising_nonce_must_rise():
    async with calling(nonce_policy="rising") as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        statuses = [(await caller.call(nonce, nc)).status for nc in (1, 5, 3, 5, 6)]

    assert statuses == [200, 200, 401, 401, 200]
    assert [record.why for record in emulator.requests if record.outcome is Outcome.REFUSED] == [
        "nc did not rise",
        "repeated nc",
    ]


@pytest.mark.parametrize(("flag", "word"), [(True, "true"), (False, "false")])
async def test_a_one_use_nonce_is_good_for_one_request(flag, word):
    async with calling(nonce_policy=NoncePolicy.ONE_USE, stale_flag=flag) as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        assert (await caller.call(nonce, 1)).status == 200

        refused = await caller.call(nonce, 2)
        fresh = directives(refused.headers["WWW-Authenticate"])["nonce"]
        again = await caller.call(fresh, 1)

    assert (refused.status, stale(refused)) == (401, word)
    assert again.status == 200
    assert (emulator.counts.stale, emulator.counts.refusals) == (1, 0)


async def test_a_limited_nonce_dies_after_its_uses():
    async with calling(nonce_policy="limited", nonce_life_uses=3) as (_, caller):
        nonce = (await caller.challenge())["nonce"]
        statuses = [(await caller.call(nonce, nc)).status for nc in range(1, 6)]
        assert statuses == [200, 200, 200, 401, 401]
        assert stale(await caller.call(nonce, 9)) == "true"


async def test_every_nth_right_answer_is_refused_with_stale_false():
    async with calling(nonce_policy="spurious", spurious_every=3) as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        responses = [await caller.call(nonce, nc) for nc in range(1, 8)]

    assert [response.status for response in responses] == [200, 200, 401, 200, 200, 401, 200]
    assert stale(responses[2]) == "false"
    assert [r.why for r in emulator.requests if r.outcome is Outcome.REFUSED] == ["spurious", "spurious"]


async def test_nonces_age_on_the_emulators_clock():
    async with calling(nonce_life_seconds=60) as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        emulator.clock.advance(60)
        assert (await caller.call(nonce, 1)).status == 200
        emulator.clock.advance(1)
        refused = await caller.call(nonce, 2)

    assert (refused.status, stale(refused)) == (401, "true")
    assert emulator.requests[-1].why == "nonce too old"


async def test_a_nonce_of_another_server_is_stale_if_the_key_is_right():
    async with calling() as (emulator, caller):
        foreign = base64.b64encode(bytes(24)).decode()
        right, wrong = await caller.call(foreign, 1), await caller.call(foreign, 1, key="wrong")

    assert (stale(right), stale(wrong)) == ("true", "false")
    assert [record.outcome for record in emulator.requests] == [Outcome.STALE, Outcome.REFUSED]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"key": "not the key"}, "wrong user name or response"),
        ({"user": "nobody"}, "wrong user name or response"),
        ({"uri": GROUPS + "?pageNum=1"}, "wrong uri"),
        ({"uri": "/api/public/v1.0/Groups"}, "wrong uri"),
        ({"realm": "Another Realm"}, "wrong realm"),
        ({"algorithm": "SHA-256"}, "algorithm or qop was not offered"),
        ({"named_algorithm": "MD6"}, "algorithm or qop was not offered"),
        ({"qop": "auth-int"}, "algorithm or qop was not offered"),
        ({"qop": ""}, "algorithm or qop was not offered"),
        ({"nc": 0}, "nc or cnonce is missing or malformed"),
        ({"nc": "1"}, "nc or cnonce is missing or malformed"),
        ({"nc": "0000000g"}, "nc or cnonce is missing or malformed"),
    ],
)
async def test_a_wrong_answer_gets_a_fresh_nonce_and_stale_false(how, why):
    async with calling() as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        refused = await caller.call(nonce, **{"nc": 1, **how})

    assert (refused.status, stale(refused)) == (401, "false")
    assert directives(refused.headers["WWW-Authenticate"])["nonce"] != nonce
    assert (emulator.requests[-1].outcome, emulator.requests[-1].why) == (Outcome.REFUSED, why)
    assert emulator.counts.refusals == 1


@pytest.mark.parametrize(
    "header",
    [
        "Basic dXNlcjpwYXNz",
        "Digest",
        "Digest username",
        'Digest username="x", username="y"',
        'Digest username="x", realm="y", nonce="z"',
        'Digest username="never closed',
    ],
)
async def test_what_is_no_digest_answer_is_met_with_the_challenge(header):
    async with calling() as (emulator, caller):
        assert (await caller.send(header)).status == 401
        assert (emulator.counts.challenges, emulator.counts.refusals) == (1, 0)


async def test_non_text_bytes_are_refused_like_other_wrong_answers():
    async with calling() as (emulator, caller):
        host, _, port = emulator.url.removeprefix("http://").rpartition(":")
        answer = caller.answer("n").replace('nonce="n"', 'nonce="\udcff"').replace('cnonce="0', 'cnonce="\udcfe')
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"GET {GROUPS} HTTP/1.1\r\nHost: x\r\nAuthorization: {answer}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("utf-8", "surrogateescape"))
        received = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert received.startswith(b"HTTP/1.1 401 ")
    assert emulator.requests[0].outcome is Outcome.REFUSED


@given(st.text(st.characters(), max_size=60))
def test_any_text_after_the_scheme_can_be_read(text):
    answer = DigestAnswer.parse(f"Digest {text}")
    assert answer is None or {"username", "realm", "nonce", "uri", "response"} <= set(answer.fields)


@given(st.dictionaries(st.sampled_from(["username", "realm", "nonce", "uri", "response", "X"]), st.text(), min_size=5))
def test_quoted_values_are_read_back_as_they_were(fields):
    quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in fields.items()}
    answer = DigestAnswer.parse("Digest " + ", ".join(f'{name}="{value}"' for name, value in quoted.items()))
    if {"username", "realm", "nonce", "uri", "response"} <= set(fields):
        assert answer is not None
        assert answer.fields == {name.lower(): value for name, value in fields.items()}
    else:
        assert answer is None


async def test_the_uri_is_compared_as_sent_byte_for_byte():
    target = GROUPS + "?b=%2F&a=x+y%20z&c=%c3%A4"
    async with calling() as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        same = await caller.call(nonce, 1, target=target)
        unquoted = await caller.call(nonce, 2, target=target, uri=target.replace("%2F", "/"))
        upper = await caller.call(nonce, 3, target=target, uri=target.replace("%c3", "%C3"))

    assert (same.status, unquoted.status, upper.status) == (200, 401, 401)
    assert emulator.requests[1].path == target


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256", "MD5-sess", "SHA-256-sess"])
@pytest.mark.parametrize("form", [QopForm.QOP, QopForm.OP_AS_QOP])
async def test_each_algorithm_is_offered_and_verified(algorithm, form):
    if HASHES[algorithm.removesuffix("-sess")] not in hashlib.algorithms_available:
        pytest.skip(f"this build of Python cannot compute {algorithm}")
    async with calling(challenges=[ChallengeForm(algorithm, form)]) as (_, caller):
        offered = await caller.challenge()
        right = await caller.call(offered["nonce"], 1, algorithm=algorithm)
        wrong = await caller.call(offered["nonce"], 2, algorithm=algorithm, key="wrong")
        without_qop = await caller.call(offered["nonce"], 3, algorithm=algorithm, qop="")

    assert offered["algorithm"] == algorithm
    assert offered["qop" if form is QopForm.QOP else "op"] == "auth"
    assert (right.status, wrong.status, without_qop.status) == (200, 401, 401)


@pytest.mark.parametrize(("form", "word"), [(QopForm.NONE, None), (QopForm.OP_AS_RFC2069, "auth")])
async def test_without_qop_the_answer_is_that_of_rfc_2069(form, word):
    async with calling(challenges=[ChallengeForm("MD5", form)]) as (_, caller):
        offered = await caller.challenge()
        right = await caller.call(offered["nonce"], qop="")
        again = await caller.call(offered["nonce"], qop="")
        with_qop = await caller.call(offered["nonce"], 1)

    assert "qop" not in offered
    assert offered.get("op") == word
    assert (right.status, again.status, with_qop.status) == (200, 200, 401)


async def test_uses_and_age_are_counted_without_a_nonce_count_too():
    async with calling(challenges=[ChallengeForm("MD5", QopForm.NONE)], nonce_policy="one-use") as (_, caller):
        nonce = (await caller.challenge())["nonce"]
        assert [(await caller.call(nonce, qop="")).status for _ in range(2)] == [200, 401]


async def test_auth_int_covers_the_body():
    target = "/api/public/v1.0/groups/4/clusters/5/restoreJobs"
    settings = {"challenges": [ChallengeForm(protections="auth,auth-int")]}
    async with calling(**settings) as (_, caller):
        nonce = (await caller.challenge())["nonce"]
        how = {"target": target, "method": "POST", "qop": "auth-int", "data": b"{}"}
        right = await caller.call(nonce, 1, body=b"{}", **how)
        wrong = await caller.call(nonce, 2, body=b"{ }", **how)
        plain = await caller.call(nonce, 3)

    assert (right.status, wrong.status, plain.status) == (404, 401, 200)


@pytest.mark.parametrize("in_one", [True, False])
async def test_any_of_several_offered_challenges_can_be_answered(in_one):
    offered = [ChallengeForm("SHA-256"), ChallengeForm("MD5"), ChallengeForm("XXX"), ChallengeForm(None, QopForm.NONE)]
    async with calling(challenges=offered, challenges_in_one_header=in_one) as (_, caller):
        lines = (await caller.send()).headers.getall("WWW-Authenticate")
        nonce = directives(lines[0])["nonce"]
        answers = [
            await caller.call(nonce, 1, algorithm="SHA-256"),
            await caller.call(nonce, 2),
            await caller.call(nonce, qop=""),
            await caller.call(nonce, 4, named_algorithm="XXX"),
        ]

    assert len(lines) == (1 if in_one else 4)
    assert ", ".join(lines).count("Digest ") == 4
    assert [answer.status for answer in answers] == [200, 200, 200, 401]


async def test_hashed_user_names_are_accepted_where_they_are_offered():
    async with calling(userhash=True) as (emulator, caller):
        offered = await caller.challenge()
        hashed = digest("MD5", emulator.public_key, "MMS Public API")
        right = await caller.call(offered["nonce"], 1, sent_user=hashed, more=", userhash=true")
        plain = await caller.call(offered["nonce"], 2)
        wrong = await caller.call(offered["nonce"], 3, sent_user=hashed)

    assert offered["userhash"] == "true"
    assert (right.status, plain.status, wrong.status) == (200, 200, 401)


async def test_the_next_nonce_can_be_handed_out_with_each_answer():
    async with calling(nonce_policy="one-use", nextnonce=True) as (emulator, caller):
        nonce = (await caller.challenge())["nonce"]
        for _ in range(3):
            response = await caller.call(nonce, 1)
            nonce = directives(response.headers["Authentication-Info"])["nextnonce"]

    assert (emulator.counts.accepted, emulator.counts.challenges, emulator.counts.stale) == (3, 1, 0)


async def test_the_login_can_be_switched_off():
    async with calling(auth_enabled=False, nextnonce=True) as (emulator, caller):
        response = await caller.send()

    assert response.status == 200
    assert "Authentication-Info" not in response.headers
    assert emulator.requests[0].outcome is Outcome.ACCEPTED


async def test_aiohttps_own_digest_client_gets_in():
    async with Emulator() as emulator:
        auth = aiohttp.DigestAuthMiddleware(emulator.public_key, emulator.private_key)
        async with aiohttp.ClientSession(middlewares=(auth,)) as client:
            for _ in range(3):
                async with client.get(f"{emulator.url}{GROUPS}?pretty=true&x=%C3%A4") as response:
                    assert response.status == 200

    assert (emulator.counts.challenges, emulator.counts.accepted, emulator.counts.refusals) == (1, 3, 0)
