"""Tokens of service accounts: the grammar against oauthlib on both sides, the keeper stepped by hand."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote_plus

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2 import (
    BackendApplicationClient,
    BackendApplicationServer,
    OAuth2Error,
    RequestValidator,
    RevocationEndpoint,
)

from mongorestore_async.auth.credentials import ServiceAccount
from mongorestore_async.auth.digest_login import VERDICT_SECONDS, AttemptOutcome
from mongorestore_async.auth.token_cache import TokenCache
from mongorestore_async.auth.tokens import (
    DEFAULT_LIFETIME,
    Token,
    ask_for_token,
    ask_to_revoke,
    read_revocation,
    read_token,
    travels_in_clear,
)
from mongorestore_async.errors import (
    ApiError,
    AuthError,
    BadRequest,
    ConfigError,
    DataError,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    RestoreError,
    ServerError,
)
from mongorestore_async.models import Headers, Secret
from mongorestore_async.models.secret import REDACTED
from mongorestore_async.protocol.replies import RawReply
from mongorestore_async.protocol.urls import parse_base_url

DONE, AGAIN = AttemptOutcome.DONE, AttemptOutcome.AGAIN
HOUR = 3600.0
BASE = parse_base_url("https://cloud.mongodb.com")
SECRET = "mdb_sa_sk_Zx-9_top-secret"
ACCOUNT = ServiceAccount("mdb_sa_id_0123456789abcdef01234567", SECRET)
CONTEXT = RequestContext(method="POST", url="https://cloud.mongodb.com/api/oauth/token")

#: Whatever a service account may be made of.
texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
hosts = st.sampled_from(["https://cloud.mongodb.com", "http://127.0.0.1:8080/ops/manager", "https://[::1]:443"])


def raw(status, body=b"", *fields):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawReply(status=status, reason="", headers=Headers(fields), body=content, request=CONTEXT)


def granted(value="t0ken", **members):
    return raw(200, {"access_token": value, "expires_in": 3600, "token_type": "Bearer", **members})


# --- the account


def test_an_account_never_shows_its_secret_and_is_not_pickled():
    assert SECRET not in repr(ACCOUNT)
    assert ACCOUNT.client_id in repr(ACCOUNT)
    assert isinstance(ACCOUNT.client_secret, Secret)
    for spread in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="create it in the other process"):
            spread(ACCOUNT)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ACCOUNT.client_id = "other"


@pytest.mark.parametrize("wrong", ["", None, 7, " id", "id\n", "i\x00d", b"id"])
def test_an_invalid_account_is_refused_without_showing_it(wrong):
    for pair in ((wrong, SECRET), ("id", wrong)):
        with pytest.raises(ConfigError) as caught:
            ServiceAccount(*pair)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
def test_revoke_on_close_is_a_switch(wrong):
    assert ServiceAccount("id", "secret").revoke_on_close is False
    assert ServiceAccount("id", "secret", revoke_on_close=True).revoke_on_close is True
    with pytest.raises(ConfigError, match="revoke_on_close of ServiceAccount must be True or False"):
        ServiceAccount("id", "secret", revoke_on_close=wrong)


# --- requests


def test_the_request_is_the_documented_one():
    request = ask_for_token(BASE, ServiceAccount("id", "secret"))

    assert str(request.url) == "https://cloud.mongodb.com/api/oauth/token"
    assert request.authorization == "Basic " + base64.b64encode(b"id:secret").decode()
    assert request.body == b"grant_type=client_credentials"
    assert request.headers == {
        "Accept": "application/json",
        "Cache-Control": "no-cache",
        "Content-Type": "application/x-www-form-urlencoded",
    }


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://cloud.mongodb.com/api/atlas/v1.0", "https://cloud.mongodb.com/api/oauth/token"),
        ("https://cloud.mongodb.com/api/public/v1.0/", "https://cloud.mongodb.com/api/oauth/token"),
        ("https://gate.example.com:8443/mdb/", "https://gate.example.com:8443/mdb/api/oauth/token"),
    ],
)
def test_the_endpoint_is_below_the_prefix_outside_the_apis(base, url):
    assert str(ask_for_token(parse_base_url(base), ACCOUNT).url) == url


def test_revoking_is_the_documented_request():
    request = ask_to_revoke(BASE, ACCOUNT, Token(Secret("t/0+k=n"), HOUR))

    assert str(request.url) == "https://cloud.mongodb.com/api/oauth/revoke"
    assert request.authorization == ask_for_token(BASE, ACCOUNT).authorization
    assert request.body == b"token=t%2F0%2Bk%3Dn&token_type_hint=access_token"


def test_the_repr_of_requests_and_tokens_hides_secrets():
    token = Token(Secret("t0ken-value"), HOUR)
    assert "t0ken" not in json.dumps(attrs.asdict(token))
    revoke = ask_to_revoke(BASE, ACCOUNT, token)
    pictures = repr([token, token.authorization, revoke, ask_for_token(BASE, ACCOUNT)])

    for hidden in (SECRET, "t0ken-value", str(revoke.authorization).removeprefix("Basic ")):
        assert hidden not in pictures
    assert token.authorization == "Bearer t0ken-value"


# --- oauthlib's server takes our requests, and we read its answers


class Registry(RequestValidator):
    """An authorization server's memory: one client, the tokens it got."""

    def __init__(self, client_id, client_secret):
        self.client = (client_id, client_secret)
        self.saved = []
        self.revoked = []

    def authenticate_client(self, request, *_, **__):
        scheme, _, coded = request.headers["Authorization"].partition(" ")
        assert scheme == "Basic"
        client_id, separator, secret = base64.b64decode(coded, validate=True).decode("ascii").partition(":")
        assert separator
        request.client = SimpleNamespace(client_id=unquote_plus(client_id))
        return (unquote_plus(client_id), unquote_plus(secret)) == self.client

    def client_authentication_required(self, *_, **__):
        return True

    def validate_grant_type(self, _client_id, grant_type, *_, **__):
        return grant_type == "client_credentials"

    def get_default_scopes(self, *_, **__):
        return ["api"]

    def validate_scopes(self, *_, **__):
        return True

    def save_bearer_token(self, token, *_, **__):
        self.saved.append(token["access_token"])

    def revoke_token(self, token, token_type_hint, *_, **__):
        assert token_type_hint == "access_token"
        self.revoked.append(token)


