"""Values show themselves as attrs would have it, and hide what is to be hidden."""

from __future__ import annotations

import attrs
import pytest

from mongorestore_async import DigestAuth, JobRef, Options, ServiceAccount
from mongorestore_async.shown import shown


def own(cls):
    """Make a class of attrs twice: as attrs shows it, and with ours."""
    return [attrs.frozen(type("Value", (cls,), {"__module__": __name__, **more})) for more in ({}, {"__repr__": shown})]


class Plain:
    text: str = "it's"
    number: int | None = None
    hidden: str = attrs.field(default="secret", repr=False)
    masked: str = attrs.field(default="secret", repr=lambda _: "***")
    inner: JobRef = attrs.field(factory=lambda: JobRef(family="f", project="p", host="h", job="j"))


class Empty: ...


@attrs.frozen
class Base:
    first: int = 1
    kept: str = attrs.field(default="secret", repr=False)


@pytest.mark.parametrize("cls", [attrs.frozen(Plain), Empty, Base])
def test_a_value_shows_itself_as_attrs_would(cls):
    theirs, ours = own(cls)

    assert repr(ours()) == repr(theirs())
    assert "secret" not in repr(ours())


def test_a_class_in_a_function_and_one_of_a_user_keep_their_names():
    class Child(JobRef):
        pass

    assert repr(Child(family="f", project="p", cluster="c", job="j")) == (
        "Child(family='f', project='p', cluster='c', host=None, job='j')"
    )


def test_keys_are_not_shown():
    assert repr(DigestAuth("public", "private")) == "DigestAuth(public_key='public')"
    assert repr(ServiceAccount("id", "hush")) == "ServiceAccount(client_id='id', revoke_on_close=False)"


def test_what_holds_values_shows_them():
    assert "RetryPolicy(tries=4, " in repr(Options())
