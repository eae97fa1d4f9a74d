"""A session for an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.auth.credentials import DigestAuth, ServiceAccount
from mongorestore_async.resources.session import AsyncSession
from mongorestore_async.transport.options import Options

if TYPE_CHECKING:
    from mongorestore_async.emulator import Emulator, ThreadedEmulator

__all__ = ["connect"]


def connect(
    emulator: Emulator | ThreadedEmulator,
    *,
    options: Options | None = None,
    service_account: bool = False,
    **arguments: Any,
) -> AsyncSession:
    """Make a session with the key of an emulator; enter it with ``async with``.

    Example::

        with ThreadedEmulator() as emulator:
            async with connect(emulator) as session:
                ...

    Args:
        emulator: A running emulator.
        options: The options of the session; None: ``Options.for_tests()``, which polls every 10 to 50 ms and repeats
            failed calls at once.
        service_account: Log in with the service account instead of the API key (Cloud Manager and Atlas).
        **arguments: More arguments of :class:`AsyncSession`, such as ``ca_file``.

    Returns:
        The session, not open yet.

    Raises:
        ConfigError: The emulator is not running.

    """
    auth: DigestAuth | ServiceAccount = DigestAuth(emulator.public_key, emulator.private_key)
    if service_account:
        auth = ServiceAccount(emulator.client_id, emulator.client_secret)
    chosen = Options.for_tests() if options is None else options
    return AsyncSession(auth, base_url=emulator.url, options=chosen, **arguments)
