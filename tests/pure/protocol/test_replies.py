"""From answers of every kind to documents, or to errors that say what went wrong."""

from __future__ import annotations

import copy
import gzip
import json
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import (
    ApiError,
    BadRequest,
    Conflict,
    DataError,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    RestoreError,
    ServerError,
)
from mongorestore_async.models import Headers, ServiceVersion
from mongorestore_async.models.secret import REDACTED
from mongorestore_async.protocol.redaction import EXCERPT_LENGTH, MESSAGE_LENGTH
from mongorestore_async.protocol.replies import RawReply, Reply, error_code_of, is_error_document, is_own, read_reply

CONTEXT = RequestContext(method="GET", url="https://om.example.com/api/public/v1.0/groups", family="ops-manager")
DELETE = RequestContext(method="DELETE", url=CONTEXT.url)
JSON = ("Content-Type", "application/json")
ERROR = {
    "error": 404,
    "reason": "Not Found",
    "detail": "No restore job with ID 5b62 was found.",
    "errorCode": "RESTORE_JOB_NOT_FOUND",
    "parameters": ["5b62", 7, None, {"a": 1}],
}


def raw(body, status=200, *headers, reason="", request=CONTEXT):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return RawReply(status=status, reason=reason, headers=Headers(headers or (JSON,)), body=body, request=request)


def refused(body, status=400, *headers, kind=ApiError, enveloped=False, **more):
    """Read an error answer and give the error."""
    with pytest.raises(kind) as caught:
        read_reply(raw(body, status, *headers, **more), enveloped=enveloped)
    return caught.value


class TestDocuments:
    @pytest.mark.parametrize("document", [{"id": "1"}, {"results": []}, [], [1], "text", 5, None, True])
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
    def test_any_json_of_any_success_is_the_document(self, document, status):
        reply = read_reply(raw(document, status))
        assert reply.document == document
        assert reply.status == status
        assert reply.request is CONTEXT

    def test_headers_are_kept_whole(self):
        answer = raw({}, 200, JSON, ("X-A", "1"), ("x-a", "2"))
        assert read_reply(answer).headers.getall("X-A") == ("1", "2")

    @pytest.mark.parametrize(
        ("headers", "version"),
        [
            ([JSON], None),
            (
                [("x-mongodb-service-version", "gitHash=abc; versionString=8.0.1.500")],
                ServiceVersion(git_hash="abc", version="8.0.1.500", raw="gitHash=abc; versionString=8.0.1.500"),
            ),
        ],
    )
    def test_the_service_version_is_read_where_it_is_sent(self, headers, version):
        assert read_reply(raw({}, 200, *headers)).service_version == version

    def test_the_header_sets_of_the_documents_are_read(self, seed):
        for name, told in (("headers_200_ops_cloud_manager", True), ("headers_200_atlas", False)):
            reply = read_reply(raw({}, 200, *seed(name)["headers"].items()))
            assert (reply.service_version is not None) is told

    @pytest.mark.parametrize("body", [b"", b"  \r\n"])
    def test_a_204_has_no_document(self, body):
        assert read_reply(raw(body, 204)).document is None

    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_a_cancel_may_succeed_without_a_document(self, status):
        assert read_reply(raw(b"", status, request=DELETE)).document is None

    @pytest.mark.parametrize("body", [b"{}", b' {"a": "\xc3\xa9"}\n', b"\xef\xbb\xbf[1]"])
    def test_blanks_and_byte_order_marks_do_not_matter(self, body):
        assert read_reply(raw(body)).document == json.loads(body.decode("utf-8-sig"))

    def test_large_whole_numbers_stay_exact(self):
        assert read_reply(raw(b"[9007199254740993, 123456789012345678901234567890]")).document == [
            9007199254740993,
            123456789012345678901234567890,
        ]

    def test_the_body_is_in_no_picture(self):
        answer = raw({"url": "SECRET"})
        assert "SECRET" not in repr(answer) + repr(read_reply(answer))

    def test_the_call_is_made_once_and_only_where_it_is_looked_at(self):
        made = []

        def make():
            made.append(1)
            return RequestContext(method="GET", url=CONTEXT.url, family="ops-manager")

        answer = raw({"id": "1"}, request=make)
        reply, same = read_reply(answer), read_reply(answer)
        assert (reply.status, reply.document, made) == (200, {"id": "1"}, [])
        assert reply.request is reply.request
        assert made == [1]
        assert same == reply
        assert attrs.asdict(same, recurse=False)["request"] == CONTEXT
        assert attrs.evolve(read_reply(answer), status=201).request == CONTEXT
        assert pickle.loads(pickle.dumps(read_reply(answer))).request == CONTEXT  # noqa: S301
        assert answer.request is answer.request

    def test_a_reply_has_no_other_attribute(self):
        with pytest.raises(AttributeError, match="nothing"):
            read_reply(raw({})).nothing  # noqa: B018

    def test_a_copy_keeps_the_document_and_a_pickle_no_secret(self):
        reply = read_reply(raw({"id": "1", "url": "SECRET"}))
        assert copy.copy(reply) is reply
        deep = copy.deepcopy(reply)
        assert deep.document == reply.document
        assert deep.document is not reply.document
        stored = pickle.dumps(reply)
        assert b"SECRET" not in stored
        again = pickle.loads(stored)  # noqa: S301
        assert (again.status, again.headers, again.request) == (200, reply.headers, CONTEXT)
        assert again.document == {"id": "1", "url": REDACTED}


