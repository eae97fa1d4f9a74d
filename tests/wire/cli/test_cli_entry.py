"""What holds for the command line as a whole: the version, the extra, help, usage errors."""

from __future__ import annotations

import asyncio
import sys
from functools import reduce
from operator import getitem

import pytest

import mongorestore_async
from mongorestore_async import errors
from mongorestore_async.cli import exit_codes, main
from mongorestore_async.cli.commands.help_command import TOPICS
from mongorestore_async.cli.entry import make_app
from mongorestore_async.cli.exit_codes import ExitCode, exit_code_of, explain

COMMANDS = (
    "orgs",
    "projects",
    "clusters",
    "snapshots",
    "jobs",
    "create",
    "create-collections",
    "wait",
    "watch",
    "download",
    "cancel",
    "fleet",
    "drill",
    "board",
    "evidence",
    "doctor",
    "demo",
    "emulator",
    "completion",
    "help",
)
WITHOUT_EXTRA = """
import sys
sys.modules["{missing}"] = None
from mongorestore_async.cli import main
sys.exit(main(sys.argv[1:]))
"""
LOADED = """
import sys
from mongorestore_async.cli import main
code = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""

#: Commands of groups; the emulator has a command line of its own.
GROUPS = {
    "fleet": ("fleet jobs", "fleet report", "fleet watch"),
    "drill": ("drill plan", "drill run", "drill resume", "drill report", "drill demo"),
    "evidence": ("evidence verify", "evidence show"),
    "emulator": (),
}
each_command = pytest.mark.parametrize("command", [each for name in COMMANDS for each in GROUPS.get(name, (name,))])

#: Modules of commands that are not called like them, and what else they load.
MODULES = {
    **{name: {"inventory_command"} for name in ("orgs", "projects", "clusters")},
    "create-collections": {"create_collections_command", "wait_command"},  # it may wait
    "fleet report": {"fleet_command", "fleet_report_command"},
    "fleet watch": {"fleet_command", "fleet_watch_command"},
}

#: The most lines of a help at 80 columns.
LINES, MORE_LINES = 40, {"create-collections": 54}


async def python(*words):
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def quiet_environment(environment, monkeypatch):
    for name in environment:
        if name.startswith("MONGODB_"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return monkeypatch


async def test_the_version_imports_neither_http_nor_the_extra():
    code, out, err = await python("-X", "importtime", "-m", "mongorestore_async.cli", "--version")

    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in err.splitlines()}
    assert (code, out) == (0, f"{mongorestore_async.__version__}\n")
    assert "mongorestore_async" in imported
    assert not imported & {"aiohttp", "cyclopts", "rich", "cattrs"}


@each_command
async def test_a_help_loads_neither_http_nor_other_commands(command):
    words = [*command.split(), "--help"]
    code, _, err = await python("-c", LOADED, *words)

    loaded = set(err.split())
    commands = {name.rpartition(".")[2] for name in loaded if name.endswith("_command")}
    assert code == 0
    assert commands == MODULES.get(command, {f"{words[0].replace('-', '_')}_command"})
    assert not loaded & {"aiohttp", "cattrs", "msgspec", "mongorestore_async.resources"}


@pytest.mark.parametrize("is_on_path", [False, True])
async def test_printed_commands_have_the_name_the_program_was_called_by(is_on_path, tmp_path, environment):
    script = tmp_path / "of an environment" / "mongorestore-async"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom mongorestore_async.cli import main\nsys.exit(main())\n")
    script.chmod(0o755)
    environ = environment | {"PATH": str(script.parent)} if is_on_path else environment
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(script, "nonsense", env=environ, stdout=pipe, stderr=pipe)
    _, err = await process.communicate()

    name = "mongorestore-async" if is_on_path else f"'{script}'"
    assert err.decode().endswith(f"See {name} --help\n")


@pytest.mark.parametrize("missing", ["cyclopts", "rich"])
async def test_without_the_extra_one_sentence_tells_how_to_install_it(missing):
    program = WITHOUT_EXTRA.format(missing=missing)
    code, out, err = await python("-c", program, "jobs")

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "pip install 'mongorestore-async[cli]'" in err
    assert await python("-c", program, "--version") == (0, f"{mongorestore_async.__version__}\n", "")


def test_the_help_names_all_commands_and_topics(quiet_environment, capsys):
    quiet_environment.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0

    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    assert f"[{'|'.join(TOPICS)}]" in text
    assert text.count("\n") <= LINES


def test_the_topic_of_exit_codes_has_all_of_them(quiet_environment, capsys):
    assert main(["help", "exit-codes"]) == 0

    text = capsys.readouterr().out
    for code in ExitCode:
        assert f"\n  {code:>3}  " in text
        assert f"\n{code:<5} " in (exit_codes.__doc__ or "")


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_fits_a_terminal(topic, quiet_environment, capsys):
    quiet_environment.setenv("COLUMNS", "80")
    assert main(["help", topic]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert 5 < len(lines) <= LINES
    assert max(map(len, lines)) <= 80


@each_command
def test_a_help_is_short_and_fits_a_terminal(command, quiet_environment, capsys):
    quiet_environment.setenv("COLUMNS", "80")
    assert main([*command.split(), "--help"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"Usage: mongorestore-async {command}")
    assert len(lines) <= MORE_LINES.get(command, LINES)
    assert max(map(len, lines)) <= 80


@each_command
def test_help_shows_the_help_of_a_command(command, quiet_environment, capsys):
    main([*command.split(), "--help"])
    wanted = capsys.readouterr().out

    assert main(["help", *command.split()]) == 0
    assert capsys.readouterr().out == wanted


@each_command
def test_every_option_is_explained(command):
    app = reduce(getitem, command.split(), make_app())
    options = [option for option in app.assemble_argument_collection() if option.show]

    assert options
    assert [option.name for option in options if not option.parameter.help] == []


def test_the_emulator_command_has_the_options_of_the_module(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["emulator", "--help"])

    assert ended.value.code == 0
    assert "--restore-seconds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nonsense"], 'Unknown command "nonsense"'),
        (
            ["jobs"],
            "in the environment; mongorestore-async help families lists the values. See mongorestore-async jobs --help",
        ),
        (["jobs", "--family", "cloud-manager"], "; mongorestore-async projects lists the values. See "),
        (
            ["jobs", "--family", "cloud-manager", "--project-id", "p", "--clusters", "x"],
            "? See mongorestore-async jobs --help",
        ),
        (["jobs", "--family", "mainframe"], "Choose from: "),
        (["jobs", "--family", "cloud-manager", "--project-id", "p"], "--cluster-id is required"),
        (["jobs", "--family", "ops-manager", "--project-id", "p", "--cluster-id", "c"], "--base-url or MCLI_OPS_MANAG"),
        (["jobs", "--family", "cloud-manager", "--project-id", "p", "--cluster-id", "c"], "no API key in the environm"),
        (["jobs", "--family", "cloud-manager", "--project-id", "p", "--cluster-id", "c", "--limit", "0"], "--limit"),
        (["jobs", "--family", "cloud-manager", "--project-id", "p", "--cluster-id", "c", "extra"], "extra"),
        (["demo", "--projects", "0"], "--projects"),
    ],
)
def test_usage_errors_are_one_line_and_exit_code_2(words, reason, quiet_environment, capsys):
    assert main(words) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert reason in captured.err


@pytest.mark.parametrize(
    "words",
    [
        ["--private-key=hunter2", "jobs"],
        ["jobs", "--private-key=hunter2"],
        ["jobs", "--family", "cloud-manager", "--project-id", "p", "--cluster-id", "c", "--private-key", "hunter2"],
        ["create", "--family", "cloud-manager", "--project-id", "p", "--cluster-id", "c", "--privateKey=hunter2"],
    ],
)
def test_a_key_passed_as_an_argument_is_refused_and_not_shown(words, quiet_environment, capsys):
    assert main(words) == 2

    captured = capsys.readouterr()
    assert "hunter2" not in captured.out + captured.err


def test_an_empty_variable_counts_as_unset(quiet_environment, capsys):
    for name in ("MCLI_SERVICE", "MONGODB_ATLAS_PROJECT_ID", "MCLI_OUTPUT"):
        quiet_environment.setenv(name, "")
    quiet_environment.setenv("MCLI_PROJECT_ID", "p")

    assert main(["jobs", "--cluster-id", "c"]) == 2
    assert "--family is required" in capsys.readouterr().err
    assert main(["jobs", "--family", "cloud-manager", "--cluster-id", "c"]) == 2
    assert "no API key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError(), 2),
        (errors.Unsupported(), 2),
        (errors.AuthError(), 4),
        (errors.Forbidden(), 4),
        (errors.NotFound(), 1),
        (errors.RateLimited(), 1),
        (errors.RequestTimeout(), 1),
        (errors.DataError(), 1),
        (errors.MaybeCreated(), 6),
        (errors.NotRestorable(), 1),
        (errors.ProtectedTarget(), 2),
        (errors.RestoreFailed(), 3),
        (errors.WaitTimeout(), 5),
        (errors.WaitError(), 5),
        (errors.DownloadError(), 7),
        (errors.DownloadTruncated(), 7),
        (errors.DiskFull(), 7),
        (errors.DownloadExpired(), 8),
        (errors.DownloadUsedUp(), 8),
        (errors.HashMismatch(), 8),
        (errors.DownloadLost(), 8),
        (errors.NothingToDownload(), 2),
        (errors.NotAnArchive(), 7),
        (errors.DownloadError(hint=errors.Hint(errors.HintKind.OVERWRITE_FILES)), 2),
    ],
)
def test_each_error_has_its_exit_code(error, code):
    assert exit_code_of(error) == code


def test_an_error_is_one_line_without_terminal_controls():
    context = errors.RequestContext(method="GET", url="http://om/x")
    error = errors.ServerError("bad\n news \x1b[2J\ud800", request=context, resume_at=4)

    assert explain(error) == "bad news \\x1b[2J\\ud800 [GET http://om/x] (resume with --page 4)"