def play(create, request):
    headers, body, status = create(
        str(request.url),
        "POST",
        request.body.decode(),
        {**request.headers, "Authorization": str(request.authorization)},
    )
    return raw(status, body.encode(), *headers.items())


@given(client_id=texts, client_secret=texts, base=hosts, seconds=st.integers(1, 10**6))
def test_tokens_work_with_another_implementation(client_id, client_secret, base, seconds):
    registry = Registry(client_id, client_secret)
    server = BackendApplicationServer(registry, token_expires_in=seconds)
    account, where = ServiceAccount(client_id, client_secret), parse_base_url(base)

    token = read_token(play(server.create_token_response, ask_for_token(where, account)), account)
    read_revocation(
        play(RevocationEndpoint(registry).create_revocation_response, ask_to_revoke(where, account, token)), account
    )

    assert [token.value] == registry.saved == registry.revoked
    assert token.lifetime == seconds


@given(client_id=texts, client_secret=texts, other=texts)
def test_a_wrong_secret_is_refused_by_another_implementation(client_id, client_secret, other):
    registry = Registry(client_id, client_secret + other)
    account = ServiceAccount(client_id, client_secret)

    for create, request, read in (
        (BackendApplicationServer(registry).create_token_response, ask_for_token(BASE, account), read_token),
        (
            RevocationEndpoint(registry).create_revocation_response,
            ask_to_revoke(BASE, account, Token(Secret("t"), HOUR)),
            read_revocation,
        ),
    ):
        with pytest.raises(AuthError, match="invalid_client"):
            read(play(create, request), account)
    assert registry.saved == registry.revoked == []