class TestCharsets:
    TEXT = "é€"

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "application/json; charset=utf8",
            "application/json; Charset = UTF-8 ; x=y",
            "application/vnd.atlas.2023-01-01+json;charset=utf-8",
            "application/json; charset=",
            "application/json; charset",
            "application/json; charset=nonsense",
            "application/json; charset=iso-8859-99",
            "text/html",
            "",
        ],
    )
    def test_the_charset_is_utf_8_unless_another_is_named(self, content_type):
        body = json.dumps(self.TEXT, ensure_ascii=False).encode()
        assert read_reply(raw(body, 200, ("Content-Type", content_type))).document == self.TEXT

    def test_without_a_content_type_it_is_utf_8_too(self):
        answer = RawReply(status=200, reason="", headers=Headers(), body='"é"'.encode(), request=CONTEXT)
        assert read_reply(answer).document == "é"

    @pytest.mark.parametrize(
        ("charset", "codec"),
        [
            ("ISO-8859-1", "latin-1"),
            ("iso-8859-15", "iso-8859-15"),
            ("latin1", "latin-1"),
            ("windows-1252", "cp1252"),
            ("cp1250", "cp1250"),
            ("utf-16", "utf-16"),
            ("UTF-16LE", "utf-16-le"),
            ("utf_32", "utf-32"),
        ],
    )
    def test_an_encoding_that_is_named_is_honoured(self, charset, codec):
        body = '{"a": "é"}'.encode(codec)
        assert read_reply(raw(body, 200, ("Content-Type", f"application/json;charset={charset}"))).document == {
            "a": "é"
        }

    @pytest.mark.parametrize("charset", ["us-ascii", "ascii", "utf-32"])
    def test_a_body_that_is_not_in_it_is_read_as_utf_8(self, charset):
        assert read_reply(raw('"é"'.encode(), 200, ("Content-Type", f"a/b; charset={charset}"))).document == "é"

    @pytest.mark.parametrize(
        "charset",
        [
            "undefined",
            "idna",
            "punycode",
            "unicode_escape",
            "rot13",
            "base64",
            "zlib",
            "a" * 10_000,
            "utf\udc80",
            "\x00",
            "utf-7",
        ],
    )
    def test_codecs_that_only_python_knows_are_ignored(self, charset):
        body = b'"\\u0041+ADw-"'
        assert read_reply(raw(body, 200, ("Content-Type", f"application/json; charset={charset}"))).document == "A+ADw-"

    def test_the_answer_of_the_documents_is_read(self, seed):
        headers = tuple(seed("headers_401")["headers"].items())
        assert refused(ERROR, 401, *headers, kind=Forbidden).error_code == "RESTORE_JOB_NOT_FOUND"


