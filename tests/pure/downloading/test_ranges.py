"""Going on with a file where it was broken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.downloading.ranges import (
    Action,
    ContentRange,
    Kept,
    Representation,
    allows_ranges,
    continue_with,
    is_validator,
    parse_content_range,
)
from mongorestore_async.models import Headers

TAG = '"v1"'
CHANGED = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 10:00:01 GMT"
TAGGED = Representation(TAG, TAG)
HALF = Kept(50, 100, TAGGED)
DATED = Kept(50, 100, Representation(CHANGED, None, CHANGED))
BOTH = Kept(50, 100, Representation(TAG, TAG, CHANGED))


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
        ({}, None),
    ],
)
def test_only_a_strong_validator_lets_a_download_go_on(fields, if_range):
    assert Representation.of(headers(**fields)).strong == if_range


@pytest.mark.parametrize(("field", "allowed"), [("none", False), (" None ", False), ("bytes", True), (None, True)])
def test_a_server_may_rule_ranges_out(field, allowed):
    assert allows_ranges(headers(**({} if field is None else {"Accept_Ranges": field}))) is allowed
    kept = Kept(50, 100, TAGGED, ranges=allowed)
    assert bool(kept.headers) is allowed


@pytest.mark.parametrize("text", ["", "v", 'W/"v"', '"a"\r\nX: y', '"\0"', '"\ud800"', f"{CHANGED}\n", "yesterday"])
def test_what_cannot_be_sent_is_no_validator(text):
    assert is_validator(TAG)
    assert is_validator(CHANGED)
    assert not is_validator(text)


def test_the_rest_is_requested_with_its_validator_or_not_at_all():
    assert HALF.headers == {"Range": "bytes=50-", "If-Range": TAG}
    assert Kept(50, 100).headers == {}
    assert Kept(0, 100, TAGGED).headers == {}


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
        (200, {"Content_Length": "100", "Transfer_Encoding": "chunked"}, Kept(0), Action.RESTART, None),
        (206, {"Content_Range": "bytes 50-99/100", "ETag": TAG}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "BYTES 50-99/100", "ETag": TAG}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/*", "ETag": TAG}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-79/100", "Content_Length": "30", "ETag": TAG}, HALF, Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/100", "ETag": TAG}, Kept(50, None, TAGGED), Action.APPEND, 100),
        (206, {"Content_Range": "bytes 50-99/100", "ETag": '"v2"'}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 49-99/100", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 51-99/100", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-199/200", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-149/*", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-79/*", "ETag": TAG}, Kept(50, None, TAGGED), Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-99/100", "Content_Length": "51", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes */100", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Type": "multipart/byteranges; boundary=x", "ETag": TAG}, HALF, Action.UNFIT, None),
        (206, {"Content_Range": "bytes 50-99/100", "Content_Type": "Multipart/Byteranges", "ETag": TAG}, HALF,
         Action.UNFIT, None),
        (206, {"Content_Range": "bytes 0-99/100"}, Kept(0), Action.RESTART, 100),
        (206, {"Content_Range": "bytes 0-49/100"}, Kept(0), Action.UNFIT, None),
        (206, {"Content_Range": "bytes */100"}, Kept(0), Action.UNFIT, None),
        (206, {"Content_Range": "bytes 0-99/*"}, Kept(0), Action.UNFIT, None),
        (206, {}, Kept(0), Action.UNFIT, None),
        (416, {"Content_Range": "bytes */50"}, Kept(50, None, TAGGED), Action.COMPLETE, 50),
        (416, {"Content_Range": "bytes */50", "Content_Encoding": "gzip"}, Kept(50, None, TAGGED), Action.COMPLETE, 50),
        (416, {"Content_Range": "bytes */50", "ETag": '"v2"'}, Kept(50, None, TAGGED), Action.UNFIT, None),
        (416, {"Content_Range": "bytes */50"}, HALF, Action.UNFIT, None),
        (416, {"Content_Range": "bytes */40"}, HALF, Action.UNFIT, None),
        (416, {"Content_Range": "bytes */60"}, Kept(50, None, TAGGED), Action.UNFIT, None),
        (416, {}, HALF, Action.UNFIT, None),
    ],
)  # fmt: skip
def test_an_answer_is_believed_only_where_it_fits(status, fields, kept, action, total):
    plan = continue_with(status, headers(**fields), kept)

    assert (plan.action, plan.total) == (action, total)
    assert bool(plan.problem) is (action is Action.UNFIT)


@pytest.mark.parametrize(
    ("fields", "kept", "action", "total"),
    [
        # The tail, under 200: as an answer to a range, and as the very first one.
        ({"Content_Range": "bytes 50-99/100", "Content_Length": "50", "ETag": TAG}, HALF, Action.UNFIT, None),
        ({"Content_Range": "bytes 50-99/100", "ETag": TAG}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "bytes 0-49/100", "Content_Length": "50"}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "bytes 50-99/*", "Content_Length": "50"}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "pages 1-2/2", "Content_Length": "100"}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "bytes 0-99/100", "Content_Length": "99"}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "bytes */100", "Content_Length": "50"}, Kept(0), Action.UNFIT, None),
        ({"Content_Range": "bytes 0-99/100", "Content_Type": "multipart/byteranges"}, Kept(0), Action.UNFIT, None),
        # A range that is the whole.
        ({"Content_Range": "bytes 0-99/100", "Content_Length": "100"}, Kept(0), Action.RESTART, 100),
        ({"Content_Range": "bytes 0-99/100"}, Kept(0), Action.RESTART, 100),
        ({"Content_Range": "bytes */100", "Content_Length": "100"}, Kept(0), Action.RESTART, 100),
        # Shorter, longer or in chunks, under the validator of the bytes that are there.
        ({"Content_Length": "50", "ETag": TAG}, HALF, Action.UNFIT, None),
        ({"Content_Length": "101", "ETag": TAG}, HALF, Action.UNFIT, None),
        ({"Content_Length": "50", "Last_Modified": CHANGED}, DATED, Action.UNFIT, None),
        ({"Content_Length": "49", "ETag": TAG}, Kept(50, None, TAGGED), Action.UNFIT, None),
        ({"Content_Length": "50", "ETag": TAG}, Kept(50, None, TAGGED), Action.RESTART, 50),
        ({"Content_Length": "100", "ETag": TAG}, HALF, Action.RESTART, 100),
        ({"ETag": TAG}, HALF, Action.RESTART, 100),
        ({"ETag": TAG}, Kept(50, None, TAGGED), Action.RESTART, None),
        # Another version.
        ({"Content_Length": "50", "ETag": '"v2"'}, HALF, Action.RESTART, 50),
        ({"Content_Length": "50", "ETag": 'W/"v1"'}, HALF, Action.RESTART, 50),
        ({"Content_Length": "50", "ETag": TAG, "Last_Modified": LATER}, BOTH, Action.RESTART, 50),
        ({"Content_Length": "50", "ETag": TAG, "Content_Encoding": "gzip"}, HALF, Action.RESTART, 50),
        ({"Content_Length": "50"}, HALF, Action.RESTART, 50),
        ({"Content_Length": "50"}, Kept(50, 100), Action.RESTART, 50),
        ({"ETag": '"v2"'}, HALF, Action.RESTART, None),
    ],
)
def test_a_200_is_the_whole_file_or_nothing(fields, kept, action, total):
    plan = continue_with(200, headers(**fields), kept)

    assert (plan.action, plan.total, plan.until) == (action, total, total)


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"ETag": TAG, "Last_Modified": CHANGED}, Action.APPEND),
        ({"ETag": TAG}, Action.APPEND),
        ({"ETag": TAG, "Last_Modified": "Saturday, 21-Nov-26 10:00:00 GMT"}, Action.APPEND),
        ({"ETag": TAG, "Last_Modified": LATER}, Action.UNFIT),
        ({"ETag": TAG, "Last_Modified": "yesterday"}, Action.UNFIT),
        ({"ETag": '"v2"', "Last_Modified": CHANGED}, Action.UNFIT),
        ({"ETag": f"W/{TAG}", "Last_Modified": CHANGED}, Action.UNFIT),
        ({"ETag": TAG, "Last_Modified": CHANGED, "Content_Encoding": "gzip"}, Action.UNFIT),
        ({"ETag": TAG, "Content_Encoding": "identity"}, Action.APPEND),
        ({"Last_Modified": CHANGED}, Action.UNFIT),
        ({}, Action.UNFIT),
    ],
)
def test_every_validator_that_both_answers_have_agrees(fields, action):
    assert continue_with(206, headers(Content_Range="bytes 50-99/100", **fields), BOTH).action is action


def test_a_coding_goes_by_any_of_its_names():
    kept = Kept(50, 100, Representation.of(headers(ETag=TAG, Content_Encoding="X-GZIP")))

    assert kept.representation.encoding == "gzip"
    for coding, action in [("gzip", Action.APPEND), ("identity, gzip", Action.APPEND), ("br", Action.UNFIT)]:
        answer = headers(Content_Range="bytes 50-99/100", ETag=TAG, Content_Encoding=coding)
        assert continue_with(206, answer, kept).action is action


def test_two_ranges_in_one_head_are_none():
    fields = [("Content-Range", "bytes 50-99/100"), ("Content-Range", "bytes 0-99/100"), ("ETag", TAG)]

    assert continue_with(206, Headers(fields), HALF).action is Action.UNFIT
    assert continue_with(200, Headers(fields), Kept(0)).action is Action.UNFIT


def test_what_a_later_answer_adds_is_kept_too():
    first = continue_with(200, headers(ETag=TAG, Content_Length="100"), Kept(0)).representation
    answer = headers(Content_Range="bytes 50-79/100", ETag=TAG, Last_Modified=CHANGED)
    second = continue_with(206, answer, Kept(50, 100, first))

    assert (second.until, second.representation) == (80, Representation(TAG, TAG, CHANGED))
    answer = headers(Content_Range="bytes 80-99/100", ETag=TAG, Last_Modified=LATER)
    assert continue_with(206, answer, Kept(80, 100, second.representation)).action is Action.UNFIT


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410, 429, 500, 503])
def test_what_carries_no_file_is_no_continuation(status):
    assert continue_with(status, headers(), HALF) is None


def test_a_416_without_a_requested_range_is_no_continuation():
    assert continue_with(416, headers(), Kept(0)) is None


def test_a_download_by_date_goes_on_under_the_same_date():
    same = headers(Content_Range="bytes 50-99/100", Last_Modified=CHANGED, ETag=TAG)
    other = headers(Content_Range="bytes 50-99/100", Last_Modified=LATER)
    silent = headers(Content_Range="bytes 50-99/100")

    assert continue_with(206, same, DATED).action is Action.APPEND
    assert continue_with(206, other, DATED).action is Action.UNFIT
    assert continue_with(206, silent, DATED).action is Action.UNFIT


@given(
    st.integers(0, 200), st.integers(0, 200), st.one_of(st.none(), st.integers(1, 300)), st.integers(1, 150),
    st.one_of(st.none(), st.integers(1, 300)),
)  # fmt: skip
def test_bytes_are_appended_only_where_the_kept_ones_end(first, length, total, size, known):
    last = first + length
    kept = Kept(size, known, TAGGED)
    field = f"bytes {first}-{last}/{'*' if total is None else total}"

    plan = continue_with(206, headers(Content_Range=field, ETag=TAG), kept)

    if plan.action is Action.APPEND:
        assert first == size
        assert total is None or (last < total and known in {None, total})