def test_the_form_is_the_one_of_another_client():
    other = BackendApplicationClient(ACCOUNT.client_id)
    _, headers, body = other.prepare_token_revocation_request("https://x.example.com/revoke", "t/0+k=n")

    assert parse_qs(ask_for_token(BASE, ACCOUNT).body.decode()) == parse_qs(other.prepare_request_body())
    assert parse_qs(ask_to_revoke(BASE, ACCOUNT, Token(Secret("t/0+k=n"), HOUR)).body.decode()) == parse_qs(body)
    assert headers["Content-Type"] == ask_for_token(BASE, ACCOUNT).headers["Content-Type"]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "access_token": st.text("abcXYZ019-._~+/=", min_size=1),
            "token_type": st.sampled_from(["Bearer", "bearer", "BEARER"]),
            "expires_in": st.integers(1, 10**7) | st.integers(1, 10**7).map(str),
            "error": st.sampled_from(["invalid_client", "access_denied"]),
            "scope": st.just("api"),
            "refresh_token": st.text(max_size=5),
        },
    ).filter(lambda document: not {"access_token", "error"} <= document.keys())
)
def test_answers_mean_what_another_client_reads_in_them(document):
    body = json.dumps(document)
    try:
        theirs = BackendApplicationClient(ACCOUNT.client_id).parse_request_body_response(body)
    except OAuth2Error:
        with pytest.raises(DataError):
            read_token(raw(200, body.encode()), ACCOUNT)
        return
    ours = read_token(raw(200, body.encode()), ACCOUNT)

    assert ours.value == theirs["access_token"]
    assert ours.lifetime == float(theirs.get("expires_in", DEFAULT_LIFETIME))


# --- answers


@pytest.mark.parametrize(
    ("members", "lifetime"),
    [
        ({"expires_in": 3600}, 3600.0),
        ({"expires_in": 0.5}, 0.5),
        ({"expires_in": "1800"}, 1800.0),
        ({"expires_in": None, "token_type": None}, 3600.0),
        ({}, 3600.0),
    ],
)
def test_lives_are_read_leniently(members, lifetime):
    token = read_token(raw(200, {"access_token": "a.b", **members}), ACCOUNT)

    assert (token.value, token.lifetime) == ("a.b", lifetime)


@pytest.mark.parametrize("value", [0, -1, True, "soon", "nan", "inf", [3600], {}, 10**400])
def test_a_life_that_is_none_is_told_by_its_path(value):
    with pytest.raises(DataError, match="expires_in") as caught:
        read_token(granted("t0p-s3cret", expires_in=value), ACCOUNT)

    assert caught.value.path == "$.expires_in"
    assert caught.value.status == 200
    assert "t0p-s3cret" not in repr(caught.value)


@pytest.mark.parametrize("value", [None, "", 7, ["t"], {"t": 1}, "two words", "line\nbreak", "tökén", "\x00"])
def test_a_token_that_cannot_stand_in_a_header_is_none(value):
    with pytest.raises(DataError, match="without an access token") as caught:
        read_token(raw(200, {"access_token": value}), ACCOUNT)

    assert caught.value.path == "$.access_token"


def test_an_error_word_in_a_success_is_told():
    with pytest.raises(DataError, match="it says 'invalid_client'"):
        read_token(raw(200, {"error": "invalid_client"}), ACCOUNT)


@pytest.mark.parametrize(("kind", "told"), [("mac", "mac"), ("", ""), (7, "7"), (["Bearer"], ".*Bearer.*")])
def test_a_token_of_another_kind_cannot_be_used(kind, told):
    with pytest.raises(AuthError, match=f"type ['\"]{told}['\"]; only Bearer") as caught:
        read_token(granted(token_type=kind), ACCOUNT)

    assert caught.value.request == CONTEXT


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>log in</html>", b"access_token=t0p-s3cret&token_type=bearer", b"[1]", b'"t0p-s3cret"', b"\xff"],
)
def test_what_is_no_document_is_told_and_not_quoted(body):
    with pytest.raises(DataError, match="without a JSON object") as caught:
        read_token(raw(200, body, ("Content-Type", "text/html")), ACCOUNT)

    assert f"(text/html, {len(body)} bytes)" in str(caught.value)
    assert caught.value.path == "$"
    assert "t0p-s3cret" not in f"{caught.value!r} {caught.value.excerpt}"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (raw(200), "without a JSON object (no content type, 0 bytes); is there a proxy or login page in between?"),
        (raw(200, {}), "without an access token"),
        (granted(expires_in=0), "with an expires_in that is not a positive number of seconds"),
    ],
)
def test_misfits_name_the_endpoint(answer, told):
    with pytest.raises(DataError) as caught:
        read_token(answer, ACCOUNT)

    assert caught.value.message == f"{CONTEXT.url} answered HTTP 200 {told}"
    assert caught.value.request == CONTEXT


