"""Which names of hosts the board answers to."""

from __future__ import annotations

import pytest

from mongorestore_async import ConfigError
from mongorestore_async.board.safeguards import HEADERS, allowed_hosts, is_allowed


@pytest.mark.parametrize(
    "header", ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:1", "localhost.", "Board.Example.com:443"]
)
def test_names_of_loopback_and_those_given_are_allowed(header):
    assert is_allowed(header, allowed_hosts(["board.example.COM"]))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "evil.example.com",
        "localhost.evil.example.com",
        "localhost:80@evil",
        "evil@localhost",
        "localhost:x",
        "[::1",
        "localhost/",
        "a b",
    ],
)
def test_other_names_are_refused(header):
    assert not is_allowed(header, allowed_hosts(["board.example.com"]))


@pytest.mark.parametrize("name", ["http://board", "board:80", "board/x", "", "*", "a b"])
def test_what_is_no_name_is_told(name):
    with pytest.raises(ConfigError, match="no name of a host"):
        allowed_hosts([name])


def test_a_text_is_not_taken_for_a_list_of_letters():
    with pytest.raises(ConfigError, match="must be a list"):
        allowed_hosts("board")


@pytest.mark.parametrize("name", ["fd00::1", "[fd00::1]"])
def test_an_address_of_ip_6_may_have_brackets_or_not(name):
    assert is_allowed("[FD00::1]:8080", allowed_hosts([name]))


def test_the_policy_lets_in_nothing_foreign_or_inline():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))

    assert policy.pop("default-src") == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
