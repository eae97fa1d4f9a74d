"""Fixtures for pytest: an emulated server and a session for it (extra ``pytest``; see ``docs/testing.rst``).

pytest loads this module in every environment that has the package installed, so it imports nothing of ours and no HTTP
library: each fixture imports what it needs when it is used.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mongorestore_async import AsyncSession, Options
    from mongorestore_async.emulator import Emulator, EmulatorSettings, ThreadedEmulator
    from mongorestore_async.testing import TlsCertificates

__all__ = [
    "pytest_configure",
    "pytest_runtest_setup",
    "restore_certificates",
    "restore_emulator",
    "restore_emulator_settings",
    "restore_emulator_shared",
    "restore_emulator_threaded",
    "restore_emulator_threaded_shared",
    "restore_emulator_tls",
    "restore_session",
    "restore_session_options",
    "restore_session_shared",
    "restore_session_tls",
]

_MARKER = (
    "restore_emulator(**settings): fields of EmulatorSettings in which the emulator of this test differs from the "
    "fixture restore_emulator_settings"
)


#: Settings whose clock starts after this were made for this run.
_BEGAN = datetime.now(UTC)

#: The servers on an event loop of pytest-asyncio, and whether that is the one of the session.
_ON_A_LOOP = {"restore_emulator": False, "restore_emulator_tls": False, "restore_emulator_shared": True}


#: The servers that the marker changes, and those that it cannot change.
_MARKED = frozenset({"restore_emulator", "restore_emulator_tls", "restore_emulator_threaded"})
_SHARED = frozenset({"restore_emulator_shared", "restore_emulator_threaded_shared"})


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail tests that do not run on the event loop of their server: no request would be answered until a timeout."""
    wanted: list[str] = getattr(item, "fixturenames", [])
    for name, session_wide in _ON_A_LOOP.items():
        if name in wanted:
            _require_loop(item, name, session_wide=session_wide)
    if item.get_closest_marker("restore_emulator") and not _MARKED.intersection(wanted):
        for name in _SHARED.intersection(wanted):
            _stop(
                f"the marker restore_emulator does not change {name}, which serves the whole run; use a server of "
                f"function scope"
            )


def _require_loop(item: pytest.Item, name: str, *, session_wide: bool) -> None:
    threaded = "use restore_emulator_threaded, which has a loop of its own, and mongorestore_async.testing.connect()"
    try:
        test_default = item.config.getini("asyncio_default_test_loop_scope")
        fixture_default = item.config.getini("asyncio_default_fixture_loop_scope")
    except (KeyError, ValueError):
        _stop(f"{name} needs pytest-asyncio: pip install 'mongorestore-async[pytest]'. Without it {threaded}.")
    marker = item.get_closest_marker("asyncio")
    if marker is None:
        if inspect.iscoroutinefunction(getattr(item, "function", None)) and item.get_closest_marker("anyio") is None:
            _stop(
                f"{item.name} is not marked as an asyncio test: mark it with @pytest.mark.asyncio, or set "
                f'asyncio_mode = "auto" in the configuration of pytest.'
            )
        _stop(f"{name} runs on the event loop of an asyncio test, but {item.name} is not one; {threaded}.")
    runs_on = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope") or test_default or "function"
    own = "session" if session_wide else fixture_default
    own = "function" if own in {None, "", "fixture-scope"} else own
    if runs_on != own:
        other = "restore_emulator" if session_wide else "restore_emulator_shared"
        _stop(
            f"{name} runs on the event loop of scope {own!r}, but {item.name} on that of scope {runs_on!r}, so no "
            f"request would be answered. Use {other}, or mark the test with "
            f"@pytest.mark.asyncio(loop_scope={own!r}), or {threaded}."
        )


def _stop(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)


