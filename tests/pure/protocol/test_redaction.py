"""Secrets do not survive the one place where text is made fit to be shown; everything else does."""

from __future__ import annotations

import base64
import itertools
import json
import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from mongorestore_async.auth.challenges import choose_challenge
from mongorestore_async.auth.credentials import DigestAuth
from mongorestore_async.auth.digest import answer
from mongorestore_async.models.secret import REDACTED, SECRET_FIELDS
from mongorestore_async.protocol.redaction import (
    EXCERPT_LENGTH,
    MESSAGE_LENGTH,
    excerpt,
    one_line,
    redact_text,
    redact_url,
)

#: Secrets are made of these and nothing else is, so that any piece of one is found.
LETTERS = "QZJ"
LEAK = re.compile(f"[{LETTERS}]{{3}}")

secrets = st.text(st.sampled_from(LETTERS), min_size=12, max_size=40)
awkward = st.lists(secrets, min_size=1, max_size=3).flatmap(
    lambda pieces: st.sampled_from(['"', "\\", '\\"', "/", "]", "}", ", ", "\n", "é", "'", "&"]).map(
        lambda glue: glue.join(pieces)
    )
)
fields = st.sampled_from(sorted(SECRET_FIELDS))


def documents(values):
    return st.builds(
        lambda name, value, shape: {"id": "5b6212af", name: shape(value), "statusName": "FINISHED"},
        fields,
        values,
        st.sampled_from(
            [lambda value: value, lambda value: [value], lambda value: ["x", value], lambda value: {"v": value}]
        ),
    )


def cut(draw, text):
    """Cut a text off anywhere, or not at all."""
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


class TestPlantedSecrets:
    @given(
        documents(awkward),
        st.sampled_from([None, 2]),
        st.booleans(),
        st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
        st.data(),
    )
    def test_members_of_json_documents(self, document, indent, ascii_only, separators, data):
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only, separators=separators)
        assert not LEAK.search(redact_text(cut(data.draw, text)))

    @given(documents(secrets), st.data())
    def test_members_of_json_inside_a_text_of_json(self, document, data):
        text = json.dumps({"detail": json.dumps(document)})
        assert not LEAK.search(redact_text(cut(data.draw, text)))

    @given(documents(secrets), st.data())
    def test_members_as_python_shows_them(self, document, data):
        assert not LEAK.search(redact_text(cut(data.draw, repr(document))))

    @given(secrets, st.sampled_from(["v2", "v3", "V2"]), st.booleans(), st.data())
    def test_the_key_in_a_download_link(self, secret, version, escaped, data):
        link = f"https://api-backup.mongodb.com:443/backup/restore/{version}/pull/5b62/{secret}==/rs0-1533.tar.gz"
        text = f'moved to <a href="{link}">here</a>, see {link} and go on'
        text = text.replace("/", "\\/") if escaped else text
        assert not LEAK.search(redact_text(cut(data.draw, text)))

    @given(secrets, st.sampled_from(["", ":27017", ":443"]), st.booleans(), st.data())
    def test_the_token_in_the_path_of_a_restore_host(self, secret, port, escaped, data):
        text = f"see https://restore-5f3b.a1b2c.mongodb.net{port}/{secret}/rs0.tar.gz?x={secret} and go on"
        text = text.replace("/", "\\/") if escaped else text
        shown = redact_text(cut(data.draw, text))
        assert not LEAK.search(shown)

    @given(
        secrets,
        st.sampled_from(
            [
                "X-Amz-Signature",
                "X-Amz-Security-Token",
                "x-amz-credential",
                "X-Goog-Signature",
                "Signature",
                "sig",
                "token",
                "access_token",
            ]
        ),
        st.sampled_from(["&", "&amp;", "\\u0026"]),
        st.data(),
    )
    def test_presigned_links(self, secret, name, separator, data):
        link = f"https://b.s3.amazonaws.com/snap.tgz?X-Amz-Date=20260801{separator}{name}={secret}{separator}x=1"
        assert not LEAK.search(redact_text(cut(data.draw, f"see {link} and go on")))

    @given(secrets)
    def test_forms(self, secret):
        assert not LEAK.search(redact_text(f"client_secret={secret}&grant_type=client_credentials"))

    @given(secrets, st.sampled_from(["https", "http", "mongodb", "mongodb+srv"]), st.sampled_from(["", "@", ":"]))
    def test_the_user_part_of_a_url(self, secret, scheme, inside):
        shown = redact_text(f"cannot reach {scheme}://user:{secret}{inside}{secret}@om.example.com:8443/path")
        assert not LEAK.search(shown)
        assert "om.example.com:8443/path" in shown

    @given(
        secrets,
        st.sampled_from(["Bearer", "bearer", "Basic", "BASIC"]),
        st.sampled_from(["", "Authorization: ", "got "]),
    )
    def test_tokens_behind_their_scheme(self, secret, scheme, before):
        assert not LEAK.search(redact_text(f"{before}{scheme} {secret}== and go on"))

    @given(secrets)
    def test_secrets_of_service_accounts(self, secret):
        assert not LEAK.search(redact_text(f"secret mdb_sa_sk_{secret} was refused"))

    @given(
        secrets,
        st.sampled_from(["Authorization", "authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"]),
        st.sampled_from(["{}: {}", '"{}": "{}"', "'{}': '{}'", "{} = {}", '\\"{}\\": \\"{}\\"']),
    )
    def test_header_lines(self, secret, name, form):
        assert not LEAK.search(redact_text("GET / HTTP/1.1\r\n" + form.format(name, f"sid={secret}; {secret}")))

    @pytest.mark.parametrize(
        "form", ["{}", "Authorization: {}", '"Authorization": {!r}', "<td>Authorization</td><td>{}</td>"]
    )
    def test_a_digest_answer(self, form):
        challenge = choose_challenge(['Digest realm="r", nonce="n", qop="auth"'])
        key = DigestAuth("public", "private")
        value = answer(
            challenge, username=key.public_key, password=key.private_key, method="GET", uri="/", nc=1, cnonce="c"
        )
        response = re.search('response="([0-9a-f]{32})"', value)[1]
        assert response not in redact_text(form.format(str(value)))

    def test_the_rest_of_a_document_stays(self):
        text = json.dumps({"id": "1", "url": "hidden", "statusName": "READY", "deliveryUrl": ["a", "b"], "links": []})
        assert json.loads(redact_text(text)) == {
            "id": "1",
            "url": REDACTED,
            "statusName": "READY",
            "deliveryUrl": REDACTED,
            "links": [],
        }

    def test_a_number_is_hidden_and_null_and_booleans_are_shown(self):
        assert json.loads(redact_text('{"token": 12345, "url": null, "password": false}')) == {
            "token": REDACTED,
            "url": None,
            "password": False,
        }


