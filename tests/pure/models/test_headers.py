"""Header fields and what stands in them."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from mongorestore_async.models import Headers, Secret, ServiceVersion
from mongorestore_async.models.secret import REDACTED

FIELDS = [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-Error-Code", "E")]
NAMES = st.text("abcABC-", min_size=1, max_size=3)


class TestHeaders:
    def test_are_found_in_any_case(self):
        headers = Headers(FIELDS)

        assert headers["content-type"] == headers["CONTENT-TYPE"] == "application/json"
        assert "x-error-code" in headers
        assert headers.get("X-ERROR-CODE") == "E"
        assert "Missing" not in headers
        assert 5 not in headers
        with pytest.raises(KeyError):
            headers["Missing"]

    def test_keep_duplicates_in_order(self):
        headers = Headers(FIELDS)

        assert headers.getall("SET-COOKIE") == ("a=1", "b=2")
        assert headers["Set-Cookie"] == "a=1"
        assert headers.getall("Missing") == ()

    def test_are_iterated_by_distinct_name_as_first_spelt(self):
        headers = Headers(FIELDS)

        assert list(headers) == ["Content-Type", "Set-Cookie", "X-Error-Code"]
        assert len(headers) == 3
        assert dict(headers)["X-Error-Code"] == "E"

    @pytest.mark.parametrize(
        "name",
        [
            "Authorization",
            "Proxy-Authorization",
            "WWW-Authenticate",
            "Proxy-Authenticate",
            "Authentication-Info",
            "Proxy-Authentication-Info",
            "Set-Cookie",
            "Cookie",
        ],
    )
    def test_never_show_credentials(self, name, pickled):
        headers = Headers([(name, "Bearer 123456"), ("Date", "today")])

        assert "123456" not in repr(headers)
        assert "today" in repr(headers)
        assert type(headers[name]) is Secret
        assert headers[name] == "Bearer 123456"
        assert b"123456" not in pickled(headers)[0]

    def test_show_the_rest(self):
        assert repr(Headers([("A", "1"), ("a", "2")])) == "Headers([('A', '1'), ('A', '2')])"

    def test_compare_without_case_and_order_of_names(self):
        left = Headers([("A", "1"), ("B", "2")])
        right = Headers([("b", "2"), ("a", "1")])

        assert left == right
        assert hash(left) == hash(right)
        assert left != Headers([("A", "1")])
        assert left != {"A": "1", "B": "2"}

    def test_of_nothing_are_empty(self):
        assert not Headers()
        assert Headers() == Headers([])

    def test_survive_pickle(self, pickled):
        headers = Headers([("A", "1"), ("a", "2")])

        assert pickled(headers)[1] == headers

    def test_of_the_http_library_are_kept_as_they_are(self, pickled):
        received = CIMultiDictProxy(CIMultiDict(FIELDS))
        headers = Headers(received)

        assert headers._fields is received
        assert headers == Headers(FIELDS)
        assert type(headers.get("set-cookie")) is Secret
        assert copy.deepcopy(headers) == headers
        assert pickled(headers)[1].getall("Set-Cookie") == (REDACTED, REDACTED)

    @given(st.lists(st.tuples(NAMES, st.text(max_size=3))))
    def test_lose_no_field(self, fields):
        headers = Headers(fields)
        kept = [value for name in headers for value in headers.getall(name)]

        assert sorted(kept) == sorted(value for _, value in fields)
        assert len(headers) == len({name.lower() for name, _ in fields})
        for name, _ in fields:
            assert headers[name] == next(value for other, value in fields if other.lower() == name.lower())


class TestSeedHeaders:
    def test_ops_manager_and_cloud_manager_tell_their_version(self, seed):
        headers = Headers(seed("headers_200_ops_cloud_manager")["headers"].items())
        version = ServiceVersion.parse(headers["x-mongodb-service-version"])

        assert version.git_hash == "{gitHash}"
        assert version.version == "{ApplicationVersion}"
        assert headers["content-type"] == "application/json"
        assert headers["strict-transport-security"] == "max-age=300"

    def test_the_atlas_block_has_no_version(self, seed):
        headers = Headers(seed("headers_200_atlas")["headers"].items())

        assert headers.get("X-MongoDB-Service-Version") is None
        assert len(headers) == 6

    def test_the_challenge_is_readable_and_hidden(self, seed):
        headers = Headers(seed("headers_401")["headers"].items())

        assert headers["www-authenticate"].startswith('Digest realm="MMS Public API"')
        assert "{nonce}" in headers["www-authenticate"]
        assert "{nonce}" not in repr(headers)


def test_get_finds_the_first_field_in_any_case_or_the_default():
    headers = Headers([("X-Page", "1"), ("x-page", "2"), ("X-Empty", "")])

    assert (headers.get("x-PAGE"), headers.get("X-Page", "no")) == ("1", "1")
    assert (headers.get("X-Empty", "no"), headers.get("other"), headers.get("other", 7)) == ("", None, 7)


class TestServiceVersion:
    def test_is_read_in_any_order_and_case(self):
        version = ServiceVersion.parse("VERSIONSTRING = 8.0.1.500 ; extra=1;githash=abc=def;")

        assert version == ServiceVersion(
            git_hash="abc=def", version="8.0.1.500", raw="VERSIONSTRING = 8.0.1.500 ; extra=1;githash=abc=def;"
        )

    @pytest.mark.parametrize("header", ["", ";", "gitHash", "gitHash=; versionString=", "=;="])
    def test_is_none_where_nothing_is_told(self, header):
        assert ServiceVersion.parse(header) == ServiceVersion(git_hash=None, version=None, raw=header)

    def test_takes_the_first_of_two(self):
        assert ServiceVersion.parse("versionString=1;versionString=2").version == "1"

    @given(st.text())
    def test_never_fails(self, header):
        assert ServiceVersion.parse(header).raw == header
