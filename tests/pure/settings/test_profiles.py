"""Profiles of the Atlas CLI and of mongocli: where they are, what is in them, which one is meant."""

from __future__ import annotations

import pickle

import pytest

from mongorestore_async.auth.credentials import AccessToken, DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL
from mongorestore_async.settings.environment import read_environment
from mongorestore_async.settings.profiles import ProfileFile, choose_profile, find_files, read_profiles
from mongorestore_async.settings.variables import PROFILE_NAMES, has_login

ATLAS, MONGO = "/home/u/.config/atlascli/config.toml", "/home/u/.config/mongocli/config.toml"
KEY = 'public_api_key = "user"\nprivate_api_key = "k3y"\n'
OPS_MANAGER = f"""
skip_update_check = true

[default]
service = "ops-manager"
ops_manager_url = "https://om.example.com:8443/"
ops_manager_ca_certificate = "/etc/ca.pem"
ops_manager_skip_verify = "no"
project_id = "5"
org_id = "6"
output = "json"
{KEY}
"""


def files(atlas=None, mongo=None):
    texts = {"atlascli": (ATLAS, atlas), "mongocli": (MONGO, mongo)}
    return [
        ProfileFile(tool, path, None) if text is None else read_profiles(tool, path, text.encode())
        for tool, (path, text) in texts.items()
    ]


def choose(atlas=None, mongo=None, name=None, environ=()):
    return choose_profile(files(atlas, mongo), name, dict(environ))


def settings(atlas=None, mongo=None, environ=()):
    return read_environment(dict(environ), profile=choose(atlas, mongo))


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"HOME": "/home/u"}, "/home/u/.config/"),
        ("linux", {"HOME": "/home/u", "XDG_CONFIG_HOME": "/etc/u"}, "/etc/u/"),
        ("freebsd14", {"XDG_CONFIG_HOME": "/etc/u"}, "/etc/u/"),
        ("darwin", {"HOME": "/Users/u", "XDG_CONFIG_HOME": "/etc/u"}, "/Users/u/Library/Application Support/"),
        ("win32", {"APPDATA": r"C:\Users\u\AppData\Roaming", "HOME": "/home/u"}, "C:\\Users\\u\\AppData\\Roaming\\"),
    ],
)
def test_the_folder_is_that_of_the_tools(platform, environ, folder):
    between = "\\" if platform == "win32" else "/"
    assert find_files(environ, platform) == {
        tool: f"{folder}{tool}{between}config.toml" for tool in ("atlascli", "mongocli")
    }


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_home_no_folder_is_looked_at(platform):
    assert find_files({}, platform) == {}
    with pytest.raises(ConfigError, match="there is no profile 'default'; looked in no folder"):
        choose_profile([], None, {})


def test_a_profile_has_what_its_tool_wrote():
    profile = choose(mongo=OPS_MANAGER)

    assert (profile.name, profile.tool, profile.file) == ("default", "mongocli", MONGO)
    assert (profile.service, profile.project_id, profile.org_id, profile.output) == ("ops-manager", "5", "6", "json")
    found = read_environment({}, profile=profile)
    assert (found.auth.public_key, found.auth.private_key) == ("user", "k3y")
    assert (found.base_url, found.ca_file) == ("https://om.example.com:8443/", "/etc/ca.pem")
    assert found.skip_verify is False


def test_a_profile_shows_no_key_and_is_not_pickled():
    profile = choose(mongo=OPS_MANAGER)
    assert "k3y" not in f"{profile!r}{profile}"
    assert MONGO in repr(profile)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(profile)


def test_numbers_that_toml_does_not_have_are_no_settings():
    profile = choose(mongo=f"[default]\norg_id = 0x{'f' * 5000}\nproject_id = 5")
    assert (profile.org_id, profile.project_id) == (None, "5")


def test_names_are_read_in_any_case_and_base_url_is_the_address():
    profile = choose('[Default]\nBase_URL = "https://a"\nPROJECT_ID = "7"\n' + KEY, name="DEFAULT")
    assert (profile.project_id, profile.base_url) == ("7", "https://a")
    assert read_environment({}, profile=profile).base_url == "https://a"