class TestHarmlessText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "The specified group ID was not found: 5196d3628d022db4cbc26d9e.",
            "https://cloud.mongodb.com/api/atlas/v1.0/groups/1/clusters/c/backup/restoreJobs/2?pageNum=1&pretty=true",
            "https://om.example.com:8443/api/public/v1.0/groups/1/clusters/2/restoreJobs",
            "IP address 203.0.113.7 is not allowed to access this resource.",
            '{"error":404,"errorCode":"RESTORE_JOB_NOT_FOUND","reason":"Not Found","parameters":["5b62"]}',
            "<html><body>502 Bad Gateway</body></html>",
            "mail admin@example.com about it",
            "Basic",
            "an urlV2 or a token: none",
        ],
    )
    def test_is_shown_as_it_is(self, text):
        assert redact_text(text) == text

    def test_redacting_twice_hides_no_more(self):
        text = '{"url": "x", "authValue": ["y"]} Authorization: Basic abcdefghijk\nhttps://a:b@h/?sig=z'
        assert redact_text(redact_text(text)) == redact_text(text)

    @given(st.text())
    def test_any_text_is_taken(self, text):
        assert isinstance(redact_text(text), str)


class TestTime:
    @pytest.mark.parametrize(
        ("before", "piece"),
        [
            ('"url":', " "),
            ('"url"', " "),
            ('"url":"', "\\"),
            ('"url":[', '"'),
            ('"url":["', "\\x"),
            ("'url':", "["),
            ("", "\\"),
            ("", '\\"url\\":'),
            (":", "\\"),
            ("https://", "a"),
            ("", "a@"),
            ("https://restore", "a"),
            ("", "https://restore"),
            ("backup/restore/v2/pull/", "%2F"),
            ("Bearer", " "),
            ("", "Digest "),
            ("Digest ", "a"),
            ("authorization", " "),
            ("authorization", "\\"),
            ("&X-Amz-", "a"),
            ("", "&X-Amz-a"),
        ],
    )
    def test_hostile_text_takes_linear_time(self, before, piece):
        start = process_time()
        redact_text(before + piece * (200_000 // len(piece)) + "x")
        # It takes a tenth of a second, and minutes when anything is tried twice.
        assert process_time() - start < 5


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://h/a/b", "https://h/a/b"),
            ("https://h:8443/a?pageNum=1&pretty=true", "https://h:8443/a?pageNum=1&pretty=true"),
            ("https://key:secret@h/a", "https://h/a"),
            ("https://h/a?token=secret&b=1", f"https://h/a?token={REDACTED}&b=1"),
            ("https://h/a?b=1&url=", f"https://h/a?b=1&url={REDACTED}"),
            ("https://h/a?%74oken=secret", f"https://h/a?%74oken={REDACTED}"),
            ("https://h/a?client_secret=secret", f"https://h/a?client_secret={REDACTED}"),
            ("https://h/a?X-Amz-Signature=secret", f"https://h/a?X-Amz-Signature={REDACTED}"),
            ("https://h/backup/restore/v2/pull/1/secret/f.tar.gz", f"https://h/backup/restore/v2/pull/{REDACTED}"),
            ("https://h/a?b", "https://h/a?b="),
            ("https://h/a?&&b=1&", "https://h/a?b=1"),
            ("https://h/a%2Fb?c=%26", "https://h/a%2Fb?c=%26"),
            ("/a/b?token=secret", f"/a/b?token={REDACTED}"),
            ("https://h/a#secret", "https://h/a"),
        ],
    )
    def test_keep_what_is_harmless(self, url, shown):
        assert redact_url(URL(url, encoded=True)) == shown

    @given(secrets, fields)
    def test_never_show_a_secret_parameter(self, secret, name):
        assert not LEAK.search(redact_url(URL(f"https://u:{secret}@h/a?x=1&{name}={secret}&y=2", encoded=True)))