def _asynchronous_fixture(**how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorator of pytest-asyncio; without it that of pytest: the hook above refuses tests that ask for these."""
    decorator: Callable[[Any], Any]
    try:
        import pytest_asyncio
    except ModuleNotFoundError:
        decorator = pytest.fixture(scope=how.get("scope", "function"))
    else:
        decorator = pytest_asyncio.fixture(**how)
    return decorator


# --- what a project overrides -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def restore_emulator_settings() -> EmulatorSettings:
    """The settings of the emulated servers; override it in a conftest.py.

    Their clocks run in real time. A restore has ended after four polls. A clock whose ``start`` is a moment of the run
    starts when its server does: else the servers of an hour-long run would be an hour behind.
    """
    from mongorestore_async.emulator import EmulatorSettings

    return EmulatorSettings(start=datetime.now(UTC), polls_per_restore=4)


@pytest.fixture(scope="session")
def restore_session_options() -> Options:
    """The options of the sessions; override it in a conftest.py. Failed calls are repeated at once."""
    from mongorestore_async import Options

    return Options.for_tests()


# --- one server for each test -----------------------------------------------------------------------------------------


@_asynchronous_fixture()
async def restore_emulator(
    request: pytest.FixtureRequest, restore_emulator_settings: EmulatorSettings
) -> AsyncIterator[Emulator]:
    """An emulated Cloud Manager and Atlas on the event loop of the test; new for each test."""
    from mongorestore_async.emulator import Emulator

    async with Emulator(_marked(request, restore_emulator_settings)) as emulator:
        yield emulator


@_asynchronous_fixture()
async def restore_session(restore_emulator: Emulator, restore_session_options: Options) -> AsyncIterator[AsyncSession]:
    """A session for ``restore_emulator``, with its key."""
    from mongorestore_async.testing import connect

    async with connect(restore_emulator, options=restore_session_options) as session:
        yield session


@pytest.fixture
def restore_emulator_threaded(
    request: pytest.FixtureRequest, restore_emulator_settings: EmulatorSettings
) -> Iterator[ThreadedEmulator]:
    """An emulated server on a thread of its own, new for each test: for code that blocks or has its own event loop."""
    from mongorestore_async.emulator import ThreadedEmulator

    with ThreadedEmulator(_marked(request, restore_emulator_settings)) as emulator:
        yield emulator


# --- one server for the whole run -------------------------------------------------------------------------------------


@_asynchronous_fixture(scope="session", loop_scope="session")
async def restore_emulator_shared(restore_emulator_settings: EmulatorSettings) -> AsyncIterator[Emulator]:
    """An emulated server for the whole run, on the session's event loop: for tests with ``loop_scope="session"``."""
    from mongorestore_async.emulator import Emulator

    async with Emulator(_of_now(restore_emulator_settings)) as emulator:
        yield emulator


@_asynchronous_fixture(scope="session", loop_scope="session")
async def restore_session_shared(
    restore_emulator_shared: Emulator, restore_session_options: Options
) -> AsyncIterator[AsyncSession]:
    """A session for ``restore_emulator_shared``, for the whole run and on the same event loop."""
    from mongorestore_async.testing import connect

    async with connect(restore_emulator_shared, options=restore_session_options) as session:
        yield session


@pytest.fixture(scope="session")
def restore_emulator_threaded_shared(restore_emulator_settings: EmulatorSettings) -> Iterator[ThreadedEmulator]:
    """An emulated server for the whole run, on a thread of its own: for tests of any kind."""
    from mongorestore_async.emulator import ThreadedEmulator

    with ThreadedEmulator(_of_now(restore_emulator_settings)) as emulator:
        yield emulator


# --- over TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def restore_certificates(tmp_path_factory: pytest.TempPathFactory) -> TlsCertificates:
    """A private certificate authority for the run; ``restore_certificates.ca_file`` is what a client has to trust."""
    from mongorestore_async.testing import TlsCertificates

    return TlsCertificates.create(tmp_path_factory.mktemp("certificates"))


@_asynchronous_fixture()
async def restore_emulator_tls(
    request: pytest.FixtureRequest,
    restore_emulator_settings: EmulatorSettings,
    restore_certificates: TlsCertificates,
) -> AsyncIterator[Emulator]:
    """An emulated server over HTTPS, with a certificate of ``restore_certificates``; new for each test."""
    from mongorestore_async.emulator import Emulator

    settings = _marked(request, restore_emulator_settings)
    async with Emulator(settings, ssl=restore_certificates.server) as emulator:
        yield emulator


@_asynchronous_fixture()
async def restore_session_tls(
    restore_emulator_tls: Emulator, restore_session_options: Options, restore_certificates: TlsCertificates
) -> AsyncIterator[AsyncSession]:
    """A session for ``restore_emulator_tls`` that trusts its certificate authority."""
    from mongorestore_async.testing import connect

    ca_file = restore_certificates.ca_file
    async with connect(restore_emulator_tls, options=restore_session_options, ca_file=ca_file) as session:
        yield session


# --- settings of one server -------------------------------------------------------------------------------------------


def _of_now(settings: EmulatorSettings) -> EmulatorSettings:
    """The settings with a clock that starts now, if it was to start at another moment of this run."""
    import attrs

    now = datetime.now(UTC)
    return attrs.evolve(settings, start=now) if _BEGAN <= settings.start <= now else settings


def _marked(request: pytest.FixtureRequest, settings: EmulatorSettings) -> EmulatorSettings:
    """The settings with the changes of the marker ``restore_emulator``."""
    settings = _of_now(settings)
    marker = request.node.get_closest_marker("restore_emulator")
    if marker is None:
        return settings
    import attrs

    unknown = marker.kwargs.keys() - attrs.fields_dict(type(settings)).keys()
    if unknown or marker.args:
        wrong = ", ".join(map(repr, (*marker.args, *sorted(unknown))))
        _stop(f"the marker restore_emulator takes fields of EmulatorSettings as keywords, not {wrong}")
    return attrs.evolve(settings, **marker.kwargs)
