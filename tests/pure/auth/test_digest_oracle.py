"""Our digest answers against those of aiohttp's own middleware, an independent implementation."""

from __future__ import annotations

import re

import pytest
from aiohttp import DigestAuthMiddleware
from aiohttp.client_middleware_digest_auth import parse_header_pairs
from aiohttp.payload import BytesPayload
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from mongorestore_async.auth.challenges import choose_challenge
from mongorestore_async.auth.digest import answer

CLEAN = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
# An encoded request target, as it stands on the wire.
SEGMENTS = st.text(st.sampled_from("abcXYZ019-._~"), min_size=1, max_size=8) | st.sampled_from(
    ["%2F", "%C3%A9", "a%20b"]
)
TARGETS = st.builds(
    lambda path, query: "/" + "/".join(path) + ("?" + "&".join(f"k={value}" for value in query) if query else ""),
    st.lists(SEGMENTS, max_size=4),
    st.lists(SEGMENTS, max_size=3),
)


@pytest.fixture(scope="module")
def oracle():
    """Answer a challenge with aiohttp; the one place that uses what is private there."""

    async def answers(challenge, *, username, password, method, uri, body, times=1):
        middleware = DigestAuthMiddleware(username, password)
        middleware._challenge = parse_header_pairs(challenge.removeprefix("Digest "))
        url = URL(f"https://om.example.com{uri}", encoded=True)
        return [await middleware._encode(method, url, BytesPayload(body) if body else b"") for _ in range(times)]

    return answers


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def challenges(draw):
    """Draw a challenge that aiohttp understands, as text."""
    algorithm = draw(st.sampled_from([None, "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "md5", "sha-256"]))
    qops = ["auth", '"auth"', '"auth-int"']
    if algorithm is None or not algorithm.endswith("-sess"):
        qops.append(None)  # aiohttp answers a -sess challenge without qop, but nobody could verify that
    parameters = [
        ("realm", quoted(draw(CLEAN))),
        ("nonce", quoted(draw(CLEAN.filter(bool)))),
        ("algorithm", algorithm),
        ("qop", draw(st.sampled_from(qops))),
        ("opaque", draw(st.none() | CLEAN.filter(bool).map(quoted))),  # aiohttp does not send back an empty one
        ("stale", draw(st.sampled_from([None, "true", "FALSE"]))),
        ("domain", draw(st.sampled_from([None, '""', '"/api /other"']))),
    ]
    written = [f"{name}={value}" for name, value in draw(st.permutations(parameters)) if value is not None]
    return "Digest " + draw(st.sampled_from([", ", ",", ",  "])).join(written)


def fields(header):
    """Split an ``Authorization`` value without unescaping, so that the quoting is compared as well."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "Digest"
    return dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^",\s]+)', rest))


@given(
    challenge=challenges(),
    username=CLEAN.filter(lambda name: ":" not in name),
    password=st.text(max_size=12),
    method=st.sampled_from(["GET", "POST", "DELETE", "PATCH"]),
    uri=TARGETS,
    body=st.binary(max_size=20),
)
async def test_we_answer_as_aiohttp_does(oracle, challenge, username, password, method, uri, body):
    request = {"username": username, "password": password, "method": method, "uri": uri, "body": body}
    for nc, theirs in enumerate(await oracle(challenge, **request, times=3), start=1):
        sent = fields(theirs)
        read = choose_challenge([challenge])
        ours = fields(answer(read, **request, nc=nc, cnonce=sent.get("cnonce", '""').strip('"')))
        if read.spelling is None:
            # aiohttp names MD5 even to a server that named nothing; we leave it out, as RFC 2617 section 3.5 does.
            assert sent.pop("algorithm") == "MD5"
        assert ours == sent


async def test_where_we_differ_from_aiohttp_on_purpose(oracle):
    """It prefers auth-int, answers the misprint literally and drops an empty opaque."""
    request = {"username": "key", "password": "secret", "method": "GET", "uri": "/a", "body": b""}
    both = 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth,auth-int"'
    misprint = 'Digest realm="r", nonce="n", algorithm=MD5, op="auth"'
    empty = 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth", opaque=""'
    theirs = {text: fields((await oracle(text, **request))[0]) for text in (both, misprint, empty)}
    ours = {
        text: fields(answer(choose_challenge([text]), **request, nc=1, cnonce="c")) for text in (both, misprint, empty)
    }
    assert (ours[both]["qop"], theirs[both]["qop"]) == ("auth", "auth-int")
    assert (ours[misprint]["qop"], theirs[misprint].get("qop")) == ("auth", None)
    assert (ours[empty]["opaque"], theirs[empty].get("opaque")) == ('""', None)
    literal = choose_challenge([misprint]).as_rfc2069()
    assert fields(answer(literal, **request, nc=1, cnonce="c")) == theirs[misprint]