class TestExcerpts:
    def test_short_text_is_shown_whole(self):
        assert excerpt(b"<html>\n  <b>Login</b>\r\n</html>") == "<html> <b>Login</b> </html>"

    def test_nothing_is_shown_of_nothing(self):
        assert excerpt(b"") == excerpt(b" \n\t ") == ""

    def test_bytes_that_are_no_text_are_marked(self):
        assert excerpt(b"a\xffb") == "a\ufffdb"

    @pytest.mark.parametrize("length", [EXCERPT_LENGTH, EXCERPT_LENGTH + 1, 10**6])
    def test_long_text_is_cut(self, length):
        shown = excerpt(b"x" * length)
        assert shown == "x" * EXCERPT_LENGTH + ("..." if length > EXCERPT_LENGTH else "")

    @given(st.binary(max_size=6000))
    def test_are_bounded_and_one_printable_line(self, body):
        shown = excerpt(body)
        assert len(shown) <= EXCERPT_LENGTH + 3
        assert shown.isprintable()

    @given(secrets, st.integers(0, EXCERPT_LENGTH + 20))
    def test_a_secret_on_the_edge_is_not_shown_in_half(self, secret, before):
        body = b" " + b"x" * before + b' {"authValue": "' + secret.encode() + b'"}'
        assert not LEAK.search(excerpt(body))

    @given(secrets, st.integers(EXCERPT_LENGTH * 20 - 60, EXCERPT_LENGTH * 20))
    def test_a_secret_on_the_edge_of_what_is_read_is_not_shown(self, secret, blanks):
        assert not LEAK.search(excerpt(b" " * blanks + b'{"authValue": "' + secret.encode() + b'"}'))

    def test_lines_are_made_of_texts_with_anything_in_them(self):
        assert one_line("a\x1b[31mb\u2028c\ud800d\ne") == "a [31mb c d e"
        assert one_line("x" * 10**6) == "x" * MESSAGE_LENGTH + "..."
        assert one_line("a b", 2) == "a ..."

    def test_a_header_of_basic_login_is_not_shown(self):
        token = base64.b64encode(b"public:private-key").decode()
        assert token not in excerpt(f"Authorization: Basic {token}".encode())


#: What a URL is made of, and what a secret in it is known by.
PIECES = [
    *["http://", "https://", "host", "h:80", "restore", "authorization", "cookie", ":8080", "user@", "/", "//", "%2F"],
    *["/backup/restore/v2/pull/", "backup", "pull", "mdb_sa_sk_", "QZJ", "a-b.c", "?", "&", "=", ";"],
    *["pageNum=1", "batchId=", "envelope", "url=", "token=", "sig=", "X-Amz-Date=", "Signature=", "Bearer", "+", "%22"],
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_redacted_url_has_nothing_left_to_redact(target):
    for start in ("http://", "https://host/api/public/v1.0/groups/", "https://host:443/?pageNum=1&"):
        try:
            url = URL(start + target, encoded=True)
            shown = redact_url(url)
        except ValueError:  # no URL
            continue
        assert redact_text(shown) == shown


def test_secret_names_are_found_whatever_stands_between():
    for name, blank in itertools.product(SECRET_FIELDS, ["", " ", "\n", "\t  "]):
        assert "hidden" not in redact_text(f'{{"{name}"{blank}:{blank}"hidden"}}')


@pytest.mark.parametrize(
    "body",
    [
        '{"urlV3": "https://host/%s"}',
        '{"downloadUrls": ["s3://host/%s", "s3://host/%s"]}',
        '{"place":"https://host/%s"}',
        '{"places": ["https:\\/\\/host\\/%s", 1, "https://host/%s"]}',
        '{"place": "HTTPS://host/%s',
        '{"downloadToken": "%s"}',
        '{"authValueV2": ["%s"]}',
        "?downloadToken=%s&a=b",
    ],
)
def test_a_link_under_any_name_is_redacted(body):
    key = "OTY0ZmFiNmEzZjEz"

    assert key not in redact_text(body.replace("%s", key))


def test_links_between_documents_are_shown():
    text = '{"links": [{"href":"https://host/a","rel": "http://host/b"}], "name": "a"}'

    assert redact_text(text) == text
