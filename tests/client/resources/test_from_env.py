"""A session from the environment variables that MongoDB's own tools read."""

from __future__ import annotations

import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, ConfigError, DigestAuth, Options

KEYS = {"MONGODB_ATLAS_PUBLIC_API_KEY": "public", "MONGODB_ATLAS_PRIVATE_API_KEY": "s3cr3t"}


def key_of(session):
    login = session._view.transport._authenticator.login
    return login.credentials.public_key, str(login.credentials.private_key)


@pytest.mark.parametrize(
    ("public", "private"),
    [
        ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY"),
        ("MONGODB_ATLAS_PUBLIC_KEY", "MONGODB_ATLAS_PRIVATE_KEY"),
        ("MCLI_PUBLIC_API_KEY", "MCLI_PRIVATE_API_KEY"),
    ],
)
def test_the_key_has_many_names(public, private):
    assert key_of(AsyncSession.from_env({public: "public", private: "s3cr3t"})) == ("public", "s3cr3t")


def test_the_first_name_wins_and_an_empty_one_counts_as_unset():
    environ = {
        **KEYS,
        "MONGODB_ATLAS_PUBLIC_API_KEY": "",
        "MONGODB_ATLAS_PUBLIC_KEY": "second",
        "MCLI_PUBLIC_API_KEY": "third",
        "MONGODB_ATLAS_BASE_URL": "",
        "MCLI_OPS_MANAGER_SKIP_VERIFY": "",
    }

    session = AsyncSession.from_env(environ)

    assert key_of(session) == ("second", "s3cr3t")
    assert str(session.base_url) == "https://cloud.mongodb.com"


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    for name, value in {**KEYS, "MCLI_OPS_MANAGER_URL": "http://om.example.com:8080/"}.items():
        monkeypatch.setenv(name, value)

    session = AsyncSession.from_env()

    assert key_of(session) == ("public", "s3cr3t")
    assert str(session.base_url) == "http://om.example.com:8080"
    session.project("p", OPS_MANAGER)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "set MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY"),
        ({"MCLI_PUBLIC_API_KEY": "public"}, "set MONGODB_ATLAS_PRIVATE_API_KEY"),
        ({"MCLI_PRIVATE_API_KEY": "s3cr3t"}, "set MONGODB_ATLAS_PUBLIC_API_KEY"),
        ({**KEYS, "MCLI_OPS_MANAGER_SKIP_VERIFY": "maybe"}, "MCLI_OPS_MANAGER_SKIP_VERIFY must be true or false"),
        ({**KEYS, "MONGODB_ATLAS_BASE_URL": "om.example.com"}, "no http or https scheme"),
        ({**KEYS, "MONGODB_ATLAS_BASE_URL": "https://u:s3cr3t@om.example.com"}, "credentials"),
        ({**KEYS, "MCLI_OPS_MANAGER_SKIP_VERIFY": "true", "MONGODB_ATLAS_PRIVATE_API_KEY": "s3cr3t\n"}, "line break"),
    ],
)
def test_what_is_missing_or_odd_is_named(environ, says):
    with pytest.raises(ConfigError, match=says) as caught:
        AsyncSession.from_env(environ)

    assert "s3cr3t" not in str(caught.value)


def test_arguments_win_over_the_environment():
    session = AsyncSession.from_env(
        {**KEYS, "MONGODB_ATLAS_BASE_URL": "https://a.example.com"},
        base_url="https://b.example.com",
        auth=DigestAuth("other", "key"),
        options=Options(timeout=5),
        envelope=True,
    )

    assert str(session.base_url) == "https://b.example.com"
    assert key_of(session) == ("other", "key")
    assert session.options.timeout == 5


@pytest.mark.parametrize("auth", [None, DigestAuth("other", "key")])
def test_a_key_passed_needs_none_in_the_environment(auth):
    session = AsyncSession.from_env({"MCLI_OPS_MANAGER_URL": "https://om.example.com"}, auth=auth)

    assert str(session.base_url) == "https://om.example.com"


async def test_the_ca_file_of_the_environment_is_used(tmp_path):
    environ = {**KEYS, "MCLI_OPS_MANAGER_CA_CERTIFICATE": str(tmp_path / "no-such.pem")}

    with pytest.raises(ConfigError, match="no-such"):
        await AsyncSession.from_env(environ).open()
    async with AsyncSession.from_env(environ, ssl=False):
        pass
    async with AsyncSession.from_env({**environ, "MCLI_OPS_MANAGER_SKIP_VERIFY": "true"}):
        pass