class TestNotJson:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "the body is empty"),
            (b"   ", "the body is empty"),
            (b"<html><title>Sign in</title></html>", "Expecting value at character 0 of 35"),
            (b'{"results": [', "Expecting value at character 13 of 13"),
            (b'{"a": "b', "Unterminated string"),
            (b"{} {}", "Extra data"),
            (b"{'a': 1}", "property name"),
            (b'{"a": NaN}', "an invalid number"),
            (b"[Infinity]", "an invalid number"),
            (b"[-Infinity]", "an invalid number"),
            (b"[" + b"9" * 5000 + b"]", "an invalid number"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"a":' * 100_000, "nested too deeply"),
            (b'"\xff"', "not valid UTF-8"),
            (b'"\xed\xa0\x80"', "not valid UTF-8"),
            (gzip.compress(b"{}"), "not valid UTF-8"),
        ],
        ids=range(16),
    )
    def test_with_a_success_status_it_is_an_error_with_an_excerpt(self, body, said):
        with pytest.raises(DataError, match=said) as caught:
            read_reply(raw(body))
        error = caught.value
        assert (error.path, error.status, error.request) == ("$", 200, CONTEXT)
        assert "base URL" in str(error)
        assert len(error.excerpt) <= EXCERPT_LENGTH + 3
        # The decoder's own exception would bring the whole body along.
        assert error.__cause__ is None
        assert error.__context__ is None

    def test_a_member_that_is_named_twice_is_told_with_its_path(self):
        with pytest.raises(DataError, match=r"has a duplicate member \(\$\.results\[0\]\.id\)") as caught:
            read_reply(raw(b'{"results": [{"id": 1, "id": 2}]}'))
        assert (caught.value.path, caught.value.status, caught.value.request) == ("$.results[0].id", 200, CONTEXT)

    def test_a_login_page_is_shown_in_one_line(self):
        with pytest.raises(DataError) as caught:
            read_reply(raw(b"<html>\n<h1>Sign\tin</h1>", 200, ("Content-Type", "text/html")))
        assert caught.value.excerpt == "<html> <h1>Sign in</h1>"
        assert "<html> <h1>Sign in</h1>" in str(caught.value)

    def test_secrets_in_it_are_not_shown(self):
        with pytest.raises(DataError) as caught:
            read_reply(raw(b'{"authValue": "SECRET", "url": ["SECRET", "SECRET"]'))
        assert "SECRET" not in str(caught.value) + caught.value.excerpt + repr(vars(caught.value))

    def test_with_a_status_of_failure_the_status_counts(self):
        error = refused(b"<html>Bad <b>gateway</b></html>", 502, kind=ServerError)
        assert str(error).startswith("HTTP 502: <html>Bad <b>gateway</b></html>")
        assert (error.status, error.error_code, error.detail, error.parameters) == (502, None, None, ())


