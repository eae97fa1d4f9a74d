"""Settings from the variables that MongoDB's own tools read."""

from __future__ import annotations

import pytest
from yarl import URL

from mongorestore_async.auth.credentials import AccessToken, DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL
from mongorestore_async.settings.environment import read_environment
from mongorestore_async.settings.environment_proxies import EnvironmentProxies

PUBLIC = ["MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY"]
PRIVATE = ["MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY"]
KEY = {PUBLIC[0]: "public", PRIVATE[0]: "private"}
ACCOUNT = {"MONGODB_ATLAS_CLIENT_ID": "mdb_sa_id_1", "MONGODB_ATLAS_CLIENT_SECRET": "mdb_sa_sk_1"}


def test_an_api_key_is_enough():
    settings = read_environment(KEY)
    assert isinstance(settings.auth, DigestAuth)
    assert (settings.auth.public_key, settings.auth.private_key) == ("public", "private")
    assert settings.base_url == DEFAULT_BASE_URL
    assert settings.ca_file is None
    assert settings.skip_verify is False


@pytest.mark.parametrize("public", PUBLIC)
@pytest.mark.parametrize("private", PRIVATE)
def test_each_half_of_the_key_is_found_under_each_of_its_names(public, private):
    auth = read_environment({public: "a", private: "b"}).auth
    assert (auth.public_key, auth.private_key) == ("a", "b")


@pytest.mark.parametrize("first", range(3))
def test_the_first_name_that_is_set_counts(first):
    environ = {name: f"a{index}" for index, name in enumerate(PUBLIC) if index >= first}
    environ |= {name: f"b{index}" for index, name in enumerate(PRIVATE) if index >= first}
    auth = read_environment(environ).auth
    assert (auth.public_key, auth.private_key) == (f"a{first}", f"b{first}")


def test_an_empty_variable_counts_as_unset():
    environ = {PUBLIC[0]: "", PUBLIC[1]: "a", PRIVATE[0]: "", PRIVATE[2]: "b", "MONGODB_ATLAS_BASE_URL": ""}
    environ |= {"MCLI_OPS_MANAGER_CA_CERTIFICATE": "", "MCLI_OPS_MANAGER_SKIP_VERIFY": "", **dict.fromkeys(ACCOUNT, "")}
    settings = read_environment(environ)
    assert (settings.auth.public_key, settings.auth.private_key) == ("a", "b")
    assert (settings.base_url, settings.ca_file, settings.skip_verify) == (DEFAULT_BASE_URL, None, False)


@pytest.mark.parametrize(
    ("environ", "missing", "present"),
    [
        ({}, PUBLIC[0], None),
        ({}, PRIVATE[0], None),
        ({PUBLIC[2]: "a"}, PRIVATE[0], PUBLIC[0]),
        ({PRIVATE[2]: "b"}, PUBLIC[0], PRIVATE[0]),
        ({PRIVATE[0]: "b", PUBLIC[0]: ""}, PUBLIC[0], PRIVATE[0]),
    ],
)
def test_what_is_missing_is_named(environ, missing, present):
    with pytest.raises(ConfigError) as caught:
        read_environment(environ)
    assert missing in str(caught.value)
    assert present is None or present not in str(caught.value)


def test_an_impossible_key_is_an_error_that_does_not_show_it():
    with pytest.raises(ConfigError, match="line break") as caught:
        read_environment({PUBLIC[0]: "a", PRIVATE[0]: "hidden\n"})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"MONGODB_ATLAS_BASE_URL": "https://a"}, "https://a"),
        ({"MCLI_OPS_MANAGER_URL": "http://om:8080/"}, "http://om:8080/"),
        ({"MONGODB_ATLAS_BASE_URL": "https://a", "MCLI_OPS_MANAGER_URL": "https://b"}, "https://a"),
        ({"MONGODB_ATLAS_BASE_URL": "", "MCLI_OPS_MANAGER_URL": "https://b"}, "https://b"),
    ],
)
def test_the_base_url_is_that_of_the_first_name_that_is_set(environ, url):
    assert read_environment({**KEY, **environ}).base_url == url


def test_the_ca_file_is_a_path():
    environ = {**KEY, "MCLI_OPS_MANAGER_CA_CERTIFICATE": "/etc/om.pem"}
    assert read_environment(environ).ca_file == "/etc/om.pem"


@pytest.mark.parametrize(
    ("text", "on"),
    [
        *((text, True) for text in ("true", "TRUE", "True", "1", "t", "T", "yes", "y", " true ")),
        *((text, False) for text in ("false", "FALSE", "0", "f", "no", "n", " 0")),
    ],
)
def test_a_switch_is_on_or_off(text, on):
    assert read_environment({**KEY, "MCLI_OPS_MANAGER_SKIP_VERIFY": text}).skip_verify is on


@pytest.mark.parametrize("text", ["maybe", "2", "-", "truefalse", " "])
def test_a_switch_that_is_neither_is_an_error_and_not_a_guess(text):
    with pytest.raises(ConfigError, match="MCLI_OPS_MANAGER_SKIP_VERIFY must be true or false"):
        read_environment({**KEY, "MCLI_OPS_MANAGER_SKIP_VERIFY": text})


def test_a_service_account_is_found():
    auth = read_environment(ACCOUNT).auth
    assert isinstance(auth, ServiceAccount)
    assert (auth.client_id, auth.client_secret) == ("mdb_sa_id_1", "mdb_sa_sk_1")


def test_a_whole_service_account_comes_before_an_api_key():
    assert isinstance(read_environment({**KEY, **ACCOUNT}).auth, ServiceAccount)


