"""Profiles of the Atlas CLI and of mongocli as the settings of a command."""

from __future__ import annotations

import json

import pytest

KEYS = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_BASE_URL")
WITHOUT = dict.fromkeys(KEYS)


@pytest.fixture
def profiles(tmp_path, emulator):
    """Write a file of mongocli; gives the variables that lead there, and a key that the emulator takes."""
    key = f'public_api_key = "{emulator.public_key}"\nprivate_api_key = "{emulator.private_key}"\n'
    address = f'ops_manager_url = "{emulator.url}"\n'

    def write(text=None, *, tool="mongocli", mode=0o600):
        file = tmp_path / tool / "config.toml"
        file.parent.mkdir(exist_ok=True)
        project = emulator.world.first("replica-set").project_id
        default = f'[default]\nservice = "cloud-manager"\nproject_id = "{project}"\noutput = "json"\n{key}{address}'
        file.write_text(default if text is None else text.format(key=key, address=address), encoding="utf-8")
        file.chmod(mode)
        return WITHOUT | {"XDG_CONFIG_HOME": str(tmp_path)}

    return write


@pytest.fixture
def cluster(emulator):
    return ("--cluster-id", emulator.world.first("replica-set").id)


@pytest.mark.parametrize("named", [(), ("-P", "default"), ("--profile", "mongocli:DEFAULT")])
def test_a_profile_stands_for_key_address_family_project_and_output(call, profiles, cluster, named):
    ended = call("jobs", *cluster, *named, **profiles())

    assert (ended.code, ended.err) == (0, "")
    assert len(json.loads(ended.out)) == 25


def test_options_and_variables_win_over_the_profile(call, profiles, cluster, emulator):
    broken = (
        '[broken]\nservice = "ops-manager"\nproject_id = "0"\npublic_api_key = "wrong"\nops_manager_url = "http://h"\n'
    )
    words = ("--family", "cloud-manager", "--project-id", emulator.world.first("replica-set").project_id, "-o", "csv")
    variables = profiles(broken) | {KEYS[0]: emulator.public_key, KEYS[1]: emulator.private_key, KEYS[2]: emulator.url}
    ended = call("jobs", *cluster, *words, MCLI_PROFILE="broken", **variables)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("id,")


def test_a_profile_that_nobody_named_is_not_read_beside_a_key(call, profiles, place):
    variables = {name: value for name, value in profiles("[default]\nbroken").items() if name not in KEYS}

    assert call("jobs", *place(), **variables).code == 0
    ended = call("jobs", *place(), "-P", "default", **variables)
    assert ended.code == 2
    assert "mongocli/config.toml is not valid TOML (line 2)" in ended.err


@pytest.mark.parametrize(
    ("text", "mode", "words", "says"),
    [
        ("[one]\n[two]\n", 0o600, ("-P", "three"), "there is no profile 'three'; looked in "),
        ("[one]\n[two]\n", 0o600, (), "mongocli/config.toml (it has one, two)"),
        ("[default]\n{key}", 0o644, (), "run: chmod 600 "),
        ("[default]\n{address}", 0o600, (), "has no public_api_key and no private_api_key: set MONGODB_ATLAS_PUBLIC"),
    ],
)
def test_a_profile_that_cannot_be_used_is_a_usage_error(call, profiles, place, text, mode, words, says):
    ended = call("jobs", *place(), *words, **profiles(text, mode=mode))

    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_profile_of_ops_manager_needs_an_address(call, profiles, cluster):
    ended = call("jobs", "--project-id", "5", *cluster, **profiles('[default]\nservice = "ops-manager"\n{key}'))

    assert ended.code == 2
    assert "Ops Manager has no public host" in ended.err


def test_keys_in_the_keyring_are_told(call, profiles, place):
    text = '[default]\nauth_type = "api_keys"\n{address}'
    ended = call("jobs", *place(), **profiles(text, tool="atlascli"))

    assert ended.code == 2
    told = "keyring of the operating system, which is not read. Set MONGODB_ATLAS_PUBLIC_API_KEY"
    assert told in ended.err
    checked = call("doctor", *place()[:4], **profiles(text, tool="atlascli"))
    assert (checked.code, told in checked.out) == (4, True)


async def test_on_a_terminal_the_keys_of_a_keyring_are_prompted_for(on_terminal, profiles, place, emulator):
    async with on_terminal("jobs", *place(), **profiles("[default]\n{address}", tool="atlascli")) as terminal:
        await terminal.expect("Public key: ")
        terminal.type(f"{emulator.public_key}\n")
        await terminal.expect("Private key (hidden): ")
        terminal.type(f"{emulator.private_key}\n")
        assert await terminal.end() == 0


@pytest.mark.parametrize("variable", [False, True])
def test_printed_commands_repeat_the_profile(call, profiles, place, emulator, variable):
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    words = ("create", *place(), "--snapshot-id", snapshot, "--server-defaults", "-o", "table")
    more = ({"MCLI_PROFILE": "default"}, ()) if variable else ({}, ("-P", "default"))
    ended = call(*words, *more[1], **profiles(), **more[0])

    assert ended.code == 0, ended.err
    assert ("--profile default" in ended.out) is not variable
    assert "--base-url" not in ended.out
