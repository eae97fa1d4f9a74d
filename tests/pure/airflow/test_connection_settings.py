from __future__ import annotations

import pytest

from mongorestore_async import ConfigError, DigestAuth, ServiceAccount
from mongorestore_async.airflow.connection_settings import ConnectionFields, session_arguments

KEY = {"login": "public", "password": "s3cr3t-key"}


def arguments(**fields):
    return session_arguments(ConnectionFields(**fields))[0]


def test_login_and_password_are_an_api_key():
    auth = arguments(**KEY)["auth"]

    assert isinstance(auth, DigestAuth)
    assert (auth.public_key, str(auth.private_key)) == ("public", "s3cr3t-key")


def test_extras_can_be_the_api_key():
    auth = arguments(extra={"public_key": "public", "private_key": "s3cr3t-key"})["auth"]

    assert isinstance(auth, DigestAuth)
    assert (auth.public_key, str(auth.private_key)) == ("public", "s3cr3t-key")


def test_extras_can_be_a_service_account():
    auth = arguments(extra={"client_id": "mdb_sa_id_1", "client_secret": "mdb_sa_sk_1"})["auth"]

    assert isinstance(auth, ServiceAccount)
    assert str(auth.client_secret) == "mdb_sa_sk_1"


def test_a_connection_without_keys_has_no_login():
    assert arguments(host="https://om.example.com") == {"auth": None, "base_url": "https://om.example.com"}


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "https://om.example.com:8443/ops"}, "https://om.example.com:8443/ops"),
        ({"host": "om.example.com", "port": 8080, "schema": "http"}, "http://om.example.com:8080"),
        ({"host": "om.example.com"}, "https://om.example.com"),
        ({"host": "http://om.example.com/ops", "port": 8080}, "http://om.example.com:8080/ops"),
    ],
)
def test_the_host_is_the_base_url(fields, url):
    assert arguments(**fields)["base_url"] == url


def test_other_extras_go_to_the_session_and_its_options():
    extra = {"ca_file": "ca.pem", "proxy": "http://u:p@proxy", "strict_certificates": False, "timeout": 5}
    session, options = session_arguments(ConnectionFields(extra={**extra, "max_in_flight": 4}))

    assert (session["ca_file"], session["strict_certificates"]) == ("ca.pem", False)
    assert "u:p" not in repr(session)
    assert options == {"timeout": 5, "max_in_flight": 4}


def test_empty_fields_of_the_form_are_unset():
    assert arguments(host="", login="", password="", extra={"ca_file": "", "timeout": None}) == {"auth": None}


@pytest.mark.parametrize(
    "fields",
    [
        {"login": "public"},
        {"password": "s3cr3t-key"},
        {"extra": {"client_id": "mdb_sa_id_1"}},
        {"extra": {"client_secret": "s3cr3t-key"}},
        {**KEY, "extra": {"client_id": "mdb_sa_id_1", "client_secret": "s3cr3t-key"}},
        {"extra": {"privateKey": "s3cr3t-key"}},
    ],
)
def test_half_a_key_two_keys_and_unmasked_names_are_refused(fields):
    with pytest.raises(ConfigError) as caught:
        arguments(**fields)

    assert "s3cr3t-key" not in str(caught.value)


def test_an_unknown_extra_is_named_with_those_known():
    with pytest.raises(ConfigError, match=r"unknown extras: privateKey\. Known are .*private_key"):
        arguments(extra={"privateKey": "s3cr3t-key"})


def test_fields_do_not_show_their_secrets():
    fields = ConnectionFields(**KEY, extra={"client_secret": "s3cr3t-key"})

    assert "s3cr3t-key" not in repr(fields)
    assert "s3cr3t-key" not in repr(fields.extra)