class TestErrors:
    def test_everything_the_document_says_is_there(self):
        version = ("X-MongoDB-Service-Version", "gitHash=a; versionString=b")
        error = refused(ERROR, 404, JSON, version, kind=NotFound)
        assert error.status == 404
        assert error.error_code == "RESTORE_JOB_NOT_FOUND"
        assert error.reason == "Not Found"
        assert error.detail == ERROR["detail"]
        assert error.parameters == ("5b62", 7, None, {"a": 1})
        assert error.service_version == version[1]
        assert error.request == RequestContext(method="GET", url=CONTEXT.url, family="ops-manager", status=404)
        assert str(error) == (
            "HTTP 404 RESTORE_JOB_NOT_FOUND: No restore job with ID 5b62 was found. "
            "[GET https://om.example.com/api/public/v1.0/groups]"
        )

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, BadRequest),
            (401, Forbidden),
            (402, ApiError),
            (403, Forbidden),
            (404, NotFound),
            (405, ApiError),
            (406, ApiError),
            (409, Conflict),
            (410, NotFound),
            (415, ApiError),
            (429, RateLimited),
            (499, ApiError),
            (500, ServerError),
            (503, ServerError),
            (599, ServerError),
        ],
    )
    @pytest.mark.parametrize("code", ["UNEXPECTED_ERROR", "SOMETHING_NEW", None, 5])
    def test_the_status_decides_and_not_the_code(self, status, kind, code):
        error = refused({"errorCode": code, "error": 200}, status)
        assert type(error) is kind
        assert error.status == status
        assert error.error_code == (code if isinstance(code, str) else None)

    @pytest.mark.parametrize("code", ["RATE_LIMITED_IP", "RATE_LIMITED", "RATE_LIMITED_TOKEN_BUCKET"])
    def test_a_rate_limit_may_come_as_a_400(self, code):
        assert type(refused({"errorCode": code}, 400)) is RateLimited

    @pytest.mark.parametrize(("status", "kind"), [(500, ServerError), (503, ServerError), (403, Forbidden)])
    def test_its_code_makes_no_rate_limit_of_another_status(self, status, kind):
        # A create is sent again after a rate limit: that must be sure to have had no effect.
        assert type(refused({"errorCode": "RATE_LIMITED"}, status)) is kind

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({}, "HTTP 400: {}"),
            ([], "HTTP 400: []"),
            (None, "HTTP 400: null"),
            ("oops", 'HTTP 400: "oops"'),
            ({"detail": "words", "reason": "Bad"}, "HTTP 400: words"),
            ({"detail": "", "reason": "Bad"}, "HTTP 400: Bad"),
            ({"detail": None, "reason": None}, "HTTP 400: Phrase"),
            ({"detail": 5, "reason": ["x"], "errorCode": {}, "parameters": "p"}, "HTTP 400: Phrase"),
            ({"errorCode": "CODE"}, "HTTP 400 CODE: Phrase"),
            ({"errorCode": " CODE\n"}, "HTTP 400 CODE: Phrase"),
        ],
    )
    def test_missing_and_mixed_up_members_do_not_matter(self, document, said):
        error = refused(document, 400, reason="Phrase")
        assert str(error).startswith(said + " [GET")
        assert isinstance(error.parameters, tuple)

    def test_an_empty_answer_without_a_phrase_says_so(self):
        assert str(refused(b"", 500)).startswith("HTTP 500: no details [GET")

    def test_an_empty_answer_shows_the_phrase(self):
        error = refused(b"", 503, reason="Service Unavailable")
        assert error.reason == "Service Unavailable"
        assert str(error).startswith("HTTP 503: Service Unavailable [GET")

    @pytest.mark.parametrize("parameters", [None, [], "x", {"a": 1}, 5])
    def test_parameters_that_are_no_array_are_none(self, parameters):
        assert refused({"parameters": parameters}).parameters == ()

    def test_the_code_comes_from_the_header_when_the_body_has_none(self):
        assert refused(b"<html>", 409, ("X-Error-Code", " GONE_BAD ")).error_code == "GONE_BAD"
        assert refused({"errorCode": ""}, 409, ("X-Error-Code", "GONE_BAD")).error_code == "GONE_BAD"
        assert refused({"errorCode": "BODY"}, 409, ("X-Error-Code", "HEADER")).error_code == "BODY"

    @pytest.mark.parametrize("value", ["", "  "])
    def test_an_empty_code_is_none(self, value):
        assert refused({"errorCode": value}, 409, ("X-Error-Code", value)).error_code is None

    def test_an_error_of_the_token_endpoint_is_read_for_what_it_is(self):
        error = refused(
            {"error": "invalid_client", "error_description": "x"}, 401, kind=Forbidden, reason="Unauthorized"
        )
        assert error.error_code is None
        assert error.status == 401