@pytest.mark.parametrize("read", [read_token, read_revocation])
def test_a_redirect_is_not_followed(read):
    with pytest.raises(ProtocolError, match="redirect"):
        read(raw(307, b"", ("Location", "https://elsewhere.example.com/")), ACCOUNT)


@pytest.mark.parametrize("answer", [raw(200), raw(200, b"anything"), raw(204), raw(200, {"a": 1})])
def test_any_success_means_revoked(answer):
    read_revocation(answer, ACCOUNT)


# --- errors


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client", "invalid_grant"])
def test_a_refused_client_is_told_what_to_check(status, word):
    with pytest.raises(AuthError, match="check the client id and the secret") as caught:
        read_token(raw(status, {"error": word, "error_description": "No such client"}), ACCOUNT)

    assert f"HTTP {status} {word}: No such client" in str(caught.value)
    assert ACCOUNT.client_id in str(caught.value)
    assert caught.value.request == CONTEXT


def test_a_refusal_of_a_client_needs_no_body():
    with pytest.raises(AuthError, match="HTTP 401"):
        read_token(raw(401), ACCOUNT)


@pytest.mark.parametrize("word", ["access_denied", None])
def test_the_hundred_live_tokens_are_explained(word):
    body = b"" if word is None else {"error": word, "error_description": "Too many"}
    with pytest.raises(Forbidden, match=r"100 live tokens.*wait until one expires.*revoke") as caught:
        read_token(raw(403, body), ACCOUNT)

    assert caught.value.status == 403
    assert caught.value.error_code == word


def test_a_rate_limit_says_how_long_to_wait():
    body = {"error": "rate_limited", "error_description": "Resource is limited"}
    with pytest.raises(RateLimited, match="10 tokens a minute") as caught:
        read_token(raw(429, body, ("Retry-After", "17")), ACCOUNT)

    assert caught.value.retry_after == 17
    assert caught.value.error_code == "rate_limited"
    assert caught.value.detail == "Resource is limited"


def test_a_rate_limit_may_keep_silent():
    with pytest.raises(RateLimited) as caught:
        read_token(raw(429), ACCOUNT)

    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (404, NotFound), (418, ApiError), (500, ServerError), (503, ServerError)]
)
@pytest.mark.parametrize(
    "body",
    [
        {"error": "server_error"},
        {"error": "odd", "error_description": 7},
        {"error": 503, "errorCode": "SERVICE_UNAVAILABLE", "detail": "later"},
        b"<html>Bad Gateway</html>",
        b"",
        b"[]",
        {"error": ""},
        {"status": 404, "content": {"error": "invalid_request"}},
    ],
)
def test_other_errors_keep_their_meaning_whatever_the_shape(status, kind, body):
    for read in (read_token, read_revocation):
        with pytest.raises(kind) as caught:
            read(raw(status, body), ACCOUNT)
        assert type(caught.value) is kind
        assert caught.value.status == status
        assert CONTEXT.url in str(caught.value)


def test_errors_in_the_shape_of_the_api_keep_code_and_words():
    with pytest.raises(NotFound, match=r"RESOURCE_NOT_FOUND: Cannot find.*Cloud Manager and Atlas only") as caught:
        read_token(raw(404, {"error": 404, "errorCode": "RESOURCE_NOT_FOUND", "detail": "Cannot find it"}), ACCOUNT)

    assert caught.value.error_code == "RESOURCE_NOT_FOUND"
    assert caught.value.detail == "Cannot find it"


