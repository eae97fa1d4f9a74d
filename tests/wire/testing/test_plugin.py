"""The pytest plugin in other people's projects: modes, scopes, what it refuses, and what it costs unused."""

import tomllib

import pytest

from builders.foreign_project import OURS, PROJECT, ForeignProject

CONFIG = """
[pytest]
asyncio_default_fixture_loop_scope = function
"""
FIXTURES = """
import pytest

from mongorestore_async import CLOUD_MANAGER
from mongorestore_async.testing import connect


async def count(session):
    return len([project async for project in session.projects(CLOUD_MANAGER)])


@pytest.mark.asyncio
@pytest.mark.restore_emulator(projects=3)
async def test_function(restore_emulator, restore_session):
    assert await count(restore_session) == restore_emulator.settings.projects == 3


@pytest.mark.asyncio
@pytest.mark.restore_emulator(projects=3)
async def test_tls(restore_emulator_tls, restore_session_tls):
    assert restore_emulator_tls.url.startswith("https://")
    assert await count(restore_session_tls) == 3


@pytest.mark.asyncio
@pytest.mark.restore_emulator(projects=3)
async def test_threaded(restore_emulator_threaded, restore_emulator_threaded_shared):
    for emulator, projects in ((restore_emulator_threaded, 3), (restore_emulator_threaded_shared, 2)):
        async with connect(emulator) as session:
            assert await count(session) == projects


@pytest.mark.asyncio
async def test_service_account(restore_emulator_threaded):
    async with connect(restore_emulator_threaded, service_account=True) as session:
        assert await count(session) == 2
    assert restore_emulator_threaded.tokens.counts.issued == 1


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("number", [1, 2])
async def test_shared(number, restore_emulator_shared, restore_session_shared):
    before = restore_emulator_shared.counts.requests
    assert await count(restore_session_shared) == 2
    assert (before == 0) == (number == 1)
"""
CLOCKS = """
from datetime import UTC, datetime, timedelta

import pytest

from mongorestore_async import pytest_plugin
from mongorestore_async.emulator import EmulatorSettings

HOUR = timedelta(hours=1)
pytest_plugin._BEGAN = datetime.now(UTC) - 2 * HOUR


@pytest.fixture(scope="session")
def restore_emulator_settings():
    return EmulatorSettings(start=datetime.now(UTC) - HOUR)


def test_a_clock_starts_with_its_server(restore_emulator_threaded, restore_emulator_threaded_shared):
    for emulator in (restore_emulator_threaded, restore_emulator_threaded_shared):
        assert datetime.now(UTC) - emulator.clock.now() < HOUR / 2


@pytest.mark.restore_emulator(start=datetime(2020, 1, 1, tzinfo=UTC))
def test_a_clock_of_another_time_stays(restore_emulator_threaded):
    assert restore_emulator_threaded.clock.now().year == 2020
"""
REFUSED = """
import pytest


@pytest.mark.asyncio(loop_scope="session")
async def test_other_loop(restore_session):
    pass


@pytest.mark.asyncio
async def test_not_of_the_session(restore_session_shared):
    pass


def test_synchronous(restore_emulator_tls):
    pass


@pytest.mark.restore_emulator(project=3)
def test_unknown_field(restore_emulator_threaded):
    pass


@pytest.mark.restore_emulator(projects=3)
def test_shared_setting(restore_emulator_threaded_shared):
    pass


async def test_without_a_mark(restore_emulator):
    pass


@pytest.mark.restore_emulator("ops-manager")
def test_positional(restore_emulator_threaded):
    pass
"""


@pytest.fixture
def project(tmp_path):
    found = ForeignProject(tmp_path)
    found.write("pytest.ini", CONFIG)
    return found


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_all_fixtures_serve(project, mode):
    project.write("test_fixtures.py", FIXTURES)

    done = project.run("--strict-markers", f"--asyncio-mode={mode}")

    assert (done.code, done.summary) == (0, "6 passed"), done.output


def test_what_would_hang_is_refused(project):
    project.write("test_refused.py", REFUSED)

    done = project.run()

    assert done.summary == "7 errors"
    for said in (
        "scope 'function', but test_other_loop on that of scope 'session'",
        "scope 'session', but test_not_of_the_session on that of scope 'function'",
        "test_synchronous is not one; use restore_emulator_threaded",
        "takes fields of EmulatorSettings as keywords, not 'project'",
        "@pytest.mark.asyncio(loop_scope='session')",
        "the marker restore_emulator does not change restore_emulator_threaded_shared",
        "test_without_a_mark is not marked as an asyncio test: mark it with @pytest.mark.asyncio",
        "takes fields of EmulatorSettings as keywords, not 'ops-manager'",
    ):
        assert said in done.output