def test_a_setting_outside_of_the_tables_counts_for_all():
    assert choose('project_id = "1"\n[default]\nproject_id = "2"\norg_id = "3"').project_id == "1"
    assert choose('project_id = "1"\n[default]\nproject_id = "2"\norg_id = "3"').org_id == "3"


def test_what_is_no_text_is_no_setting():
    profile = choose(
        'version = 2\n[default]\nproject_id = ["a"]\norg_id = ""\noutput = 1.5\n[default.more]\nservice = "x"'
    )
    assert (profile.project_id, profile.org_id, profile.output, profile.service) == (None, None, None, None)


@pytest.mark.parametrize(("text", "skips"), [("true", True), ('"yes"', True), ("false", False), ('"0"', False)])
def test_the_switch_may_be_a_word_or_a_boolean(text, skips):
    assert settings(mongo=f"[default]\nops_manager_skip_verify = {text}\n{KEY}").skip_verify is skips


def test_an_odd_switch_is_named():
    with pytest.raises(
        ConfigError, match=r"ops_manager_skip_verify of the profile 'default' in .* must be true or false"
    ):
        settings(mongo=f'[default]\nops_manager_skip_verify = "perhaps"\n{KEY}')


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("", DEFAULT_BASE_URL),
        ("cloud", DEFAULT_BASE_URL),
        ("cloud-manager", DEFAULT_BASE_URL),
        ("cloudgov", "https://cloud.mongodbgov.com"),
    ],
)
def test_a_service_has_its_address(service, url):
    assert settings(f'[default]\nservice = "{service}"\n{KEY}').base_url == url


def test_ops_manager_without_an_address_is_refused():
    text = f'[default]\nservice = "ops-manager"\n{KEY}'
    with pytest.raises(ConfigError, match=r"the profile 'default' in .*mongocli.* has no ops_manager_url"):
        settings(mongo=text)
    assert settings(mongo=text, environ={"MCLI_OPS_MANAGER_URL": "https://a"}).base_url == "https://a"


# --- which profile


@pytest.mark.parametrize("variable", PROFILE_NAMES)
def test_argument_beats_variable_beats_default(variable):
    text = "[default]\n[one]\n[two]\n"
    assert choose(text).name == "default"
    assert choose(text, environ={variable: "ONE"}).name == "one"
    assert choose(text, name="two", environ={variable: "one"}).name == "two"


def test_the_only_profile_is_taken_where_none_is_named():
    assert choose("[one]\n").name == "one"
    with pytest.raises(ConfigError, match="there is no profile 'default'; looked in"):
        choose("[one]\n", name="default")
    with pytest.raises(ConfigError, match="there is no profile 'default'; looked in"):
        choose("[one]\n[two]\n")


def test_an_unknown_profile_is_told_with_those_that_exist():
    with pytest.raises(ConfigError) as caught:
        choose("[one]\n[two]\n", name="t\x07o")
    assert str(caught.value) == (
        f"there is no profile 't\\x07o'; looked in {ATLAS} (it has one, two) and {MONGO} (not there)"
    )
    with pytest.raises(ConfigError, match=r"mongocli/config.toml \(it has no profile\)$"):
        choose("[one]\n", "", name="mongocli:one")


def test_two_profiles_of_one_name_that_differ_are_told_apart():
    atlas, mongo = '[default]\nproject_id = "1"', '[default]\nproject_id = "2"'
    with pytest.raises(ConfigError, match="differ: name one as atlascli:default or mongocli:default"):
        choose(atlas, mongo)
    assert choose(atlas, mongo, name="mongocli:default").file == MONGO
    assert choose(atlas, mongo, environ={"MCLI_PROFILE": "atlascli:default"}).file == ATLAS
    assert choose(atlas, f"{atlas}\noutput = 'json'").file == ATLAS  # copied by the Atlas CLI, which is newer
    assert choose('["other:default"]\n', name="other:default").name == "other:default"


# --- what counts