def test_a_secret_that_is_echoed_is_not_passed_on():
    account = ServiceAccount("id", "plain secret/word")
    basic = str(ask_for_token(BASE, account).authorization).removeprefix("Basic ")
    for echo in ("plain secret/word", "plain+secret%2Fword", basic):
        for body in ({"error": "invalid_client", "error_description": f"not {echo}"}, f"<p>{echo}</p>".encode()):
            for status in (401, 500):
                with pytest.raises(RestoreError) as caught:
                    read_token(raw(status, body), account)
                assert echo not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
                assert REDACTED in str(caught.value)


def test_a_secret_is_taken_out_from_eight_characters_on():
    for secret, shown in (("8letters", False), ("7letter", True)):
        with pytest.raises(ServerError) as caught:
            read_token(raw(500, {"error": "odd", "error_description": secret}), ServiceAccount("id", secret))
        assert (secret in str(caught.value)) is shown


def test_an_error_without_advice_ends_with_what_was_said():
    with pytest.raises(ServerError) as caught:
        read_token(raw(500, {"error": "server_error"}), ACCOUNT)

    assert caught.value.message == f"no token from {CONTEXT.url}: HTTP 500 server_error: no details"


def test_what_an_endpoint_says_is_bounded():
    with pytest.raises(ServerError) as caught:
        read_token(raw(500, {"error": "e" * 10_000, "error_description": "d\r\n" * 10_000}), ACCOUNT)

    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["access_token", "expires_in", "token_type", "error", "error_description"]), json_values
    ).map(lambda document: json.dumps(document).encode()),
    kind=st.sampled_from(["application/json", "text/html; charset=latin-1", "application/json; charset=nonsense", ""]),
)
def test_no_answer_raises_anything_but_our_errors(status, body, kind):
    answer = raw(status, body, ("Content-Type", kind))
    for read in (read_token, read_revocation):
        with suppress(RestoreError):
            read(answer, ACCOUNT)


@pytest.mark.parametrize(
    ("base", "clear"),
    [
        ("https://cloud.mongodb.com", False),
        ("http://cloud.mongodb.com", True),
        ("http://10.0.0.7:8080", True),
        ("http://localhost:8080", False),
        ("http://app.localhost", False),
        ("http://127.0.0.1:9", False),
        ("http://127.8.9.1", False),
        ("http://[::1]:8080", False),
        ("http://localhost.example.com", True),
    ],
)
def test_only_plain_http_over_a_network_is_clear(base, clear):
    assert travels_in_clear(parse_base_url(base)) is clear


# --- the keeper


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keeper(clock):
    return TokenCache(ACCOUNT, BASE, clock)


def fetch(keeper, answer=None, *, after=0.0):
    """Ask for a token and get it; ``after`` is how long the endpoint takes, seconds."""
    _, asked_at = keeper.ask()
    keeper._clock.now += after
    return keeper.take(granted() if answer is None else answer, asked_at)


def fails(keeper, answer):
    with pytest.raises(RestoreError) as caught:
        fetch(keeper, answer)
    return caught.value


def held(keeper):
    """The failure that calls get without I/O, None when there is none."""
    try:
        keeper.ask()
    except RestoreError as error:
        return error
    return None


def test_there_is_no_token_before_one_was_asked_for(keeper):
    assert keeper.usable() is None
    request, _ = keeper.ask()

    assert request == ask_for_token(BASE, ACCOUNT)


def test_a_token_serves_until_a_moment_before_its_end(keeper, clock):
    token = fetch(keeper)
    begun = clock.now

    for age, due, usable in ((0, False, True), (2879, False, True), (2880, True, True), (3539, True, True)):
        clock.now = begun + age
        assert keeper.is_due(token) is due
        assert (keeper.usable() is token) is usable
    clock.now = begun + 3540
    assert keeper.usable() is None


def test_life_counts_from_when_the_token_was_asked_for(keeper, clock):
    token = fetch(keeper, granted(expires_in=100), after=50)

    assert keeper.usable() is token
    clock.now += 39.9
    assert keeper.usable() is token
    clock.now += 0.2
    assert keeper.usable() is None


def test_a_token_that_took_longer_than_its_life_is_never_used(keeper):
    fetch(keeper, granted(expires_in=1), after=5)

    assert keeper.usable() is None