def test_anyio_takes_the_server_on_a_thread(project):
    project.write(
        "test_anyio.py",
        "import pytest\n"
        "from mongorestore_async import CLOUD_MANAGER\n"
        "from mongorestore_async.testing import connect\n"
        "pytestmark = pytest.mark.anyio\n"
        "@pytest.fixture\n"
        "def anyio_backend():\n"
        "    return 'asyncio'\n"
        "async def test_threaded(restore_emulator_threaded):\n"
        "    async with connect(restore_emulator_threaded) as session:\n"
        "        assert await session.projects(CLOUD_MANAGER).first() is not None\n"
        "async def test_on_its_loop(restore_session):\n"
        "    pass\n",
    )

    done = project.run(plugins=("asyncio", "anyio", OURS))

    assert done.summary == "1 passed, 1 error", done.output
    assert "test_on_its_loop is not one; use restore_emulator_threaded" in done.output


def test_clocks_of_a_long_run_are_those_of_the_present(project):
    project.write("test_clocks.py", CLOCKS)

    done = project.run()

    assert (done.code, done.summary) == (0, "2 passed"), done.output


def test_session_loops_by_configuration_serve(project):
    project.write("pytest.ini", CONFIG.replace("function", "session") + "asyncio_default_test_loop_scope = session\n")
    project.write("test_fixtures.py", FIXTURES.replace('(loop_scope="session")', ""))

    done = project.run("--asyncio-mode=auto")

    assert (done.code, done.summary) == (0, "6 passed"), done.output


def test_without_pytest_asyncio_threads_serve(project, tmp_path):
    project.write("pytest.ini", "[pytest]\n")
    project.write("absent/pytest_asyncio.py", "raise ModuleNotFoundError('none here', name='pytest_asyncio')\n")
    project.write(
        "test_absent.py",
        "import asyncio\n"
        "from mongorestore_async import CLOUD_MANAGER\n"
        "from mongorestore_async.testing import connect\n"
        "async def first(emulator):\n"
        "    async with connect(emulator) as session:\n"
        "        return await session.projects(CLOUD_MANAGER).first()\n"
        "def test_threaded(restore_emulator_threaded):\n"
        "    assert asyncio.run(first(restore_emulator_threaded)) is not None\n"
        "def test_asynchronous(restore_session):\n"
        "    pass\n",
    )

    done = project.run(plugins=(OURS,), PYTHONPATH=str(tmp_path / "absent"))

    assert done.summary == "1 passed, 1 error"
    assert "restore_emulator needs pytest-asyncio: pip install 'mongorestore-async[pytest]'" in done.output


def test_installed_and_unused_it_is_one_module(project, tmp_path):
    """Found by its entry point, as pytest does it; the metadata are written anew, as an installation may be older."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    lines = "".join(f"{name} = {value}\n" for name, value in declared["pytest11"].items())
    project.write("site/mongorestore_async_kit-1.dist-info/METADATA", "Name: mongorestore-async-kit\nVersion: 1\n")
    project.write("site/mongorestore_async_kit-1.dist-info/entry_points.txt", f"[pytest11]\n{lines}")
    project.write(
        "test_unused.py",
        "import sys\n"
        "def test_unused(request):\n"
        "    assert request.config.pluginmanager.has_plugin('mongorestore_async')\n"
        "    ours = {name for name in sys.modules if name.split('.')[0] == 'mongorestore_async'}\n"
        "    assert ours == {'mongorestore_async', 'mongorestore_async.pytest_plugin'}\n"
        "    assert not {'aiohttp', 'attrs', 'cattrs', 'msgspec', 'yarl'} & set(sys.modules)\n",
    )
    block = [f"-pno:{name}" for name in ("anyio", "faker", "hypothesispytest", "recording", "sybil")]
    block += [f"-pno:looptime_{name}" for name in ("plugin", "chronometers", "timeproxies")]

    done = project.run(*block, plugins=(), PYTHONPATH=str(tmp_path / "site"), PYTEST_DISABLE_PLUGIN_AUTOLOAD="")

    assert (done.code, done.summary) == (0, "1 passed"), done.output