class TestAdvice:
    @pytest.mark.parametrize(
        ("code", "status", "advice"),
        [
            ("IP_ADDRESS_NOT_ON_ACCESS_LIST", 403, "API access list"),
            ("IP_ADDRESS_NOT_ON_WHITELIST", 403, "API access list"),
            ("RESOURCE_REQUIRES_ACCESS_LIST", 403, "API access list"),
            ("ORG_REQUIRES_ACCESS_LIST", 403, "API access list"),
            ("ATLAS_GROUP", 404, "Atlas families"),
            ("NOT_ATLAS_GROUP", 404, "CLOUD_MANAGER"),
            ("INCORRECT_BACKUP_API_ENDPOINT", 400, "other kind of backup"),
            ("CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", 400, "flex family"),
            ("CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API", 400, "cloud backup family"),
            ("AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED", 400, "as a whole"),
            ("VERSION_GONE", 410, "replaces it"),
            ("PERSONAL_API_KEYS_DEPRECATED", 410, "programmatic API key"),
            ("GROUP_NOT_FOUND", 404, "list of projects"),
            ("CLUSTER_NOT_FOUND", 404, "list of clusters"),
            ("CLUSTER_NAME_NOT_FOUND", 404, "check the name"),
            ("INVALID_GROUP_ID", 404, "24 hexadecimal"),
            ("INVALID_CLUSTER_ID", 404, "not the name"),
            ("INVALID_JOB_ID", 404, "24 hexadecimal"),
        ],
    )
    def test_says_what_to_do_next(self, code, status, advice):
        error = refused({"errorCode": code, "detail": "Vendor text."}, status)
        assert "Vendor text." in error.message
        assert advice in error.message.partition(" -> ")[2]

    def test_an_unknown_code_gets_none(self):
        assert "->" not in refused({"errorCode": "NEW", "detail": "x"}).message

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"detail": "IP address 203.0.113.7 is not allowed."}, "address 203.0.113.7 is not allowed. ->"),
            ({"detail": "IP address 203.0.113.7 is not allowed.", "parameters": ["203.0.113.7"]}, "is not allowed. ->"),
            ({"detail": "Not allowed.", "parameters": ["203.0.113.7"]}, "Not allowed. (203.0.113.7) ->"),
            ({"parameters": ["2001:db8::7"]}, "Forbidden (2001:db8::7) ->"),
            ({"detail": "Not allowed.", "parameters": []}, "Not allowed. ->"),
        ],
    )
    def test_the_address_to_be_added_is_shown_wherever_it_stands(self, document, said):
        document = {"errorCode": "IP_ADDRESS_NOT_ON_ACCESS_LIST", **document}
        assert said in refused(document, 403, reason="Forbidden").message


class TestRetryAfter:
    DATE = ("Date", "Sat, 01 Aug 2026 10:00:00 GMT")

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0.0),
            ("17", 17.0),
            (" 17 ", 17.0),
            ("Sat, 01 Aug 2026 10:00:30 GMT", 30.0),
            ("Sat, 1 Aug 2026 10:00:30 GMT", 30.0),
            ("Saturday, 01-Aug-26 10:00:30 GMT", 30.0),
            ("Sat, 01 Aug 2026 09:00:00 GMT", 0.0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("²", None),
            ("Sat, 99 Aug 2026 99:00:00 GMT", None),
        ],
    )
    def test_is_read_in_both_forms(self, value, seconds):
        error = refused({}, 429, ("Retry-After", value), self.DATE, kind=RateLimited)
        assert error.retry_after == seconds

    def test_is_none_when_nothing_is_said(self):
        assert refused({}, 429, kind=RateLimited).retry_after is None

    def test_is_found_in_the_parameters_of_a_token_bucket(self):
        document = {"errorCode": "RATE_LIMITED_TOKEN_BUCKET", "parameters": ["/groups", 12, 1200, 500, 60]}
        assert refused(document, 429).retry_after == 12.0
        assert refused(document, 429, ("Retry-After", "3")).retry_after == 3.0

    @pytest.mark.parametrize(
        "parameters", [None, [], ["/groups"], ["/groups", None], ["/groups", "soon"], ["/groups", True]]
    )
    def test_parameters_that_make_no_sense_are_passed_over(self, parameters):
        document = {"errorCode": "RATE_LIMITED_TOKEN_BUCKET", "parameters": parameters}
        assert refused(document, 429).retry_after is None

    def test_a_503_may_say_it_too(self):
        assert refused({}, 503, ("Retry-After", "9"), kind=ServerError).retry_after == 9.0

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_any_header_is_a_number_of_seconds_or_none(self, value, date):
        found = refused({}, 429, ("Retry-After", value), ("Date", date)).retry_after
        assert found is None or found >= 0


