"""Sessions from profiles: the files of the Atlas CLI and of mongocli, and who may read them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mongorestore_async import AsyncSession, ConfigError, DigestAuth, Options, load_profile
from mongorestore_async.settings.profile_files import has_profiles

KEY = 'public_api_key = "user"\nprivate_api_key = "k3y"\n'
ADDRESS = 'ops_manager_url = "https://om.example.com:8443"\n'


@pytest.fixture
def home(tmp_path):
    """Write files of tools: text and permissions of each; gives the variables that lead there."""

    def write(atlascli=None, mongocli=None, mode=0o600):
        for tool, text in {"atlascli": atlascli, "mongocli": mongocli}.items():
            if text is not None:
                (tmp_path / tool).mkdir()
                (tmp_path / tool / "config.toml").write_text(text, encoding="utf-8")
                (tmp_path / tool / "config.toml").chmod(mode)
        return {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "APPDATA": str(tmp_path)}

    return write


def settings_of(session):
    view = session._view
    return str(session.base_url), view.transport.http_settings, session.options


def test_a_session_comes_from_a_profile(home):
    text = f'[staging]\n{KEY}{ADDRESS}ops_manager_ca_certificate = "/etc/ca.pem"\nproject_id = "5"'
    environ = home(mongocli=text)

    session = AsyncSession.from_profile("staging", environ=environ)
    url, http, _ = settings_of(session)
    assert url == "https://om.example.com:8443"
    assert http.ca_file == "/etc/ca.pem"
    assert session._view.transport._authenticator.login.credentials.public_key == "user"
    assert load_profile("staging", environ=environ).project_id == "5"


def test_argument_beats_variable_beats_profile(home):
    environ = home(mongocli=f"[default]\n{KEY}{ADDRESS}")
    assert settings_of(AsyncSession.from_profile(environ=environ))[0] == "https://om.example.com:8443"
    environ |= {"MCLI_OPS_MANAGER_URL": "https://variable"}
    assert settings_of(AsyncSession.from_profile(environ=environ))[0] == "https://variable"
    options = Options(timeout=5)
    session = AsyncSession.from_profile(environ=environ, base_url="https://argument", options=options)
    assert settings_of(session)[::2] == ("https://argument", options)


def test_a_loaded_profile_is_taken_and_a_login_given_needs_no_keys(home):
    environ = home(atlascli=f"[default]\n{ADDRESS}")
    session = AsyncSession.from_profile(load_profile(environ=environ), environ={}, auth=DigestAuth("a", "b"))
    assert settings_of(session)[0] == "https://om.example.com:8443"
    with pytest.raises(ConfigError, match="keyring"):
        AsyncSession.from_profile(environ=environ)


def test_the_variables_of_the_process_are_read(home, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("MONGODB_", "MCLI_"))]:
        monkeypatch.delenv(name)
    for name, value in home(atlascli=f"[default]\n{KEY}").items():
        monkeypatch.setenv(name, value)
    assert load_profile().name == "default"
    assert AsyncSession.from_profile() is not None
    with pytest.raises(ConfigError, match="no API key in the environment"):
        AsyncSession.from_env()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        (KEY, 0o600, None),
        (KEY, 0o400, None),
        (KEY, 0o640, "holds keys and can be read by other users"),
        (KEY, 0o604, "holds keys and can be read by other users"),
        ('refresh_token = "k3y"', 0o644, "holds keys and can be read by other users"),
        (KEY, 0o620, "can be changed by other users"),
        (KEY, 0o602, "can be changed by other users"),
        (ADDRESS, 0o644, None),
        (ADDRESS, 0o664, "can be changed by other users"),
    ],
)
def test_a_file_that_others_can_use_is_refused(home, text, mode, says):
    environ = home(atlascli=f"[default]\n{text}", mode=mode)
    if says is None:
        assert load_profile(environ=environ).name == "default"
        return
    with pytest.raises(ConfigError, match=f"{says} of this machine; run: chmod 600 /.*atlascli/config.toml") as caught:
        load_profile(environ=environ)
    assert "k3y" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_the_path_is_shown_and_the_command_can_be_pasted(tmp_path):
    file = tmp_path / "Application Support" / "atlascli" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"[default]\n{KEY}", encoding="utf-8")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "Application Support")}
    file.chmod(0o600)
    assert repr(load_profile(environ=environ)) == f"<Profile 'default' of {str(file)!r}>"

    file.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        load_profile(environ=environ)
    assert str(caught.value).endswith(f"run: chmod 600 '{file}'")


def test_a_file_with_keys_of_another_profile_is_refused_too(home):
    with pytest.raises(ConfigError, match="holds keys"):
        load_profile("two", environ=home(mongocli=f"[one]\n{KEY}[two]\n", mode=0o644))


def test_what_is_no_file_cannot_be_read(home, tmp_path):
    (tmp_path / "mongocli" / "config.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read: Is a directory"):
        load_profile(environ=home(atlascli="[default]"))


def test_without_files_it_is_told_where_was_looked(home, tmp_path):
    environ = home()
    assert not has_profiles(environ)
    with pytest.raises(
        ConfigError, match=r"atlascli/config.toml \(not there\) and .*mongocli/config.toml \(not there\)"
    ):
        load_profile(environ=environ)
    (tmp_path / "atlascli").write_text("", encoding="utf-8")  # a file in place of the folder
    assert not has_profiles(environ)
    with pytest.raises(ConfigError, match="not there"):
        load_profile(environ=environ)
    assert has_profiles(home(mongocli="[default]"))


def test_nothing_of_profiles_is_loaded_where_none_is_asked_for():
    program = (
        "import sys, mongorestore_async as m\n"
        "m.AsyncSession.from_env({}, auth=None)\n"
        "print([name for name in sys.modules if 'profile' in name.rpartition('mongorestore_async')[2] "
        "and 'mongorestore_async' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