def test_a_renewal_that_failed_is_tried_again_ever_sooner(keeper, clock):
    token = fetch(keeper)
    waits = []
    clock.now = token.renew_at
    while keeper.usable() is token:
        before = clock.now
        keeper.defer_renewal()
        assert not keeper.is_due(token)
        clock.now = token.renew_at
        waits.append(clock.now - before)

    assert waits[0] == pytest.approx(220)
    assert waits == sorted(waits, reverse=True)
    assert 10 <= len(waits) <= 20
    assert min(waits) >= 1


def test_postponing_without_a_token_does_nothing(keeper):
    keeper.defer_renewal()

    assert keeper.usable() is None


def test_a_renewed_token_takes_the_place_of_the_old_one(keeper, clock):
    old = fetch(keeper)
    clock.now = old.renew_at
    new = fetch(keeper, granted("new"))

    assert keeper.usable() is new
    assert not keeper.is_due(old)
    assert keeper.receive(old, status=401, error_code=None) is AGAIN
    assert keeper.usable() is new


@pytest.mark.parametrize("status", [200, 403, 404, 429, 500, 503])
def test_what_is_no_401_is_the_callers(keeper, status):
    token = fetch(keeper)

    assert keeper.receive(token, status=status, error_code="ANY") is DONE
    assert token.accepted is (status < 500)
    assert keeper.usable() is token


@pytest.mark.parametrize("code", [None, "UNEXPECTED_ERROR"])
def test_a_plain_401_is_the_death_of_the_token(keeper, code):
    token = fetch(keeper)
    keeper.receive(token, status=200, error_code=None)

    assert keeper.receive(token, status=401, error_code=code) is AGAIN
    assert keeper.usable() is None
    assert held(keeper) is None


def test_a_coded_401_with_a_young_token_is_about_rights(keeper):
    token = fetch(keeper)

    assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is DONE
    assert keeper.usable() is token
    assert token.accepted


def test_coded_401s_with_an_older_token_cost_ever_fewer_tokens(keeper, clock):
    fetched = 0
    begun = clock.now
    while clock.now < begun + 12 * HOUR:
        clock.now += 70
        token = keeper.usable()
        if token is None:
            token, fetched = fetch(keeper, granted(f"t{fetched}")), fetched + 1
        if keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is AGAIN:
            token, fetched = fetch(keeper, granted(f"t{fetched}")), fetched + 1
            assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is DONE

    # Twelve hours cost 13 tokens in any case, seven more are spent on finding out.
    assert 13 < fetched <= 13 + 7


def test_a_token_counts_as_young_for_twice_as_long_each_time(keeper, clock):
    for number, young in enumerate((60, 120, 240, 480, 960, 1920)):
        token = fetch(keeper, granted(f"t{number}"))
        clock.now += young - 1
        assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is DONE
        clock.now += 1
        assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is AGAIN
    for number in range(6, 9):
        token = fetch(keeper, granted(f"t{number}"))
        clock.now += HOUR - 1
        assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is DONE


def test_a_coded_401_about_a_dead_token_asks_for_another_try(keeper):
    token = fetch(keeper)
    keeper.receive(token, status=401, error_code=None)

    assert keeper.receive(token, status=401, error_code="NOT_IN_GROUP") is AGAIN


def refuse_new(keeper, number):
    return keeper.receive(fetch(keeper, granted(f"refused-{number}")), status=401, error_code=None)


def test_an_api_that_refuses_for_ever_gets_four_tokens_an_hour(keeper, clock):
    fetched = []
    for _ in range(int(HOUR)):
        if held(keeper) is None:
            fetched.append(clock.now)
            refuse_new(keeper, len(fetched))
        clock.now += 1

    assert len(fetched) == 4
    assert [round(later - fetched[1]) for later in fetched[1:]] == [0, 60, 120]
    verdict = held(keeper)
    assert isinstance(verdict, AuthError)
    assert "refused 4 new tokens" in str(verdict)
    clock.now += 121
    assert held(keeper) is None


def test_the_verdict_holds_a_minute_and_says_so(keeper, clock):
    refuse_new(keeper, 1)
    assert held(keeper) is None
    refuse_new(keeper, 2)

    clock.now += VERDICT_SECONDS - 1
    assert "No request is sent for another 1 s" in str(held(keeper))
    clock.now += 1
    assert held(keeper) is None