class TestBounds:
    def test_text_of_the_api_is_bounded_in_the_message(self):
        error = refused({"detail": "x" * 10**6, "errorCode": "Y" * 10**6, "reason": "z" * 10**6})
        assert len(error.message) < 3 * MESSAGE_LENGTH
        assert len(error.detail) < 10_000
        assert len(error.reason) < 10_000

    def test_an_html_page_is_bounded_in_the_message(self):
        assert len(refused(b"<p>" * 10**6, 500).message) < 2 * EXCERPT_LENGTH

    def test_a_message_is_one_printable_line(self):
        error = refused({"detail": "a\nb\x1b[31m\ud800", "errorCode": "C\rD"}, reason="e\nf")
        assert error.message == "HTTP 400 C D: a b [31m"
        assert str(error).encode()

    def test_a_phrase_of_the_wire_is_one_line_too(self):
        assert refused(b"", 500, reason="a\x00b\udc80").message == "HTTP 500: a b"

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("detail", 'see {"authValue": "SECRET"}'),
            ("detail", "see https://h/backup/restore/v2/pull/1/SECRET/f.tar.gz"),
            ("reason", "Authorization: Basic SECRETSECRET"),
            ("parameters", ["https://restore-1.mongodb.net:27017/SECRET/f", {"url": "SECRET"}, [{"token": "SECRET"}]]),
            ("url", "SECRET"),
        ],
    )
    def test_secrets_are_shown_nowhere(self, member, value):
        error = refused({member: value, "links": 1})
        assert "SECRET" not in str(error) + repr(error) + repr(vars(error))

    def test_a_secret_in_a_phrase_is_not_shown(self):
        error = refused(b"", 500, reason="Bearer SECRETSECRET")
        assert "SECRET" not in str(error) + repr(vars(error))


class TestRedirects:
    @pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
    def test_are_never_an_answer(self, status):
        with pytest.raises(ProtocolError, match=f"HTTP {status}.*set base_url") as caught:
            read_reply(raw({"results": []}, status, ("Location", "https://other.example/x")))
        assert "https://other.example/x" in str(caught.value)
        assert caught.value.request is CONTEXT

    def test_without_a_target_say_so(self):
        with pytest.raises(ProtocolError, match="none given"):
            read_reply(raw(b"", 302))

    def test_do_not_show_secrets_and_are_bounded(self):
        target = "https://u:SECRET@h/?token=SECRET&x=" + "y" * 10**5
        with pytest.raises(ProtocolError) as caught:
            read_reply(raw(b"", 302, ("Location", target)))
        assert "SECRET" not in str(caught.value)
        assert len(str(caught.value)) < 2 * MESSAGE_LENGTH


class TestEnvelopes:
    def test_a_document_is_taken_out(self):
        reply = read_reply(raw({"status": 201, "envelope": {"results": []}}), enveloped=True)
        assert (reply.status, reply.document) == (201, {"results": []})

    @pytest.mark.parametrize(
        "document",
        [
            {"status": 404, "content": ERROR},
            {"status": 404, "envelope": ERROR},
            {"status": 404, **ERROR},
        ],
    )
    def test_an_error_inside_a_200_is_an_error(self, document):
        error = refused(document, 200, kind=NotFound, enveloped=True)
        assert error.status == 404
        assert error.error_code == "RESTORE_JOB_NOT_FOUND"
        assert error.request.status == 200

    @pytest.mark.parametrize("content", [None, "gone", [], {}])
    def test_also_when_what_is_inside_is_no_error_document(self, content):
        assert refused({"status": 500, "content": content}, 200, kind=ServerError, enveloped=True).error_code is None

    def test_a_success_inside_a_failure_is_a_failure(self):
        error = refused({"status": 200, "content": {"errorCode": "X"}}, 503, kind=ServerError, enveloped=True)
        assert (error.status, error.error_code) == (503, "X")

    def test_an_unrequested_one_is_opened_when_it_is_nothing_else(self):
        assert read_reply(raw({"status": 200, "content": {"id": "1"}})).document == {"id": "1"}

    def test_the_status_of_a_tenant_job_is_left_where_it_is(self, seed):
        job = seed("atlas_tenant_list")["results"][0]
        for enveloped in (False, True):
            assert read_reply(raw(job), enveloped=enveloped).document == job


