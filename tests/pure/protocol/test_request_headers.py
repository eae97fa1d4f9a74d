"""Request headers of users: which ones travel, and that their values are shown nowhere."""

from __future__ import annotations

import pickle
import traceback
from collections import UserDict

import pytest

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import hide
from mongorestore_async.protocol.request_headers import check_headers, with_headers

SECRET = "k3yOfNobody"

OWN = [
    *("Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "Host", "User-Agent", "Accept", "Content-Type"),
    *("Accept-Encoding", "Content-Encoding", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Expect"),
    *("Connection", "Keep-Alive", "Proxy-Connection", "Upgrade", "HTTP2-Settings"),
    *("If-None-Match", "If-Modified-Since", "If-Range", "Range"),
    *("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"),
]


@pytest.mark.parametrize("spell", [str, str.lower, str.upper, str.swapcase])
@pytest.mark.parametrize("name", OWN)
def test_headers_of_the_session_itself_are_refused(name, spell):
    with pytest.raises(ConfigError, match=f"headers contains {spell(name)}: ") as caught:
        check_headers(hide({"X-Ok": "1", spell(name): SECRET}))

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Request-Id", "7"),
        ("x-api-key", SECRET),
        ("Use-Effective-Instance-Fields", "true"),
        ("Accept-Language", "de, en;q=0.5"),
        ("If-Match", '"v1"'),
        ("traceparent", "00-0af7-b7ad-01"),
        ("X-Empty", ""),
        ("X_1!#$%&'*+.^`|~", "a\tb  c"),
    ],
)
def test_other_headers_travel_as_they_are(name, value):
    checked = check_headers(hide({name: value}))

    assert dict(checked) == {name: value}
    assert dict(with_headers({"Accept": "a"}, checked)) == {"Accept": "a", name: value}


@pytest.mark.parametrize("make", [dict, UserDict])
def test_they_are_copied(make):
    given = make({"X-A": "1"})
    checked = check_headers(hide(given))
    given["X-A"] = given["Host"] = "2"

    assert dict(checked) == {"X-A": "1"}


@pytest.mark.parametrize(
    "name", ["", " ", "X A", "X:", ":path", "X\r\nHost", "Ä", "X-Ä", "X\x00", "a/b", "a\n", None, 7, b"X-A"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ConfigError, match="headers contains a name that is none") as caught:
        check_headers(hide({name: SECRET}))

    assert SECRET not in str(caught.value)


def test_a_value_in_place_of_a_name_is_not_shown():
    with pytest.raises(ConfigError) as caught:
        check_headers(hide({f"Bearer {SECRET}": "X-Token"}))

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        *(f"{SECRET}\r\nHost: evil", f"{SECRET}\n", f"{SECRET}\r", f"{SECRET}\x00", f"{SECRET}\x7f", f"{SECRET}\x1b["),
        *(f" {SECRET}", f"{SECRET} ", f"{SECRET}\t", f"{SECRET}ü", f"{SECRET}€", f"{SECRET}\ud800", f"{SECRET}\x85"),
        *(SECRET.encode(), None, 7, True, [SECRET]),
    ],
)
def test_a_value_that_cannot_travel_is_refused(value):
    with pytest.raises(ConfigError, match=r"headers\['X-Key'\] must be a str of printable ASCII") as caught:
        check_headers(hide({"X-Key": value}))

    assert SECRET not in str(caught.value)


def test_one_name_in_two_spellings_is_refused():
    with pytest.raises(ConfigError, match="headers contains x-key twice"):
        check_headers(hide({"X-Key": "1", "x-key": "2"}))


@pytest.mark.parametrize("headers", [[("X-Key", SECRET)], SECRET, 7, {SECRET}], ids=["pairs", "text", "number", "set"])
def test_they_must_be_a_dict(headers):
    with pytest.raises(ConfigError, match="headers must be a dict of names and values, not ") as caught:
        check_headers(hide(headers))

    assert SECRET not in str(caught.value)


def test_values_show_nowhere():
    checked = check_headers(hide({"X-Key": SECRET}))
    try:
        check_headers(hide({"X-Key": SECRET, "Host": "x"}))
    except ConfigError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())

    for text in (repr(checked), str(checked), repr(checked["X-Key"]), repr(dict(checked)), str(pickle.dumps(checked))):
        assert SECRET not in text
    assert SECRET not in shown.replace(repr({"X-Key": SECRET, "Host": "x"}), "")