def test_many_refusals_of_one_token_count_once(keeper):
    token = fetch(keeper)
    for _ in range(50):
        assert keeper.receive(token, status=401, error_code=None) is AGAIN

    assert held(keeper) is None


def test_a_token_that_is_taken_ends_the_count(keeper):
    for number in range(20):
        refuse_new(keeper, number)
        keeper.receive(fetch(keeper, granted(f"good-{number}")), status=200, error_code=None)
        assert held(keeper) is None


def test_a_token_that_worked_once_does_not_count_when_it_dies(keeper):
    for number in range(20):
        token = fetch(keeper, granted(f"t{number}"))
        keeper.receive(token, status=200, error_code=None)
        keeper.receive(token, status=401, error_code=None)
        assert held(keeper) is None


def test_a_dead_token_that_is_handed_out_again_is_not_used(keeper):
    keeper.receive(fetch(keeper), status=401, error_code=None)

    error = fails(keeper, granted())

    assert isinstance(error, AuthError)
    assert "has already refused" in str(error)
    assert keeper.usable() is None
    assert isinstance(held(keeper), AuthError)


def test_a_dead_token_does_not_replace_a_living_one(keeper):
    keeper.receive(fetch(keeper), status=401, error_code=None)
    living = fetch(keeper, granted("living"))
    fails(keeper, granted())

    assert keeper.usable() is living


def test_a_living_token_may_be_handed_out_again(keeper, clock):
    old = fetch(keeper)
    clock.now = old.stop_at
    again = fetch(keeper, granted(expires_in=60))

    assert keeper.usable() is again


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (raw(401, {"error": "invalid_client"}), 60),
        (raw(403, {"error": "access_denied"}), 60),
        (raw(400, {"error": "invalid_request"}), 60),
        (raw(404), 60),
        (raw(200, b"<html>"), 60),
        (raw(302, b"", ("Location", "/login")), 60),
        (raw(429, {"error": "rate_limited"}, ("Retry-After", "17")), 17),
        (raw(429, {"error": "rate_limited"}), 6),
    ],
)
def test_answers_that_will_not_change_soon_hold(keeper, clock, answer, seconds):
    first = fails(keeper, answer)
    again = held(keeper)

    assert type(again) is type(first)
    assert again is not first
    assert again.__traceback__ is not first.__traceback__
    assert first.message in again.message
    assert f"another {seconds} s" in again.message
    assert again.args == (again.message,)
    if isinstance(again, RateLimited):
        assert again.retry_after == seconds
    clock.now += seconds
    assert held(keeper) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failures_that_may_pass_hold_for_nobody(keeper, status):
    fails(keeper, raw(status))

    assert held(keeper) is None


def test_a_living_token_is_used_whatever_the_endpoint_says(keeper, clock):
    token = fetch(keeper)
    clock.now = token.renew_at
    fails(keeper, raw(401))

    assert keeper.usable() is token
    assert held(keeper) is not None


def test_a_token_ends_what_held(keeper, clock):
    fails(keeper, raw(429, b"", ("Retry-After", "30")))
    clock.now += 30
    fetch(keeper)
    clock.now -= 20

    assert held(keeper) is None


def test_the_error_of_a_second_refusal_names_the_account(keeper):
    error = keeper.refused()

    assert isinstance(error, AuthError)
    assert ACCOUNT.client_id in str(error)


def test_all_tokens_that_may_live_are_given_up_once(keeper, clock):
    fetch(keeper, granted("gone", expires_in=10))
    clock.now += 10
    refused, current = fetch(keeper, granted("refused")), fetch(keeper, granted("current"))
    keeper.receive(refused, status=401, error_code=None)

    requests = keeper.tokens_to_revoke()

    assert [parse_qs(request.body.decode())["token"] for request in requests] == [["current"], ["refused"]]
    assert {str(request.url) for request in requests} == {"https://cloud.mongodb.com/api/oauth/revoke"}
    assert keeper.usable() is None
    assert current.dead
    assert keeper.tokens_to_revoke() == []