class TestErrorCode:
    @pytest.mark.parametrize(
        ("body", "headers", "code"),
        [
            (ERROR, [], "RESTORE_JOB_NOT_FOUND"),
            ({"status": 401, "content": {"errorCode": "A"}}, [], "A"),
            ({"errorCode": "A"}, [("X-Error-Code", "B")], "A"),
            ({}, [("X-Error-Code", "B")], "B"),
            (b"<html>", [("X-Error-Code", "B")], "B"),
            (b"", [], None),
            ({"errorCode": ""}, [], None),
            ({"errorCode": " "}, [("X-Error-Code", "")], None),
            ({"errorCode": 5}, [], None),
            ([], [], None),
            (b"[" * 100_000, [], None),
        ],
        ids=range(11),
    )
    def test_is_found_wherever_it_stands(self, body, headers, code):
        assert error_code_of(raw(body, 401, *headers)) == code


header_values = st.text(max_size=30) | st.sampled_from(
    ["application/json; charset=utf-16", "text/html; charset=\udc80", "a; charset=undefined", "1e400", "RATE_LIMITED"]
)
headers_of_any_kind = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "Content-Type",
                "Retry-After",
                "Date",
                "Location",
                "X-Error-Code",
                "X-MongoDB-Service-Version",
                "WWW-Authenticate",
            ]
        ),
        header_values,
    ),
    max_size=5,
)
json_bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["status", "content", "envelope", "results", "error", "errorCode", "detail", "reason", "parameters"]
            ),
            children,
            max_size=5,
        )
    ),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())


@given(
    body=st.binary(max_size=200) | json_bodies,
    status=st.integers(200, 599),
    headers=headers_of_any_kind,
    enveloped=st.booleans(),
    reason=st.text(max_size=20),
    request=st.sampled_from([CONTEXT, DELETE]),
)
def test_any_answer_is_a_reply_or_one_of_our_errors(body, status, headers, enveloped, reason, request):
    answer = RawReply(status=status, reason=reason, headers=Headers(headers), body=body, request=request)
    assert isinstance(error_code_of(answer), str | None)
    try:
        reply = read_reply(answer, enveloped=enveloped)
    except RestoreError as found:
        error = found
    else:
        assert isinstance(reply, Reply)
        assert 200 <= status < 300
        assert reply.service_version is None or isinstance(reply.service_version, ServiceVersion)
        return
    assert error.request is not None
    assert error.message.isprintable()
    assert len(error.message) < 3000
    assert not isinstance(error, ApiError) or error.status >= 400


@pytest.mark.parametrize(
    ("status", "body", "is_document", "own"),
    [
        (404, b'{"error": 404, "errorCode": "X"}', True, True),
        (404, b'{"error": 404, "detail": "X"}', True, True),
        (404, b'{"error": 404, "reason": "X"}', True, True),
        (404, b'{"error": 404}', False, False),
        (404, b'{"error": "404", "detail": "X"}', False, False),
        (404, b'{"error": 410, "detail": "X"}', False, False),
        (404, b"<html>", False, False),
        (404, b"", False, False),
        (404, b'{"error": 404, "detail": "' + b"x" * 70_000 + b'"}', False, False),
        (503, b'{"error": 503, "detail": "X"}', True, False),
        (302, b"", False, False),
        (200, b"{}", False, True),
        (204, b"", False, True),
    ],
)
def test_only_the_apis_own_document_is_its_word(status, body, is_document, own):
    answer = raw(body, status)

    assert (is_error_document(answer), is_own(answer)) == (is_document, own)
