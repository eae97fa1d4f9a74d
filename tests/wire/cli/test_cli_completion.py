"""``mongorestore-async completion``: the scripts, loaded by the shells they are for."""

from __future__ import annotations

import shutil
import subprocess

import pytest

#: How each shell is asked for what it would offer: with the script as $1, and the words up to the cursor after it.
ASKED = {
    "bash": (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mongorestore_async\n'
        'printf "%s\\n" "${COMPREPLY[@]}"'
    ),
    "fish": 'source $argv[1]; complete -C (string join -- " " $argv[2..-1])',
}


def offered(shell, script, *words):
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    options = ["--norc", "--noprofile"] if shell == "bash" else ["--no-config"]
    name = [shell] if shell == "bash" else []
    process = subprocess.run(
        [found, *options, "-c", ASKED[shell], *name, str(script), "mongorestore-async", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert process.stderr == ""
    return [line.partition("\t")[0] for line in process.stdout.splitlines()]


@pytest.fixture
def script(call, tmp_path):
    def write(shell):
        ended = call("completion", shell)
        assert (ended.code, ended.err) == (0, "")
        path = tmp_path / f"script.{shell}"
        path.write_text(ended.out, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["sna"], {"snapshots"}),
        (["fleet", ""], {"jobs", "watch", "report"}),
        (["jobs", "--clusterI"], {"--clusterId"}),
        (["jobs", "--base"], {"--base-url"}),
        (["jobs", "--family", "atlas-fl"], {"atlas-flex"}),
        (["wait", "--until", "down"], {"downloadable"}),
    ],
)
@pytest.mark.parametrize("shell", ASKED)
def test_a_shell_offers_commands_options_and_their_values(shell, words, wanted, script):
    assert set(offered(shell, script(shell), *words)) == wanted


@pytest.mark.parametrize("shell", ASKED)
def test_files_are_offered_where_an_option_takes_one(shell, script, tmp_path, monkeypatch):
    (tmp_path / "authority.pem").touch()
    monkeypatch.chdir(tmp_path)

    assert "authority.pem" in offered(shell, script(shell), "jobs", "--ca-file", "auth")
    assert "authority.pem" not in offered(shell, script(shell), "auth")


def test_zsh_completes_from_a_script_that_is_sourced(script):
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed")
    registered = 'autoload -U compinit; compinit -u -D; source "$1"; print -r -- ${_comps[mongorestore-async]}'
    process = subprocess.run(
        [zsh, "-f", "-c", registered, "zsh", str(script("zsh"))], capture_output=True, text=True, timeout=60, check=True
    )

    assert (process.stdout, process.stderr) == ("_cyclopts_mongorestore-async\n", "")


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".local/share/bash-completion/completions/mongorestore-async"),
        ("zsh", ".zsh/completions/_cyclopts_mongorestore-async"),
        ("fish", ".config/fish/completions/mongorestore-async.fish"),
    ],
)
def test_a_script_is_installed_where_its_shell_looks_for_it(shell, place, call, tmp_path):
    plain = {"ZSH": None, "ZSH_CUSTOM": None, "XDG_DATA_HOME": None, "XDG_CONFIG_HOME": None}
    ended = call("completion", shell, "--install", HOME=str(tmp_path), **plain)

    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith(f"Written: {tmp_path / place}\n")
    assert (tmp_path / place).read_text(encoding="utf-8") == call("completion", shell).out


def test_a_home_that_cannot_be_written_is_a_usage_error(call):
    ended = call("completion", "bash", "--install", HOME="/dev/null")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: the completion cannot be installed: /dev/null")
    assert ended.err.count("\n") == 1
