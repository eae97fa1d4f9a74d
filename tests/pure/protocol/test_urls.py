"""URLs: base URLs as people write them, and targets that are sent exactly as they were signed."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.urls import (
    DEFAULT_BASE_URL,
    _with_query,
    build_url,
    check_identifier,
    parse_base_url,
)

BASE = parse_base_url("https://om.example.com:8443/om")
JOB_PATH = "/groups/{project}/clusters/{cluster}/restoreJobs/{job}"


class TestBaseUrl:
    @pytest.mark.parametrize(
        ("text", "base"),
        [
            ("https://cloud.mongodb.com", "https://cloud.mongodb.com"),
            ("https://cloud.mongodb.com/", "https://cloud.mongodb.com"),
            ("https://cloud.mongodb.com:443", "https://cloud.mongodb.com"),
            ("http://om:80/", "http://om"),
            ("https://om:80/", "https://om:80"),
            ("http://om:8080", "http://om:8080"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/om/", "http://[::1]:8080/om"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
            ("HTTPS://OM.Example.COM/", "https://om.example.com"),
            ("https://om.example.com/prefix", "https://om.example.com/prefix"),
            ("https://om.example.com/two/parts//", "https://om.example.com/two/parts"),
            ("https://om.example.com/a%2Fb", "https://om.example.com/a%2Fb"),
            ("https://om.example.com/über", "https://om.example.com/%C3%BCber"),
            ("https://om.example.com/x@y:z", "https://om.example.com/x@y:z"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ],
    )
    def test_is_read(self, text, base):
        assert str(parse_base_url(text)) == base

    @pytest.mark.parametrize("prefix", ["", "/om", "/a/b"])
    @pytest.mark.parametrize(
        "printed",
        [
            "/api/public/v1.0",
            "/api/public/v1.0/",
            "/api/atlas/v1.0",
            "/api/atlas/v1.5",
            "/api/atlas/v2",
            "/api/atlas/v2//",
            "/api/atlas",
            "/api/public/",
        ],
    )
    def test_the_api_path_that_documents_print_may_be_there(self, prefix, printed):
        assert str(parse_base_url(f"https://om{prefix}{printed}")) == f"https://om{prefix}"

    @pytest.mark.parametrize("path", ["/apis", "/my-api", "/api/public/v1.0/groups", "/api/other", "/v1.0"])
    def test_only_an_api_path_at_the_end_is_cut_off(self, path):
        assert str(parse_base_url(f"https://om{path}")) == f"https://om{path}"

    def test_the_default_is_one(self):
        assert str(parse_base_url(DEFAULT_BASE_URL)) == DEFAULT_BASE_URL

    def test_reading_it_again_changes_nothing(self):
        for text in ("https://[::1]:8443/om", "https://om/a%2Fb", "https://om/%C3%A4"):
            assert str(parse_base_url(str(parse_base_url(text)))) == text

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "empty"),
            (" ", "whitespace"),
            (" https://om", "whitespace"),
            ("https://om\n", "whitespace"),
            ("https://o m", "whitespace"),
            ("https://om\u3000x", "whitespace"),
            ("https://om/\x00", "control characters"),
            ("https://om/\ud800", "control characters"),
            ("cloud.mongodb.com", "scheme"),
            ("om:8080/prefix", "scheme"),
            ("//om/prefix", "scheme"),
            ("/prefix", "scheme"),
            ("ftp://om", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("https://", "host"),
            ("https:///prefix", "host"),
            ("https:om", "host"),
            ("https://om:0", "port"),
            ("https://om:99999", "cannot be parsed"),
            ("https://om:port", "cannot be parsed"),
            ("https://[::1", "cannot be parsed"),
            ("https://om\\evil", "cannot be parsed"),
            ("https://key:secret@om", "credentials"),
            ("https://key@om", "credentials"),
            ("https://:@om", "credentials"),
            ("https://om?", "query"),
            ("https://om?x=1", "query"),
            ("https://om/prefix#", "fragment"),
            ("https://om#x", "fragment"),
        ],
    )
    def test_is_refused_with_a_sentence_that_says_how_to_write_it(self, text, said):
        with pytest.raises(ConfigError, match=said) as caught:
            parse_base_url(text)
        assert "https://host" in str(caught.value) or "DigestAuth" in str(caught.value)
        assert "secret@" not in str(caught.value)

    @given(
        st.text(max_size=30)
        | st.text(max_size=20).map("https://".__add__)
        | st.text(max_size=20).map("https://h/".__add__)
    )
    def test_any_text_is_a_base_url_or_a_config_error(self, text):
        try:
            base = parse_base_url(text)
        except ConfigError:
            return
        assert base.scheme in {"http", "https"}
        assert base.host
        assert base.user is None
        assert base.password is None
        assert not base.raw_query_string
        assert not base.raw_fragment
        target = build_url(base, "/groups")
        assert target.raw_path == (base.raw_path if base.raw_path != "/" else "") + "/groups"
        assert str(target).isascii()


class TestTargets:
    def test_a_path_goes_below_the_base(self):
        assert (
            str(build_url(BASE, "/api/public/v1.0/groups")) == "https://om.example.com:8443/om/api/public/v1.0/groups"
        )

    def test_names_fill_placeholders(self):
        url = build_url(BASE, JOB_PATH, project="p", cluster="c", job="j")
        assert url.raw_path == "/om/groups/p/clusters/c/restoreJobs/j"

    def test_names_are_percent_encoded(self):
        url = build_url(BASE, "/{cluster}", cluster="a b%2F;=&+é{job}:@!$'()*,~")
        assert url.raw_path == "/om/a%20b%252F%3B%3D%26%2B%C3%A9%7Bjob%7D%3A%40%21%24%27%28%29%2A%2C~"

    def test_a_name_is_not_filled_in_again(self):
        url = build_url(BASE, "/{project}/{job}", project="{job}", job="j")
        assert url.raw_path == "/om/%7Bjob%7D/j"

    @pytest.mark.parametrize(
        "path",
        [
            "/a%2Fb",
            "/a%20b",
            "/%7Bx%7D",
            "/a//b",
            "/a/",
            "/a:b@c",
            "/a;b=c,d",
            "/~x",
            "/a+b",
            "/a..b",
            "/..a",
            "/a.",
            "/v1.0/-_~.x",
        ],
    )
    def test_an_encoded_path_is_sent_as_it_stands(self, path):
        assert build_url(BASE, path).raw_path == "/om" + path

    @pytest.mark.parametrize(
        ("path", "sent"), [("/é", "/%C3%A9"), ("/a|b", "/a%7Cb"), ('/"', "/%22"), ("/\u3000", "/%E3%80%80")]
    )
    def test_what_a_target_cannot_hold_is_encoded(self, path, sent):
        assert build_url(BASE, path).raw_path == "/om" + sent

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "groups",
            "//evil.example/x",
            "https://evil.example/x",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a b",
            "/a\nb",
            "/a\x7fb",
            "/\ud800",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e%2e/b",
            "/a/%2E./b",
            "/a/.%2e",
            "/%2e",
        ],
    )
    def test_a_path_that_could_lead_elsewhere_is_refused(self, path):
        with pytest.raises(ConfigError, match="a path must start with one slash"):
            build_url(BASE, path)

    @pytest.mark.parametrize("name", ["", "a/b", "..", "a?b", "a#b", " a", "a\x00", "\ud800", None, 5])
    def test_a_name_that_could_lead_elsewhere_is_refused(self, name):
        with pytest.raises(ConfigError, match=r"^cluster "):
            build_url(BASE, "/clusters/{cluster}", cluster=name)

    @pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
    def test_the_paths_of_every_family_have_the_segments_they_say(self, family):
        for path in filter(None, (family.jobs_path, family.job_path, family.create_path, family.clusters_path)):
            url = build_url(BASE, family.api_path + path, project="p", cluster="c", job="j")
            assert "{" not in unquote(url.raw_path)
            assert url.raw_path.count("/") == 1 + (family.api_path + path).count("/")


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "sent"),
        [
            (None, ""),
            ({}, ""),
            ({"batchId": None}, ""),
            ({"pageNum": 1, "itemsPerPage": 500}, "pageNum=1&itemsPerPage=500"),
            ({"pretty": True, "envelope": False}, "pretty=true&envelope=false"),
            ({"a": ""}, "a="),
            ({"a": "b&c=d e+f/g?h#i%20é"}, "a=b%26c%3Dd%20e%2Bf%2Fg%3Fh%23i%2520%C3%A9"),
            ({"a&b=": "c"}, "a%26b%3D=c"),
            ({"b": 1, "a": 2}, "b=1&a=2"),
        ],
    )
    def test_is_written_in_order_and_encoded(self, query, sent):
        url = build_url(BASE, "/groups", query=query)
        assert url.raw_query_string == sent
        assert str(url) == "https://om.example.com:8443/om/groups" + (f"?{sent}" if sent else "")

    def test_is_not_that_of_an_equal_value_before(self):
        sent = [build_url(BASE, "/groups", query={"a": value}).raw_query_string for value in (1, True, "1", 0, False)]
        assert sent == ["a=1", "a=true", "a=1", "a=0", "a=false"]

    @pytest.mark.parametrize("value", [["x"], {}, 1.5])
    def test_of_another_type_is_refused_with_it(self, value):
        with pytest.raises(ConfigError, match=f"not {type(value).__name__}"):
            build_url(BASE, "/groups", query={"a": value})

    def test_of_texts_is_not_kept(self):
        kept = _with_query.cache_info().currsize
        build_url(BASE, "/groups", query={"a": "text of somebody", "b": 1})
        assert _with_query.cache_info().currsize == kept

    def test_is_that_of_its_own_base(self):
        other = parse_base_url("http://localhost:8080")
        urls = [str(build_url(base, "/groups", query={"a": 1})) for base in (BASE, other)]
        assert urls == ["https://om.example.com:8443/om/groups?a=1", "http://localhost:8080/groups?a=1"]

    @pytest.mark.parametrize("query", [{"a": 1.5}, {"a": b"x"}, {"a": ["x"]}, {"a": "\ud800"}, {"\udfff": 1}, {5: "x"}])
    def test_what_cannot_be_sent_is_refused(self, query):
        with pytest.raises(ConfigError):
            build_url(BASE, "/groups", query=query)


def takes(name):
    try:
        check_identifier("id", name)
    except ConfigError:
        return False
    return True


names = st.text(min_size=1, max_size=20) | st.text(st.sampled_from("./%2eE\\?#;:@{}&=+ ü"), min_size=1, max_size=12)


@given(project=names, cluster=names, job=names)
def test_no_name_changes_the_structure_of_a_path(project, cluster, job):
    given_names = {"project": project, "cluster": cluster, "job": job}
    if not all(map(takes, given_names.values())):
        with pytest.raises(ConfigError):
            build_url(BASE, JOB_PATH, **given_names)
        return

    url = build_url(BASE, JOB_PATH, **given_names)
    segments = url.raw_path.split("/")
    assert segments[:3] == ["", "om", "groups"]
    assert segments[4::2] == ["clusters", "restoreJobs"]
    assert [unquote(segment) for segment in segments[3::2]] == [project, cluster, job]
    # Nor does it when a proxy decodes once and resolves dots before it routes.
    assert not {".", ".."} & set(unquote(url.raw_path).split("/"))
    assert unquote(url.raw_path).count("/") == url.raw_path.count("/")
    assert (url.raw_query_string, url.raw_fragment) == ("", "")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)


@given(
    name=names.filter(takes),
    query=st.dictionaries(texts, texts | st.integers() | st.booleans() | st.none(), max_size=4),
)
def test_a_url_goes_over_the_wire_byte_for_byte(name, query):
    url = build_url(BASE, "/{cluster}", query=query, cluster=name)

    text = str(url)
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text
    assert text == f"https://om.example.com:8443{url.raw_path_qs}"
    assert str(URL(text, encoded=True)) == text
    wanted = [
        (key, str(value).lower() if isinstance(value, bool) else str(value))
        for key, value in query.items()
        if value is not None
    ]
    assert parse_qsl(url.raw_query_string, keep_blank_values=True, strict_parsing=bool(wanted)) == wanted
