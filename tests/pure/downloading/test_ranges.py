"""Going on with a file where it was broken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.ranges import (
    Action,
    ContentRange,
    Continuation,
    Kept,
    Validator,
    continue_with,
    is_validator,
    parse_content_range,
)
from mongorestore_async.models import Headers

TAG = '"v1"'
CHANGED = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 10:00:01 GMT"
HALF = Kept(50, 100, Validator(TAG))


def headers(**fields):
    return Headers((name.replace("_", "-"), value) for name, value in fields.items())


@pytest.mark.parametrize(
    ("fields", "if_range"),
    [
        ({"ETag": TAG}, TAG),
        ({"ETag": TAG, "Last_Modified": CHANGED, "Date": LATER}, TAG),
        ({"Last_Modified": CHANGED, "Date": LATER}, CHANGED),
        ({"ETag": 'W/"v1"'}, None),
        ({"ETag": 'W/"v1"', "Last_Modified": CHANGED, "Date": LATER}, None),
        ({"ETag": "v1"}, None),
        ({"ETag": '"a" "b"'}, None),
        ({"Last_Modified": CHANGED, "Date": CHANGED}, None),
        ({"Last_Modified": CHANGED}, None),
        ({"Last_Modified": "yesterday", "Date": LATER}, None),
        ({"Last_Modified": f"{CHANGED} (\N{SNOWMAN})", "Date": LATER}, None),
        ({"ETag": TAG, "Accept_Ranges": "none"}, None),
        ({}, None),
    ],
)
def test_only_a_strong_validator_lets_a_download_go_on(fields, if_range):
    found = Validator.of(headers(**fields))

    assert (None if found is None else found.if_range) == if_range


@pytest.mark.parametrize("text", ["", "v", 'W/"v"', '"a"\r\nX: y', '"\0"', '"\ud800"', f"{CHANGED}\n", "yesterday"])
def test_what_cannot_be_sent_is_no_validator(text):
    assert is_validator(TAG)
    assert is_validator(CHANGED)
    assert not is_validator(text)


def test_the_rest_is_requested_with_its_validator_or_not_at_all():
    assert HALF.headers == {"Range": "bytes=50-", "If-Range": TAG}
    assert Kept(50, 100).headers == {}
    assert Kept(0, 100, Validator(TAG)).headers == {}


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("bytes 50-99/100", ContentRange(50, 99, 100)),
        (" Bytes  0-0/* ", ContentRange(0, 0, None)),
        ("bytes */100", ContentRange(None, None, 100)),
        ("bytes */*", None),
        ("bytes 99-50/100", None),
        ("bytes 50-100/100", None),
        ("items 0-1/2", None),
        ("bytes 0-1/2, 3-4/5", None),
        ("bytes \N{ARABIC-INDIC DIGIT ONE}-2/3", None),
        ("", None),
    ],
)
def test_a_content_range_is_parsed_or_refused(text, parsed):
    assert parse_content_range(text) == parsed


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser_of_content_ranges(text):
    found = parse_content_range(text)

    assert found is None or found.first is None or (found.last is not None and found.first <= found.last)


@pytest.mark.parametrize(
    ("status", "fields", "kept", "action", "total"),
    [
        (200, {"Content_Length": "100"}, Kept(0), Action.RESTART, 100),
        (200, {"Content_Length": "100"}, HALF, Action.RESTART, 100),
        (200, {}, HALF, Action.RESTART, None),
        (200, {"Content_Length": "100", "Transfer_Encoding": "chunked"}, Kept(0), Action.RESTART, None),
        (206, {"Content_Range": "bytes 50-99/100", "ETag": TAG}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/100"}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/*"}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-79/100", "Content_Length": "30"}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/100", "ETag": '"v2"'}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 49-99/100", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 51-99/100", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-199/200", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-99/100", "Content_Length": "51"}, HALF, Action.UNFIT, None),
        (206, {"Content_Type": "multipart/byteranges; boundary=x"}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 0-99/100"}, Kept(0), Action.RESTART, 100),
        (206, {"Content_Range": "bytes 0-49/100"}, Kept(0), Action.UNFIT, None),
        (416, {"Content_Range": "bytes */50"}, Kept(50, None, Validator(TAG)), Action.COMPLETE, 50),
        (416, {"Content_Range": "bytes */50"}, HALF, Action.UNFIT, None),
        (416, {"Content_Range": "bytes */40"}, HALF, Action.UNFIT, None),
        (416, {}, HALF, Action.UNFIT, None),
    ],
)
def test_an_answer_is_believed_only_where_it_fits(status, fields, kept, action, total):
    assert continue_with(status, headers(**fields), kept) == Continuation(action, total)


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410, 429, 500, 503])
def test_what_carries_no_file_is_no_continuation(status):
    assert continue_with(status, headers(), HALF) is None


def test_a_416_without_a_requested_range_is_no_continuation():
    assert continue_with(416, headers(), Kept(0)) is None


def test_a_download_by_date_goes_on_under_the_same_date():
    kept = Kept(50, 100, Validator(CHANGED))
    same = headers(Content_Range="bytes 50-99/100", Last_Modified=CHANGED, ETag=TAG)
    other = headers(Content_Range="bytes 50-99/100", Last_Modified=LATER)

    assert continue_with(206, same, kept) == Continuation(Action.APPEND, 100)
    assert continue_with(206, other, kept) == Continuation(Action.UNFIT)


@given(
    st.integers(0, 200), st.integers(0, 200), st.one_of(st.none(), st.integers(1, 300)), st.integers(1, 150),
    st.one_of(st.none(), st.integers(1, 300)),
)  # fmt: skip
def test_bytes_are_appended_only_where_the_kept_ones_end(first, length, total, size, known):
    last = first + length
    kept = Kept(size, known, Validator(TAG))
    field = f"bytes {first}-{last}/{'*' if total is None else total}"

    plan = continue_with(206, headers(Content_Range=field, ETag=TAG), kept)

    if plan.action is Action.APPEND:
        assert first == size
        assert total is None or (last < total and known in {None, total})