@pytest.mark.parametrize("half", ACCOUNT)
def test_half_a_service_account_does_not_hide_an_api_key(half):
    assert isinstance(read_environment({**KEY, half: ACCOUNT[half]}).auth, DigestAuth)


@pytest.mark.parametrize("half", ACCOUNT)
def test_half_a_service_account_is_an_error_naming_the_rest(half):
    (other,) = ACCOUNT.keys() - {half}
    with pytest.raises(ConfigError, match=f"set {other} as well"):
        read_environment({half: ACCOUNT[half]})


def test_an_access_token_wins_over_every_other_login():
    auth = read_environment({**KEY, **ACCOUNT, "MONGODB_ATLAS_ACCESS_TOKEN": "t0ken"}).auth
    assert isinstance(auth, AccessToken)
    assert auth.token == "t0ken"


@pytest.mark.parametrize("name", ["MONGODB_ATLAS_SERVICE", "MCLI_SERVICE"])
def test_the_service_for_governments_has_an_address_of_its_own(name):
    own = KEY | {"MCLI_OPS_MANAGER_URL": "https://a"}
    assert read_environment(KEY | {name: "cloudgov"}).base_url == "https://cloud.mongodbgov.com"
    assert read_environment(KEY | {name: "atlas-cloud-backup"}).base_url == DEFAULT_BASE_URL
    assert read_environment(own | {name: "cloudgov"}).base_url == "https://a"


def test_no_login_is_asked_for_where_none_is_wanted():
    assert read_environment({}, with_auth=False).auth is None


def test_nothing_secret_is_in_the_picture_of_the_settings():
    assert "private" not in repr(read_environment(KEY)).replace("private_key", "")
    assert "mdb_sa_sk_1" not in repr(read_environment(ACCOUNT))


def test_foreign_variables_do_not_matter():
    assert read_environment({**KEY, "MONGODB_ATLAS_PROJECT_ID": "x", "MCLI_OUTPUT": "json"}) is not None


def test_base_urls_have_three_names():
    names = ["MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_OPS_MANAGER_URL", "MCLI_OPS_MANAGER_URL"]
    for index, name in enumerate(names):
        environ = KEY | {later: f"https://{later}.example.com" for later in names[index:]}
        assert read_environment(environ).base_url == f"https://{name}.example.com"


PROXY = "http://user:pass@proxy.example.com:3128"


def chosen(environ, url):
    choose = read_environment(KEY | environ).proxy
    return None if choose is None else choose(URL(url))


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://om.example.com", None),
        ({"HTTPS_PROXY": "", "NO_PROXY": "x"}, "https://om.example.com", None),
        ({"HTTPS_PROXY": PROXY}, "https://om.example.com", PROXY),
        ({"https_proxy": PROXY}, "https://om.example.com", PROXY),
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://other:1"}, "https://om.example.com", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://om.example.com", None),
        ({"HTTP_PROXY": PROXY}, "http://om.example.com", PROXY),
        ({"HTTP_PROXY": PROXY}, "https://om.example.com", None),
        ({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "http://om.example.com", None),
        ({"HTTPS_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "https://om.example.com", PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, "https://om.example.com", "http://proxy.example.com:3128"),
        ({"ALL_PROXY": PROXY}, "https://om.example.com", None),
        ({"HTTP_PROXY": PROXY}, "http://localhost:8080", None),
        ({"HTTP_PROXY": PROXY}, "http://127.0.0.1:8080", None),
        ({"HTTP_PROXY": PROXY}, "http://[::1]:8080", None),
    ],
)
def test_proxies_are_chosen_by_scheme(environ, url, proxy):
    assert chosen(environ, url) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", "https://om.example.com", True),
        ("om.example.com", "https://om.example.com", True),
        ("om.example.com.", "https://OM.example.com", True),
        ("example.com", "https://om.example.com", True),
        (".example.com", "https://om.example.com", True),
        (".example.com", "https://example.com", False),
        ("*.example.com", "https://om.example.com", True),
        ("ample.com", "https://om.example.com", False),
        ("om.example", "https://om.example.com", False),
        (" other.org , example.com ,", "https://om.example.com", True),
        ("om.example.com:8443", "https://om.example.com:8443", True),
        ("om.example.com:8443", "https://om.example.com", False),
        ("om.example.com:443", "https://om.example.com", True),
        ("10.1.2.3", "https://10.1.2.3", True),
        ("10.1.2.3:8443", "https://10.1.2.3:8443", True),
        ("10.1.2.3:8443", "https://10.1.2.3", False),
        ("10.1.2.3", "https://10.1.2.34", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.5/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", "https://om.example.com", False),
        ("10.0.0.0/64", "https://10.1.2.3", False),
        ("fd00::/8", "https://[fd00::1]:8443", True),
        ("fd00::1", "https://[fd00::1]:8443", True),
        ("[fd00::1]:8443", "https://[fd00::1]:8443", True),
        ("[fd00::1]:8443", "https://[fd00::1]", False),
        ("fd00::2", "https://[fd00::1]", False),
        ("", "https://om.example.com", False),
    ],
)
def test_no_proxy_names_hosts_networks_and_ports(no_proxy, url, direct):
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}
    assert chosen(environ, url) == (None if direct else PROXY)
    assert chosen({"https_proxy": PROXY, "no_proxy": no_proxy}, url) == (None if direct else PROXY)


def test_proxies_of_the_environment_show_no_password():
    proxies = EnvironmentProxies.read(KEY | {"HTTPS_PROXY": PROXY})
    assert "pass" not in repr(proxies) + repr(read_environment(KEY | {"HTTPS_PROXY": PROXY}))
