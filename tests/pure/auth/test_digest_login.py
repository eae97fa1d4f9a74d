"""The digest login of a session, stepped by hand, then by many calls at once against a simulated server."""

from __future__ import annotations

import itertools
import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.auth.credentials import DigestAuth
from mongorestore_async.auth.digest_login import (
    EVICTION_SECONDS,
    VERDICT_SECONDS,
    Attempt,
    AttemptOutcome,
    Login,
    SignedRefusal,
)
from mongorestore_async.errors import AuthError, RequestContext
from mongorestore_async.models import Headers, Secret
from mongorestore_async.protocol.replies import RawReply

DONE, AGAIN = AttemptOutcome.DONE, AttemptOutcome.AGAIN
CONTEXT = RequestContext(method="GET", url="https://om.example.com/api/public/v1.0/groups")


#: Nonces that no server has offered before.
FRESH = (f"fresh{number}" for number in itertools.count())


class Clock:
    """A clock that stands still until it is told the time."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def login(clock):
    return Login(DigestAuth("public", "private"), clock)


def digest(nonce, *, stale="false", qop='qop="auth"', algorithm="MD5"):
    return f'Digest realm="MMS Public API", domain="", nonce="{nonce}", algorithm={algorithm}, {qop}, stale={stale}'


def raw(status, *fields):
    return RawReply(status=status, reason="", headers=Headers(fields), body=b"", request=CONTEXT)


def ok(*fields):
    return raw(200, *fields)


def refusal(nonce, **options):
    return raw(401, ("Content-Type", "application/json"), ("WWW-Authenticate", digest(nonce, **options)))


def attempt_of(login, *, method="GET", uri="/api/public/v1.0/groups?pageNum=1", body=b""):
    return Attempt(login, method=method, uri=uri, body=body)


def fields(authorization):
    """The parameters of an Authorization value as they stand there, without quotes."""
    if authorization is None:
        return {}
    assert type(authorization) is Secret
    found = re.findall(r'([\w*]+)=(?:"([^"]*)"|([^,]*))', str(authorization))
    return {name: quoted or bare for name, quoted, bare in found}


def sent(attempt):
    """Send once; gives nonce and nc, None for an unsigned request."""
    found = fields(attempt.authorization())
    return (found["nonce"], int(found["nc"], 16)) if "nc" in found else found.get("nonce")


def exchange(attempt, answer, code=None):
    """Send once and receive; gives what was sent and what comes of it."""
    used = sent(attempt)
    return used, attempt.receive(answer, error_code=code)


def warm_up(login, nonce="n1"):
    """A call that logs in, so that its nonce is known to the others."""
    attempt = attempt_of(login)
    assert exchange(attempt, refusal(nonce)) == (None, AGAIN)
    assert exchange(attempt, ok()) == ((nonce, 1), DONE)
    return attempt


class TestSentOnce:
    @pytest.mark.parametrize("stale", ["true", "false"])
    def test_a_signed_request_that_was_refused_is_not_sent_again(self, login, stale):
        warm_up(login)
        attempt = Attempt(login, method="POST", uri="/x", body=b"{}", once=True)
        assert sent(attempt) == ("n1", 2)
        with pytest.raises(SignedRefusal):
            attempt.receive(refusal("n2", stale=stale), error_code=None)
        assert login.reusable() is None

    def test_an_unsigned_one_is_answered_once(self, login):
        attempt = Attempt(login, method="POST", uri="/x", body=b"{}", once=True)
        assert exchange(attempt, refusal("n1")) == (None, AGAIN)
        assert sent(attempt) == ("n1", 1)
        with pytest.raises(SignedRefusal):
            attempt.receive(refusal("n2"), error_code=None)


class TestColdStart:
    def test_the_first_request_is_unsigned_and_the_second_answers(self, login):
        attempt = attempt_of(login)
        assert exchange(attempt, refusal("n1")) == (None, AGAIN)
        assert attempt.has_own_challenge
        assert attempt.challenges == 1
        assert exchange(attempt, ok()) == (("n1", 1), DONE)
        assert not attempt.has_own_challenge

    def test_the_answer_is_that_of_rfc_7616_for_this_request(self, login):
        attempt = attempt_of(login, uri="/api/public/v1.0/groups/a%2Fb?pretty=true")
        exchange(attempt, refusal("n1"))
        found = fields(attempt.authorization())
        assert found["username"] == "public"
        assert found["uri"] == "/api/public/v1.0/groups/a%2Fb?pretty=true"
        assert found["realm"] == "MMS Public API"
        assert found["qop"] == "auth"
        assert re.fullmatch("[0-9a-f]{32}", found["response"])

    def test_a_leader_is_needed_until_the_server_took_the_nonce(self, login):
        attempt = attempt_of(login)
        assert login.needs_leader
        exchange(attempt, refusal("n1"))
        assert login.needs_leader
        attempt.authorization()
        assert login.needs_leader
        attempt.receive(ok(), error_code=None)
        assert not login.needs_leader

    def test_a_nonce_stays_private_until_the_server_took_it(self, login):
        leader, other = attempt_of(login), attempt_of(login)
        exchange(leader, refusal("n1"))
        assert login.reusable() is None
        assert sent(other) is None

    def test_the_answer_to_auth_int_covers_the_body(self, login):
        responses = set()
        for body in (b"{}", b"[]"):
            attempt = attempt_of(login, method="POST", body=body)
            exchange(attempt, refusal("n1", qop='qop="auth-int"'))
            attempt._own.cnonce, attempt._own.uses = "c", 0
            responses.add(fields(attempt.authorization())["response"])
        assert len(responses) == 2

    @pytest.mark.parametrize("status", [200, 204, 302, 400, 403, 404, 429, 500, 502, 503])
    def test_anything_but_401_publishes_the_nonce(self, login, status):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert exchange(attempt, raw(status)) == (("n1", 1), DONE)
        assert sent(attempt_of(login)) == ("n1", 2)

    @pytest.mark.parametrize(
        ("status", "body", "proves"),
        [
            (200, b"", True),
            (404, b'{"error": 404, "errorCode": "X"}', True),
            (409, b'{"error": 409, "detail": "X"}', True),
            (302, b"", False),
            (403, b"<html>", False),
            (404, b"", False),
            (407, b"<html>", False),
            (500, b'{"error": 500, "errorCode": "X"}', False),
            (503, b"", False),
        ],
    )
    def test_an_error_of_a_proxy_does_not_prove_the_key(self, login, status, body, proves):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        exchange(attempt, attrs.evolve(raw(status), body=body))
        assert login.proven is proves
        assert login.allowed_answers == (3 if proves else 2)

    def test_a_cancelled_leader_leaves_nothing_behind(self, login):
        leader = attempt_of(login)
        exchange(leader, refusal("n1"))
        leader.authorization()
        del leader
        assert login.needs_leader
        warm_up(login, "n2")
        assert sent(attempt_of(login)) == ("n2", 2)


class TestWarmNonce:
    def test_each_use_has_its_own_rising_count(self, login):
        warm_up(login)
        assert [sent(attempt_of(login)) for _ in range(40)] == [("n1", count) for count in range(2, 42)]

    def test_one_cnonce_serves_as_long_as_its_nonce(self, login):
        warm_up(login)
        assert len({fields(attempt_of(login).authorization())["cnonce"] for _ in range(5)}) == 1

    def test_needs_no_leader(self, login):
        warm_up(login)
        assert not login.needs_leader

    @pytest.mark.parametrize("stale", ["true", "false"])
    def test_a_refused_one_is_not_used_again_by_anybody(self, login, stale):
        warm_up(login)
        call = attempt_of(login)
        assert exchange(call, refusal("n2", stale=stale)) == (("n1", 2), AGAIN)
        assert login.needs_leader
        assert sent(attempt_of(login)) is None
        assert exchange(call, ok()) == (("n2", 1), DONE)
        assert sent(attempt_of(login)) == ("n2", 2)

    def test_a_refused_one_stays_unused_after_a_late_acceptance(self, login):
        warm_up(login)
        refused, late = attempt_of(login), attempt_of(login)
        assert sent(refused) == ("n1", 2)
        assert sent(late) == ("n1", 3)
        refused.receive(refusal("n2"), error_code=None)
        assert late.receive(ok(), error_code=None) is DONE
        assert login.reusable() is None
        assert login.needs_leader

    def test_a_refusal_of_it_is_no_answer_that_was_refused(self, login):
        warm_up(login)
        call = attempt_of(login)
        exchange(call, refusal("n2"))
        for nonce in ("n2", "n3"):
            used, outcome = exchange(call, refusal(f"after {nonce}"))
            assert (used[1], outcome) == (1, AGAIN)
        with pytest.raises(AuthError):
            exchange(call, refusal("n9"))

    def test_a_late_refusal_of_an_old_one_leaves_the_new_one_alone(self, login):
        warm_up(login)
        first, second = attempt_of(login), attempt_of(login)
        sent(first)
        sent(second)
        first.receive(refusal("n2", stale="true"), error_code=None)
        exchange(first, ok())
        second.receive(refusal("n3", stale="true"), error_code=None)
        assert sent(attempt_of(login)) == ("n2", 2)
        assert exchange(second, ok()) == (("n3", 1), DONE)
        assert sent(attempt_of(login)) == ("n2", 3)

    def test_a_private_one_that_was_taken_does_not_displace_it(self, login):
        late = attempt_of(login)
        exchange(late, refusal("n0"))
        warm_up(login)
        exchange(late, ok())
        assert sent(attempt_of(login)) == ("n1", 2)


class TestOfferedAgain:
    """A server that makes nonces of the time offers the same one to every call of that moment."""

    def test_calls_that_are_offered_the_same_nonce_share_its_count(self, login):
        first, second = attempt_of(login), attempt_of(login)
        exchange(first, refusal("n1"))
        exchange(second, refusal("n1"))
        assert sent(first) == ("n1", 1)
        assert sent(second) == ("n1", 2)

    def test_a_refused_nonce_that_is_offered_again_keeps_its_count(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert exchange(attempt, refusal("n1")) == (("n1", 1), AGAIN)
        assert sent(attempt) == ("n1", 2)

    def test_a_warm_nonce_that_is_offered_again_goes_on_counting(self, login):
        warm_up(login)
        attempt = attempt_of(login)
        assert exchange(attempt, refusal("n1", stale="true")) == (("n1", 2), AGAIN)
        assert sent(attempt) == ("n1", 3)

    def test_a_next_nonce_that_is_named_twice_goes_on_counting(self, login):
        warm_up(login)
        info = ("Authentication-Info", 'nextnonce="n2"')
        first, second = attempt_of(login), attempt_of(login)
        sent(first)
        sent(second)
        first.receive(ok(info), error_code=None)
        assert sent(attempt_of(login)) == ("n2", 1)
        second.receive(ok(info), error_code=None)
        assert sent(attempt_of(login)) == ("n2", 2)

    def test_a_next_nonce_that_is_the_one_in_use_goes_on_counting(self, login):
        warm_up(login)
        exchange(attempt_of(login), ok(("Authentication-Info", 'nextnonce="n1"')))
        assert sent(attempt_of(login)) == ("n1", 3)

    def test_the_challenge_read_last_is_the_one_answered(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop='qop="auth", opaque="old"'))
        exchange(attempt, refusal("n1", qop='qop="auth", opaque="new"', stale="true"))
        assert fields(attempt.authorization())["opaque"] == "new"

    def test_memory_stays_flat(self, login):
        for number in range(2000):
            exchange(attempt_of(login), refusal(f"n{number}"))
        assert len(login._nonces._offered) <= 256


class TestNextNonce:
    def test_replaces_the_nonce(self, login):
        warm_up(login)
        exchange(attempt_of(login), ok(("Authentication-Info", 'nextnonce="n2", rspauth="0"')))
        assert sent(attempt_of(login)) == ("n2", 1)
        assert sent(attempt_of(login)) == ("n2", 2)

    def test_keeps_the_rest_of_the_challenge(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", algorithm="SHA-256", qop='qop="auth", opaque="o"'))
        exchange(attempt, ok(("Authentication-Info", 'nextnonce="n2"')))
        found = fields(attempt_of(login).authorization())
        assert (found["algorithm"], found["opaque"], found["qop"]) == ("SHA-256", "o", "auth")

    def test_is_adopted_from_an_error_answer_too(self, login):
        warm_up(login)
        exchange(attempt_of(login), raw(404, ("Authentication-Info", 'nextnonce="n2"')))
        assert sent(attempt_of(login)) == ("n2", 1)

    def test_is_adopted_though_the_nonce_before_it_was_refused(self, login):
        warm_up(login)
        refused, late = attempt_of(login), attempt_of(login)
        sent(refused)
        sent(late)
        refused.receive(refusal("n9"), error_code=None)
        late.receive(ok(("Authentication-Info", 'nextnonce="n2"')), error_code=None)
        assert sent(attempt_of(login)) == ("n2", 1)

    def test_is_not_adopted_when_the_server_refused_it_before(self, login):
        warm_up(login)
        late, refused = attempt_of(login), attempt_of(login)
        sent(late)
        sent(refused)
        refused.receive(refusal("n2"), error_code=None)
        exchange(refused, refusal("n3"))
        late.receive(ok(("Authentication-Info", 'nextnonce="n2"')), error_code=None)
        assert login.reusable() is None

    def test_is_ignored_when_the_session_key_is_bound_to_a_nonce(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", algorithm="MD5-sess"))
        exchange(attempt, ok(("Authentication-Info", 'nextnonce="n2"')))
        assert sent(attempt_of(login)) == ("n1", 2)


class TestWrongKey:
    def test_a_key_that_never_worked_is_refused_after_two_answers(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert exchange(attempt, refusal("n2")) == (("n1", 1), AGAIN)
        assert sent(attempt) == ("n2", 1)
        with pytest.raises(AuthError) as caught:
            attempt.receive(refusal("n3"), error_code="UNEXPECTED_ERROR")
        assert caught.value.request is CONTEXT
        assert "'public'" in str(caught.value)
        assert "private_" not in str(caught.value)
        assert "accepted before" not in str(caught.value)

    def test_a_key_that_worked_is_refused_after_three_answers(self, login):
        warm_up(login)
        attempt = attempt_of(login)
        exchange(attempt, refusal("n2"))
        for nonce in ("n3", "n4"):
            assert exchange(attempt, refusal(nonce))[1] is AGAIN
        with pytest.raises(AuthError, match=r"private key\. It was accepted before: .* affinity\? No call is sent"):
            exchange(attempt, refusal("n5"))

    def test_the_verdict_holds_for_sixty_seconds(self, login, clock):
        self.refuse(login)
        for seconds in (0, 30, VERDICT_SECONDS - 0.01):
            clock.now = 1000.0 + seconds
            with pytest.raises(AuthError, match="'public'"):
                login.check_verdict()
        clock.now = 1000.0 + VERDICT_SECONDS
        login.check_verdict()

    def test_the_message_says_how_long_it_holds(self, login, clock):
        self.refuse(login)
        clock.now += 12
        with pytest.raises(AuthError, match="another 48 s"):
            login.check_verdict()

    def test_there_is_no_verdict_before_one_was_given(self, login):
        login.check_verdict()

    def test_after_the_verdict_one_call_may_give_one_answer(self, login, clock):
        self.refuse(login)
        clock.now += VERDICT_SECONDS
        assert login.allowed_answers == 1
        assert login.needs_leader
        probe = attempt_of(login)
        exchange(probe, refusal("n7"))
        with pytest.raises(AuthError):
            exchange(probe, refusal("n8"))
        with pytest.raises(AuthError):
            login.check_verdict()
        clock.now += VERDICT_SECONDS
        login.check_verdict()

    def test_a_worthless_nonce_from_a_proxy_prevents_no_verdict(self, login):
        unlucky, lucky = attempt_of(login), attempt_of(login)
        for attempt in (unlucky, lucky):
            exchange(attempt, refusal(f"n{id(attempt)}"))
        exchange(unlucky, refusal("n3"))
        exchange(lucky, raw(503))
        with pytest.raises(AuthError):
            exchange(unlucky, refusal("n4"))
        with pytest.raises(AuthError):
            login.check_verdict()
        assert login.reusable() is None

    def test_a_probe_that_succeeds_lifts_the_verdict(self, login, clock):
        self.refuse(login)
        clock.now += VERDICT_SECONDS
        warm_up(login, "n7")
        clock.now -= 1
        login.check_verdict()
        assert login.allowed_answers == 3

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_an_error_of_a_proxy_does_not_lift_the_verdict(self, login, clock, status):
        under_way = attempt_of(login)
        exchange(under_way, refusal("n0"))
        sent(under_way)
        self.refuse(login)
        under_way.receive(raw(status), error_code=None)
        with pytest.raises(AuthError):
            login.check_verdict()
        clock.now += VERDICT_SECONDS
        assert login.allowed_answers == 1

    def test_no_verdict_is_given_while_another_call_proves_the_key(self, login):
        unlucky = attempt_of(login)
        exchange(unlucky, refusal("x1"))
        exchange(unlucky, refusal("x2"))
        sent(unlucky)
        warm_up(login)
        unlucky.receive(refusal("x3"), error_code=None)
        sent(unlucky)
        with pytest.raises(AuthError):
            unlucky.receive(refusal("x4"), error_code=None)
        login.check_verdict()
        assert sent(attempt_of(login)) == ("n1", 2)

    def test_of_a_server_with_one_use_nonces_one_call_probes_too(self, login, clock):
        learn(login, lives=[1, 1])
        assert not login.needs_leader
        self.refuse(login, answers=3)
        clock.now += VERDICT_SECONDS
        login.check_verdict()
        assert login.needs_leader
        warm_up(login, "n7")
        assert not login.needs_leader

    @staticmethod
    def refuse(login, answers=2):
        attempt = attempt_of(login)
        exchange(attempt, refusal("w0"))
        for number in range(1, answers):
            exchange(attempt, refusal(f"w{number}"))
        with pytest.raises(AuthError):
            exchange(attempt, refusal("w9"))


class TestStale:
    def test_a_stale_answer_does_not_count_against_the_key(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        for number in range(2, 10):
            assert exchange(attempt, refusal(f"n{number}", stale="true")) == ((f"n{number - 1}", 1), AGAIN)
        assert exchange(attempt, ok()) == (("n9", 1), DONE)

    @pytest.mark.parametrize("warm", [False, True])
    def test_ends_with_the_twelfth_request(self, login, warm):
        if warm:
            warm_up(login)
        attempt = attempt_of(login)
        for number in range(1, 12):
            assert exchange(attempt, refusal(f"s{number}", stale="true"))[1] is AGAIN
        with pytest.raises(AuthError, match=r"12 consecutive nonces.*session affinity") as caught:
            exchange(attempt, refusal("s12", stale="true"))
        assert caught.value.request is CONTEXT
        login.check_verdict()

    def test_a_refusal_in_between_counts(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        exchange(attempt, refusal("n2", stale="true"))
        exchange(attempt, refusal("n3"))
        exchange(attempt, refusal("n4", stale="true"))
        with pytest.raises(AuthError, match="check the public and the private key"):
            exchange(attempt, refusal("n5"))


class TestNotTheKey:
    def test_a_code_after_an_answer_is_a_problem_of_rights(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert exchange(attempt, refusal("n2"), "USER_UNAUTHORIZED") == (("n1", 1), DONE)
        assert not attempt.has_own_challenge
        assert login.proven
        assert sent(attempt_of(login)) == ("n1", 2)

    @pytest.mark.parametrize("code", [None, "UNEXPECTED_ERROR"])
    def test_the_code_of_a_challenge_is_none(self, login, code):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"), code)
        assert exchange(attempt, refusal("n2"), code)[1] is AGAIN

    def test_a_code_before_any_answer_leads_to_an_answer(self, login):
        assert exchange(attempt_of(login), refusal("n1"), "NOT_IN_GROUP")[1] is AGAIN

    def test_a_code_with_a_warm_nonce_leads_to_one_answer(self, login):
        warm_up(login)
        attempt = attempt_of(login)
        assert exchange(attempt, refusal("n2"), "NOT_IN_GROUP") == (("n1", 2), AGAIN)
        assert exchange(attempt, refusal("n3"), "NOT_IN_GROUP") == (("n2", 1), DONE)

    def test_a_stale_nonce_is_answered_whatever_the_code(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert exchange(attempt, refusal("n2", stale="true"), "USER_UNAUTHORIZED")[1] is AGAIN

    @pytest.mark.parametrize("answers", [0, 1])
    def test_a_401_without_challenge_goes_to_the_caller(self, login, answers):
        attempt = attempt_of(login)
        for number in range(answers):
            exchange(attempt, refusal(f"n{number}"))
        assert exchange(attempt, raw(401))[1] is DONE
        assert attempt.challenges == answers

    def test_a_warm_nonce_survives_a_401_without_challenge(self, login):
        warm_up(login)
        assert exchange(attempt_of(login), raw(401), "USER_UNAUTHORIZED") == (("n1", 2), DONE)
        assert sent(attempt_of(login)) == ("n1", 3)

    @pytest.mark.parametrize("offered", ['Basic realm="x"', "Negotiate", 'Digest realm="x", qop="auth"', "", "Digest"])
    def test_a_server_that_wants_another_login_is_an_error_at_once(self, login, offered):
        attempt = attempt_of(login)
        attempt.authorization()
        with pytest.raises(AuthError, match="base_url") as caught:
            attempt.receive(raw(401, ("WWW-Authenticate", offered)), error_code=None)
        assert caught.value.request is CONTEXT
        login.check_verdict()

    @pytest.mark.parametrize("offered", ['Basic realm="gateway"', "Negotiate", "NTLM", 'Bearer realm="sso"'])
    def test_a_gateways_401_leaves_a_warm_key_as_it_was(self, login, offered):
        warm_up(login)
        attempt = attempt_of(login)
        for number in range(20):
            answer = raw(401, ("WWW-Authenticate", offered))
            assert exchange(attempt, answer) == (("n1", number + 2), DONE)
        login.check_verdict()
        assert login.warm.settled == login.warm.uses
        assert (sent(attempt_of(login)), login.proven) == (("n1", 22), True)

    def test_the_apis_own_401_for_another_login_is_an_error(self, login):
        warm_up(login)
        attempt = attempt_of(login)
        attempt.authorization()
        answer = raw(401, ("WWW-Authenticate", 'Basic realm="x"'))
        with pytest.raises(AuthError, match="base_url"):
            attempt.receive(attrs.evolve(answer, body=b'{"error": 401, "detail": "Basic."}'), error_code=None)

    def test_digest_is_found_beside_other_logins(self, login):
        attempt = attempt_of(login)
        attempt.authorization()
        answer = raw(401, ("WWW-Authenticate", 'Basic realm="x"'), ("WWW-Authenticate", digest("n1")))
        assert attempt.receive(answer, error_code=None) is AGAIN
        assert sent(attempt) == ("n1", 1)


class TestOpenServer:
    def test_nobody_leads_and_nothing_is_signed(self, login):
        attempt = attempt_of(login)
        assert exchange(attempt, ok()) == (None, DONE)
        assert not login.needs_leader
        assert exchange(attempt_of(login), ok()) == (None, DONE)
        assert not login.proven

    @pytest.mark.parametrize("status", [302, 404, 500, 503])
    def test_an_error_does_not_show_that_a_server_is_open(self, login, status):
        assert exchange(attempt_of(login), raw(status)) == (None, DONE)
        assert login.needs_leader

    def test_a_challenge_shows_that_it_is_not(self, login):
        exchange(attempt_of(login), ok())
        attempt = attempt_of(login)
        assert exchange(attempt, refusal("n1"))[1] is AGAIN
        assert login.needs_leader
        exchange(attempt, ok())
        assert sent(attempt_of(login)) == ("n1", 2)


class TestMisprint:
    """``op="auth"``: read as ``qop`` first, then literally as RFC 2069, within the answers a call has."""

    OP = 'op="auth"'

    def test_is_read_as_qop_first(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        found = fields(attempt.authorization())
        assert (found["qop"], found["nc"]) == ("auth", "00000001")

    def test_is_read_literally_second(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, refusal("n2", qop=self.OP))
        found = fields(attempt.authorization())
        assert found["nonce"] == "n2"
        assert not found.keys() & {"qop", "nc", "cnonce"}
        with pytest.raises(AuthError):
            attempt.receive(refusal("n3", qop=self.OP), error_code=None)

    def test_the_literal_reading_is_remembered_when_it_worked(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, refusal("n2", qop=self.OP))
        assert exchange(attempt, ok()) == ("n2", DONE)
        assert sent(attempt_of(login)) == "n2"
        again = attempt_of(login)
        exchange(again, refusal("n3", qop=self.OP, stale="true"))
        assert sent(again) == "n3"

    def test_the_literal_reading_stays_when_it_is_refused_later(self, login):
        self.test_the_literal_reading_is_remembered_when_it_worked(login)
        attempt = attempt_of(login)
        exchange(attempt, refusal("n4", qop=self.OP))
        assert exchange(attempt, refusal("n5", qop=self.OP)) == ("n4", AGAIN)
        assert sent(attempt) == "n5"

    def test_the_reading_as_qop_is_remembered_when_it_worked(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, ok())
        spurious = attempt_of(login)
        exchange(spurious, refusal("n2", qop=self.OP))
        for nonce in ("n3", "n4"):
            used, outcome = exchange(spurious, refusal(nonce, qop=self.OP))
            assert (used[1], outcome) == (1, AGAIN)

    def test_an_error_of_a_proxy_teaches_nothing(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, refusal("n2", qop=self.OP))
        assert exchange(attempt, raw(503)) == ("n2", DONE)
        login.refuse(login.warm)
        again = attempt_of(login)
        exchange(again, refusal("n3", qop=self.OP))
        assert sent(again) == ("n3", 1)

    def test_a_stale_nonce_is_no_reason_for_the_literal_reading(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, refusal("n2", qop=self.OP, stale="true"))
        assert sent(attempt) == ("n2", 1)

    def test_a_real_qop_later_is_no_misprint(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        exchange(attempt, refusal("n2"))
        assert sent(attempt) == ("n2", 1)

    def test_a_misprint_after_a_real_qop_is_read_as_qop(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        exchange(attempt, refusal("n2", qop=self.OP))
        assert sent(attempt) == ("n2", 1)

    def test_a_call_with_three_answers_returns_to_the_first_reading(self, login):
        warm_up(login, "n0")
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop=self.OP))
        assert exchange(attempt, refusal("n2", qop=self.OP)) == (("n1", 1), AGAIN)
        assert exchange(attempt, refusal("n3", qop=self.OP)) == ("n2", AGAIN)
        assert sent(attempt) == ("n3", 1)

    def test_the_challenge_of_the_fixture_works_in_both_readings(self, login, seed):
        header = seed("headers_401")["headers"]["WWW-Authenticate"]
        attempt = attempt_of(login)
        assert exchange(attempt, raw(401, ("WWW-Authenticate", header)))[1] is AGAIN
        assert exchange(attempt, raw(401, ("WWW-Authenticate", header))) == (("{nonce}", 1), AGAIN)
        assert exchange(attempt, ok()) == ("{nonce}", DONE)

    def test_without_any_qop_the_answer_is_that_of_rfc_2069(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1", qop='opaque="o"'))
        assert sent(attempt) == "n1"


def learn(login, lives):
    """Let one nonce after the other be taken as often as ``lives`` says, and then be called stale."""
    call = attempt_of(login)
    if login.reusable() is None:
        exchange(call, refusal(next(FRESH)))
    for life in lives:
        for _ in range(life):
            exchange(call, ok())
            call = attempt_of(login)
        exchange(call, refusal(next(FRESH), stale="true"))


class TestLifeOfNonces:
    def test_a_nonce_with_a_known_number_of_uses_is_renewed_early(self, login):
        learn(login, lives=[3, 3])
        warm_up(login, "n")
        assert [sent(attempt_of(login)) for _ in range(3)] == [("n", 2), ("n", 3), None]
        assert login.needs_leader

    def test_once_is_not_enough(self, login):
        learn(login, lives=[3])
        warm_up(login, "n")
        assert [sent(attempt_of(login)) for _ in range(4)] == [("n", count) for count in (2, 3, 4, 5)]

    def test_two_different_lives_teach_nothing(self, login):
        learn(login, lives=[3, 4])
        warm_up(login, "n")
        assert [sent(attempt_of(login)) for _ in range(5)] == [("n", count) for count in (2, 3, 4, 5, 6)]

    def test_a_shorter_life_than_the_one_learned_is_forgotten_again(self, login):
        learn(login, lives=[3, 3])
        learn(login, lives=[2])
        warm_up(login, "n")
        assert [sent(attempt_of(login)) for _ in range(3)] == [("n", count) for count in (2, 3, 4)]

    def test_nonces_good_for_one_request_need_no_leader(self, login):
        learn(login, lives=[1, 1])
        assert not login.needs_leader
        calls = [attempt_of(login) for _ in range(3)]
        for number, call in enumerate(calls):
            assert exchange(call, refusal(f"own {number}")) == (None, AGAIN)
            assert not login.needs_leader
        for number, call in enumerate(calls):
            assert exchange(call, ok()) == ((f"own {number}", 1), DONE)

    def test_nothing_is_learned_while_uses_are_pending(self, login):
        learn(login, lives=[3])
        call = attempt_of(login)
        exchange(call, refusal("n0"))
        exchange(call, ok())
        calls = [attempt_of(login) for _ in range(4)]
        for call in calls:
            sent(call)
        calls[0].receive(ok(), error_code=None)
        calls[1].receive(refusal("x", stale="true"), error_code=None)
        calls[2].receive(refusal("y", stale="true"), error_code=None)
        assert login._nonces.life is None
        calls[3].receive(ok(), error_code=None)
        assert login._nonces.life == 3

    def test_calls_without_rights_teach_nothing(self, login):
        warm_up(login)
        for number in range(3):
            call = attempt_of(login)
            assert exchange(call, refusal(f"own {number}"), "NOT_IN_GROUP")[1] is AGAIN
            assert exchange(call, refusal(f"late {number}"), "NOT_IN_GROUP")[1] is DONE
        assert [sent(attempt_of(login)) for _ in range(2)] == [("own 2", 2), ("own 2", 3)]

    def test_a_nonce_that_was_never_taken_teaches_nothing(self, login):
        for number in range(2):
            call = attempt_of(login)
            exchange(call, refusal(f"{number} a"))
            exchange(call, refusal(f"{number} b", stale="true"))
        assert login._nonces.life is None


# Many calls at once.


@attrs.define
class Nonce:
    counts: set[int] = attrs.field(factory=set)


@attrs.define
class Server:
    """A server that verifies nonce and count; whether the key is right is known beforehand."""

    policy: str = "reusable"
    right: bool = True
    life: int = 3
    flag: str = "true"
    names_next: bool = False
    broken: frozenset[int] = frozenset()  # requests answered 503 by a proxy after the server took them
    nonces: dict[str, Nonce] = attrs.field(factory=dict)
    requests: int = 0
    refused: int = 0
    pairs: set[tuple[str, int]] = attrs.field(factory=set)
    repeated: bool = False

    def respond(self, authorization):
        self.requests += 1
        found = fields(authorization)
        if not found:
            return refusal(self.offer())
        nonce, count = found["nonce"], int(found["nc"], 16)
        self.repeated |= (nonce, count) in self.pairs
        self.pairs.add((nonce, count))
        if not self.right:
            self.refused += 1
            return refusal(self.offer())
        if not self.takes(self.nonces[nonce], count):
            return refusal(self.offer(), stale=self.flag)
        self.nonces[nonce].counts.add(count)
        if self.requests in self.broken:
            return raw(503)
        return ok(("Authentication-Info", f'nextnonce="{self.offer()}"')) if self.names_next else ok()

    def takes(self, nonce, count):
        if count in nonce.counts:
            return False
        match self.policy:
            case "one use":
                return not nonce.counts
            case "limited":
                return len(nonce.counts) < self.life
            case "rising":
                return count > max(nonce.counts, default=0)
            case _:
                return True

    def offer(self):
        shared = self.policy == "by the clock" and self.requests % 5
        name = f"nonce{len(self.nonces) - 1 if shared and self.nonces else len(self.nonces)}"
        self.nonces.setdefault(name, Nonce())
        return name


@attrs.define
class Gate:
    """The rule of ``transport/gate``: while one call leads, the others wait."""

    login: Login
    led: bool = False


def run(gate, attempt):
    """``DigestAuthenticator.run`` without a loop: yields what to send, None to wait; receives the answers."""
    while True:
        gate.login.check_verdict()
        while gate.led:
            yield None
            gate.login.check_verdict()
        if gate.login.needs_leader:
            gate.led = True
            try:
                outcome = attempt.receive((yield [attempt.authorization()]), error_code=None)
                while outcome is AGAIN and gate.login.needs_leader:
                    outcome = attempt.receive((yield [attempt.authorization()]), error_code=None)
            finally:
                gate.led = False
        else:
            outcome = attempt.receive((yield [attempt.authorization()]), error_code=None)
        if outcome is DONE:
            return


@attrs.define
class Play:
    """Calls under way, each to be moved on by one step at a time in any order."""

    server: Server
    gate: Gate
    calls: list = attrs.field(factory=list)
    states: dict[int, tuple] = attrs.field(factory=dict)  # call -> where its request is
    refused: int = 0
    done: int = 0

    def start(self, number):
        for index in range(len(self.calls), len(self.calls) + number):
            self.calls.append(run(self.gate, attempt_of(self.gate.login)))
            self.states[index] = ("ready", None)

    def enabled(self):
        return [index for index, (state, _) in self.states.items() if state != "waiting" or not self.gate.led]

    def move(self, index):
        """One step of one call: hand a request over, let the server answer it, or take the answer."""
        state, what = self.states[index]
        if state == "sent":
            self.states[index] = ("answered", self.server.respond(what))
            return
        try:
            asked = self.calls[index].send(what if state == "answered" else None)
        except StopIteration:
            self.done += 1
            del self.states[index]
        except AuthError:
            self.refused += 1
            del self.states[index]
        else:
            self.states[index] = ("waiting", None) if asked is None else ("sent", asked[0])

    def cancel(self, index):
        self.calls[index].close()
        del self.states[index]

    def finish(self, order):
        """Move until all calls are over, in a drawn order as long as there is one."""
        for step in itertools.count():
            assert step < 5000, "the calls do not end"
            enabled = self.enabled()
            if not enabled:
                assert not self.states, "calls wait for nobody"
                return
            chosen = order[step] if step < len(order) else step
            self.move(enabled[chosen % len(enabled)])


orders = st.lists(st.integers(0, 11), max_size=150)
policies = st.sampled_from(["reusable", "one use", "limited", "rising", "by the clock"])


def play(server):
    return Play(server, Gate(Login(DigestAuth("public", "private"), Clock())))


@given(number=st.integers(1, 12), order=orders)
def test_a_cold_start_of_many_calls_costs_one_extra_request(number, order):
    stage = play(Server())
    stage.start(number)
    stage.finish(order)

    assert stage.done == number
    assert stage.server.requests == number + 1
    assert not stage.server.repeated


@given(
    policy=policies,
    flag=st.sampled_from(["true", "false"]),
    life=st.integers(1, 4),
    names_next=st.booleans(),
    broken=st.frozensets(st.integers(1, 40), max_size=4),
    bursts=st.lists(st.tuples(st.integers(1, 8), orders), min_size=1, max_size=5),
    cancelled=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=3),
)
def test_the_right_key_is_never_refused_and_no_count_is_reused(
    policy, flag, life, names_next, broken, bursts, cancelled
):
    stage = play(Server(policy, life=life, flag=flag, names_next=names_next, broken=broken))
    gone = 0
    for number, order in bursts:
        stage.start(number)
        for step, index in cancelled:
            for chosen in order[:step]:
                enabled = stage.enabled()
                if enabled:
                    stage.move(enabled[chosen % len(enabled)])
            if stage.states:
                stage.cancel(sorted(stage.states)[index % len(stage.states)])
                gone += 1
        stage.finish(order)

    assert stage.refused == 0
    assert stage.done + gone == sum(number for number, _ in bursts)
    assert not stage.server.repeated
    assert not stage.gate.led


@given(number=st.integers(1, 12), order=orders, late=st.integers(0, 4), policy=policies)
def test_a_wrong_key_is_refused_twice_for_any_number_of_calls(number, order, late, policy):
    stage = play(Server(policy, right=False))
    stage.start(number)
    stage.finish(order)
    stage.start(late)
    stage.finish(order)

    assert stage.refused == number + late
    assert stage.server.refused == 2
    assert stage.server.requests == 3
    assert not stage.server.repeated


@given(warm=st.integers(1, 4), number=st.integers(1, 10), order=orders, policy=policies)
def test_a_key_that_is_taken_away_is_tried_by_one_call_only(warm, number, order, policy):
    stage = play(Server(policy))
    stage.start(warm)
    stage.finish([])
    stage.server.right = False
    stage.start(number)
    stage.finish(order)

    # Those under way with the nonce of before, where nonces serve once those with nonces of their own, and what
    # is left of the three answers of one call.
    assert stage.refused == number
    assert stage.server.refused <= (2 * number + 2 if policy == "one use" else number + 3)
    stage.gate.login._clock.now += VERDICT_SECONDS
    before = stage.server.refused
    stage.start(number)
    stage.finish(order)
    assert stage.server.refused == before + 1


@given(
    number=st.integers(1, 6),
    order=orders,
    bursts=st.integers(1, 4),
    every=st.integers(2, 6),
)
def test_calls_end_whatever_is_refused_now_and_then(number, order, bursts, every):
    class Moody(Server):
        def takes(self, nonce, count):
            return self.requests % every and super().takes(nonce, count)

    stage = play(Moody(flag="false"))
    for _ in range(bursts):
        stage.gate.login._clock.now += VERDICT_SECONDS
        stage.start(number)
        stage.finish(order)

    assert stage.done + stage.refused == number * bursts
    assert not stage.server.repeated


class TestCrowded:
    """A server that forgets challenges before they are answered, as Apache httpd does with its default table."""

    def test_a_nonce_stale_at_first_use_serializes_calls_a_minute(self, login, clock):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        assert not login.evicts_nonces

        exchange(attempt, refusal("n2", stale="true"))

        assert login.evicts_nonces
        assert exchange(attempt, ok()) == (("n2", 1), DONE)
        assert login.needs_leader  # although a nonce is warm
        clock.now += EVICTION_SECONDS
        assert not login.evicts_nonces
        assert not login.needs_leader

    def test_a_nonce_that_died_after_a_use_is_no_such_sign(self, login):
        attempt = attempt_of(login)
        exchange(attempt, refusal("n1"))
        exchange(attempt, ok())
        exchange(attempt_of(login), refusal("n2", stale="true"))
        assert not login.evicts_nonces

    def test_a_fresh_nextnonce_precedes_a_challenge_that_waited(self, login):
        waiting = attempt_of(login)
        exchange(waiting, refusal("old"))
        leader = attempt_of(login)
        exchange(leader, refusal("n1"))
        exchange(leader, refusal("n2", stale="true"))
        assert exchange(leader, ok(("Authentication-Info", 'nextnonce="n3"'))) == (("n2", 1), DONE)

        assert exchange(waiting, ok()) == (("n3", 1), DONE)