def test_variable_beats_profile():
    environ = {"MONGODB_ATLAS_PUBLIC_API_KEY": "other", "MCLI_OPS_MANAGER_URL": "https://other"}
    found = settings(mongo=OPS_MANAGER, environ=environ | {"MCLI_OPS_MANAGER_CA_CERTIFICATE": ""})
    assert (found.auth.public_key, found.auth.private_key) == ("other", "k3y")
    assert (found.base_url, found.ca_file) == ("https://other", "/etc/ca.pem")


KEY_NAMES = "MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY"
ACCOUNT_NAMES = "MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET"
ACCOUNT = 'client_id = "mdb_sa_id_1"\nclient_secret = "s3cret"\n'


@pytest.mark.parametrize(
    ("table", "kind"),
    [(KEY, DigestAuth), (ACCOUNT + KEY, ServiceAccount), (f'access_token = "t0ken"\n{ACCOUNT}', AccessToken)],
)
def test_a_profile_may_log_in_in_three_ways(table, kind):
    assert isinstance(settings(f"[default]\n{table}").auth, kind)


def test_a_whole_login_of_the_environment_is_taken_as_it_is():
    environ = {"MCLI_PUBLIC_API_KEY": "a", "MCLI_PRIVATE_API_KEY": "b"}
    assert has_login(environ)
    assert not has_login({"MCLI_PUBLIC_API_KEY": "a", "MCLI_PRIVATE_API_KEY": ""})
    half = choose('[default]\nprivate_api_key = "k3y"')
    assert [half.has_login({}), half.has_login({"MCLI_PUBLIC_API_KEY": "a"})] == [False, True]
    auth = settings(f"[default]\n{ACCOUNT}", environ=environ).auth
    assert (auth.public_key, auth.private_key) == ("a", "b")


@pytest.mark.parametrize(
    ("table", "tool", "says"),
    [
        ("", "atlascli", f"which is not read. Set {KEY_NAMES} (or {ACCOUNT_NAMES} for a service account); the rest"),
        ('auth_type = "api_keys"', "atlascli", f"Set {KEY_NAMES}; the rest"),
        ('auth_type = "service_account"', "atlascli", f"Set {ACCOUNT_NAMES}; the rest"),
        ('auth_type = "user_account"', "atlascli", "Set MONGODB_ATLAS_ACCESS_TOKEN; the rest"),
        ('auth_type = "no_auth"', "atlascli", f"Set {KEY_NAMES} (or"),
        ('private_api_key = "k3y"', "atlascli", "has no public_api_key: set MONGODB_ATLAS_PUBLIC_API_KEY"),
        ('public_api_key = "p"', "mongocli", "has no private_api_key: set MONGODB_ATLAS_PRIVATE_API_KEY"),
        ("", "mongocli", "has no public_api_key and no private_api_key: set"),
        ('client_id = "i"', "mongocli", "has no client_secret: set MONGODB_ATLAS_CLIENT_SECRET"),
    ],
)
def test_a_profile_without_keys_says_what_to_set(table, tool, says):
    place = {"atlascli": (f"[default]\n{table}", None), "mongocli": (None, f"[default]\n{table}")}[tool]
    with pytest.raises(ConfigError) as caught:
        settings(*place)
    assert says in str(caught.value)
    assert "k3y" not in str(caught.value)


# --- broken files


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[default]\nprivate_api_key = "k3y\n', 2),
        (b"[default]\nk3y\n", 2),
        (b'[default]\n\n"k3y" = = 1', 3),
        (b'[default]\nprivate_api_key = """k3y\n\n', 4),
        (b'[default]\nprivate_api_key = "k3y\xff"', 2),
        (b'a = "k3y"\na = "k3y"', 2),
        (b'k = "k3y"\na = ' + b"9" * 5000, "not known"),
        (b'k = "k3y"\na = ' + b"[" * 5000, "not known"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_nothing_of_it(content, line):
    with pytest.raises(ConfigError) as caught:
        read_profiles("atlascli", ATLAS, content)
    assert str(caught.value).startswith(f"{ATLAS} is not valid TOML (line {line}):")
    assert "k3y" not in str(caught.value)
    assert caught.value.__context__ is None  # an error of the parser may hold the whole text
