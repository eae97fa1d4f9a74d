"""What a session logs in with: checked at once, shown never."""

from __future__ import annotations

import copy
import pickle

import pytest

from mongorestore_async.auth.credentials import DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import Secret

HIDDEN = "5b7b1ff0-7d45-4c3e-a1b2-HIDDEN"


#: What each kind calls its two halves.
HALVES = {DigestAuth: ("public_key", "private_key"), ServiceAccount: ("client_id", "client_secret")}


@pytest.mark.parametrize("kind", HALVES)
class TestBoth:
    def test_keep_both_halves(self, kind):
        name, secret = HALVES[kind]
        auth = kind("abcdefgh", HIDDEN)
        assert getattr(auth, name) == "abcdefgh"
        assert getattr(auth, secret) == HIDDEN
        assert type(getattr(auth, secret)) is Secret

    def test_show_the_name_and_never_the_secret(self, kind):
        auth = kind("abcdefgh", HIDDEN)
        assert HIDDEN not in repr(auth) + str(auth) + f"{auth}"
        assert "abcdefgh" in repr(auth)

    @pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_refuse_to_leave_the_process_or_to_be_copied(self, kind, copied):
        with pytest.raises(TypeError, match=kind.__name__):
            copied(kind("abcdefgh", HIDDEN))

    def test_cannot_be_changed(self, kind):
        name, secret = HALVES[kind]
        auth = kind("abcdefgh", HIDDEN)
        for attribute in (name, secret):
            with pytest.raises(AttributeError):
                setattr(auth, attribute, "other")

    @pytest.mark.parametrize(
        "bad", ["", None, 5, b"abc", "\n", " a", "a ", "a\n", "a\tb", "a\x00b", "a\ud800b", "a\u200bb"]
    )
    def test_refuse_what_cannot_be_one_and_say_which_half_it_is(self, kind, bad):
        name, secret = HALVES[kind]
        with pytest.raises(ConfigError, match=name) as caught:
            kind(bad, HIDDEN)
        assert HIDDEN not in str(caught.value)
        with pytest.raises(ConfigError, match=secret):
            kind("abcdefgh", bad)

    def test_do_not_show_a_secret_they_refuse(self, kind):
        with pytest.raises(ConfigError, match="line break") as caught:
            kind("abcdefgh", f"{HIDDEN}\n")
        assert HIDDEN not in str(caught.value)

    @pytest.mark.parametrize("text", ["with blank", "Schlüssel", "鍵", "+/=.-_~"])
    def test_take_any_other_text(self, kind, text):
        name, secret = HALVES[kind]
        auth = kind(text, text)
        assert (getattr(auth, name), getattr(auth, secret)) == (text, text)


def test_a_public_key_with_a_colon_cannot_be_a_user_name():
    with pytest.raises(ConfigError, match=r"public_key.*colon"):
        DigestAuth("a:b", HIDDEN)
    assert DigestAuth("a", "b:c").private_key == "b:c"


def test_tokens_of_a_service_account_live_on_unless_told():
    assert ServiceAccount("a", "b").revoke_on_close is False
    assert ServiceAccount("a", "b", revoke_on_close=True).revoke_on_close is True


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_switch_of_a_service_account_is_a_boolean(value):
    with pytest.raises(ConfigError, match="revoke_on_close"):
        ServiceAccount("a", "b", revoke_on_close=value)