def test_the_memory_of_tokens_is_bounded(keeper):
    for number in range(100):
        fetch(keeper, granted(f"t{number}"))

    assert len(keeper.tokens_to_revoke()) == 16


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["200", "401", "coded", "503", "wait"]),
            st.floats(0, 4000),
            st.sampled_from([200, 200, 200, 401, 403, 429, 503]),
        ),
        max_size=60,
    )
)
def test_no_history_ever_brings_a_dead_token_back(events):
    clock = Clock()
    keeper = TokenCache(ACCOUNT, BASE, clock)
    refused, number = set(), 0
    for event, seconds, endpoint in events:
        token = keeper.usable()
        if token is None and held(keeper) is None:
            number += 1
            try:
                token = fetch(keeper, granted(f"t{number}") if endpoint == 200 else raw(endpoint))
            except RestoreError:
                continue
        if token is None:
            clock.now += seconds
            continue
        assert token.token.value not in refused
        assert clock.now < token.asked_at + token.token.lifetime
        if event == "wait":
            clock.now += seconds
            continue
        code = "NOT_IN_GROUP" if event == "coded" else None
        status = 401 if event == "coded" else int(event)
        if keeper.receive(token, status=status, error_code=code) is AGAIN:
            refused.add(token.token.value)


@pytest.mark.parametrize("code", ["NOT_IN_GROUP", "UNEXPECTED_ERROR", None])
def test_an_invalid_young_token_is_dead_whatever_the_code(keeper, code):
    token = fetch(keeper)

    assert keeper.receive(token, status=401, error_code=code, invalid=True) is AGAIN
    assert keeper.usable() is None
    assert keeper.receive(fetch(keeper, granted("next")), status=200, error_code=None, invalid=False) is DONE


# --- pages of gateways


def working(keeper):
    token = fetch(keeper)
    keeper.receive(token, status=200, error_code=None)
    return token


def test_a_gateways_401_costs_one_token(keeper):
    first = working(keeper)
    assert keeper.receive(first, status=401, error_code=None, own=False) is AGAIN
    second = fetch(keeper, granted("second"))

    for _ in range(20):
        assert keeper.receive(second, status=401, error_code=None, own=False) is DONE
    assert keeper.usable() is second
    assert held(keeper) is None

    keeper.receive(second, status=200, error_code=None)
    assert keeper.receive(second, status=401, error_code=None, own=False) is AGAIN


def test_the_apis_own_401_after_pages_is_heard(keeper):
    first = working(keeper)
    keeper.receive(first, status=401, error_code=None, own=False)
    second = fetch(keeper, granted("second"))

    assert keeper.receive(second, status=401, error_code=None, own=False) is DONE
    assert keeper.receive(second, status=401, error_code=None) is AGAIN


def test_before_any_token_worked_a_page_counts_as_a_refusal(keeper):
    for number in range(2):
        token = fetch(keeper, granted(f"t{number}"))
        assert keeper.receive(token, status=401, error_code=None, own=False) is AGAIN

    assert isinstance(held(keeper), AuthError)


@pytest.mark.parametrize("status", [302, 403, 404, 407])
def test_a_gateways_page_proves_no_token(keeper, status):
    token = fetch(keeper)

    assert keeper.receive(token, status=status, error_code=None, own=False) is DONE
    assert (token.accepted, keeper.works) == (False, False)


PAGE = b"<html><h1>No</h1></html>"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 407])
def test_a_page_in_place_of_a_token_passes(keeper, status):
    working(keeper)

    error = fails(keeper, raw(status, PAGE))

    assert isinstance(error, ApiError)
    assert (error.status, error.from_gateway, error.transient) == (status, True, True)
    assert held(keeper) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407])
def test_a_page_in_place_of_the_first_token_holds(keeper, status):
    error = fails(keeper, raw(status, PAGE))

    assert isinstance(error, AuthError if status == 401 else ApiError)
    assert not error.transient
    assert held(keeper) is not None


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("word", ["invalid_client", "access_denied"])
def test_what_the_endpoint_says_itself_holds_as_before(keeper, status, word):
    working(keeper)

    error = fails(keeper, raw(status, {"error": word}))

    assert not error.transient
    assert held(keeper) is not None
