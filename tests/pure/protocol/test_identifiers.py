"""Ids and names that become one segment of a path."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.urls import check_identifier


@pytest.mark.parametrize(
    "value",
    [
        "5b6212af90dc76637950a2c6",
        "Cluster0",
        "{CLUSTER-ID}",
        "a.b",
        "host:27017",
        "my cluster",
        "50%",
        "Zürich",
        "5b6211ff87d9d663c59d3feg",
        ".a",
    ],
)
def test_takes_what_can_be_one_segment(value):
    assert check_identifier("cluster id", value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "\t",
        " a",
        "a ",
        "a\n",
        ".",
        "..",
        "a..b",
        "../../groups",
        "a/b",
        "/",
        "a?b",
        "a#b",
        "a\\b",
        "a\x00b",
        "a\x1fb",
        "a\x7fb",
        "a\x85b",
        "a\ud800b",
        "\udfff",
    ],
)
def test_refuses_what_would_end_leave_or_change_the_path(value):
    with pytest.raises(ConfigError, match=r"^cluster id ") as caught:
        check_identifier("cluster id", value)

    assert "pass" in str(caught.value) or "strip" in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, b"abc", ["a"], True])
def test_refuses_what_is_no_text(value):
    with pytest.raises(ConfigError, match=f"must be a str, not {type(value).__name__}"):
        check_identifier("project id", value)


def test_says_which_piece_is_wrong():
    with pytest.raises(ConfigError, match=r"job id must not contain '#'"):
        check_identifier("job id", "a#b")


@given(st.text())
def test_what_is_taken_is_one_harmless_segment(value):
    try:
        taken = check_identifier("id", value)
    except ConfigError:
        return

    assert taken == value
    assert taken.encode("utf-8")
    assert not set(taken) & set("/\\?#\r\n\0")
    assert taken.strip() == taken != ""
    assert taken not in {".", ".."}


def test_control_characters_and_surrogates_are_refused():
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) in {"Cc", "Cs"}:
            with pytest.raises(ConfigError):
                check_identifier("cluster id", f"a{character}b")
