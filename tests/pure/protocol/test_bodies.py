"""Bodies of answers, from bytes to JSON values."""

from __future__ import annotations

import json

import pytest

from mongorestore_async.models import Headers
from mongorestore_async.protocol.bodies import Unreadable, decode_body

PLAIN = Headers([("Content-Type", "application/json")])


def test_a_page_of_jobs_is_decoded(seed):
    page = seed("ops_manager_list")
    page["results"] *= 250
    assert decode_body(json.dumps(page).encode(), PLAIN) == (page, None)


@pytest.mark.parametrize("body", [b"[" + b"[]," * 1_000_000 + b"[]]", b"[" + b"1," * 1_500_000 + b"1]"])
def test_too_many_values_are_refused_before_they_take_memory(body):
    assert decode_body(body, PLAIN) == (None, Unreadable("it contains more values than any answer of the API"))


def test_a_large_body_of_long_texts_is_decoded():
    value = ["x" * 1000] * 2000
    assert decode_body(json.dumps(value).encode(), PLAIN) == (value, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 100_000, "it is nested too deeply"),
        (b"[NaN]", "it contains an invalid number"),
        (b"[" + b"9" * 5000 + b"]", "it contains an invalid number"),
        (b"\xff\xfe", "the body is not valid UTF-8"),
        (b"<html>", "Expecting value at character 0 of 6"),
    ],
)
def test_what_is_no_json_is_told_without_a_quote(body, reason):
    assert decode_body(body, PLAIN) == (None, Unreadable(reason))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"results": [1], "results": []}', "$.results"),
        (b'[{"a": {"b": 1, "b": 1}}]', "$[0].a.b"),
        (b'{"results": [{}, {"id": 1, "\\u0069d": 2}, {"a": 1, "a": 1}]}', "$.results[1].id"),
        (b'{"a": {"b": 1, "b": 1}, "a": 2}', "$.a"),
        (b'{"\\n": 1, "\\n": 2}', "$."),
    ],
)
def test_a_member_that_is_named_twice_is_refused_with_its_path(body, path):
    value, problem = decode_body(body, PLAIN)

    assert value is None
    assert problem == Unreadable(f"an object has a duplicate member ({path})", path)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":18446744073709551616}',
        b"[1.10]",
        b"[-0]",
        b"[1e2]",
        b"[0.1234567890123456789]",
        b'{"a": 1}',
        b'{"a":1}\n',
        b'["\\ud800"]',
        b"\xef\xbb\xbf[]",
        b"[" * 300 + b"]" * 300,
    ],
)
def test_every_spelling_gives_what_json_gives(body):
    value, reason = decode_body(body, PLAIN)

    assert reason is None
    assert repr(value) == repr(json.loads(body))


def test_text_is_read_in_the_encoding_that_is_named():
    latin = Headers([("Content-Type", "application/json; charset=latin-1")])

    assert decode_body('["é"]'.encode("latin-1"), latin) == (["é"], None)
    assert decode_body('["é"]'.encode(), latin) == (["Ã©"], None)
    assert decode_body('["é"]'.encode(), PLAIN) == (["é"], None)


PACKED = Headers([("Content-Encoding", "gzip"), ("Content-Length", "9")])
WITH_ITS_CONNECTION = Headers([("Connection", "close")])


@pytest.mark.parametrize("headers", [PACKED, WITH_ITS_CONNECTION], ids=["compressed", "to the end of the connection"])
def test_every_beginning_of_a_document_is_known_as_one(headers):
    whole = json.dumps({"results": [{"id": "\u00e9\u20ac\U0001f600", "n": -1.5e-7, "b": [True, False, None]}, {}]})
    for body in (whole.encode(), json.dumps(json.loads(whole), ensure_ascii=False, indent=1).encode()):
        for end in range(len(body)):
            _, problem = decode_body(body[:end], headers)
            assert problem is not None
            assert problem.ends_early, body[:end]
        assert decode_body(body, headers)[1] is None


@pytest.mark.parametrize(
    "headers",
    [
        PLAIN,
        Headers([("Content-Length", "9")]),
        Headers([("Transfer-Encoding", "chunked"), ("Connection", "close")]),
        Headers([("Content-Encoding", "identity"), ("Connection", "close"), ("Content-Length", "9")]),
    ],
)
@pytest.mark.parametrize("body", [b"", b'{"results": [', '{"a": "é'.encode()[:-1]])
def test_what_http_says_is_whole_is_whole(headers, body):
    _, problem = decode_body(body, headers)

    assert problem is not None
    assert not problem.ends_early


@pytest.mark.parametrize(
    "body", [b"<html><p>login</p>", b"nothing", b'{"a": nothing here at all}', b"\xff\xfe", b'{"a": 1}}']
)
def test_what_is_no_json_at_all_has_not_lost_its_end(body):
    _, problem = decode_body(body, PACKED)

    assert problem is not None
    assert not problem.ends_early
