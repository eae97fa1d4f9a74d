"""The session of a command: its credentials come from the environment or from a prompt, never from arguments."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING, Any

import mongorestore_async
from mongorestore_async.errors import ConfigError
from mongorestore_async.transport.environment import (
    CLIENT_ID_NAMES,
    CLIENT_SECRET_NAMES,
    PRIVATE_KEY_NAMES,
    PUBLIC_KEY_NAMES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async import AsyncSession, Options

__all__ = ["make_session", "read_credentials"]


def read_credentials() -> dict[str, str]:
    """Read the environment; on a terminal, prompt for the keys that it does not have.

    Raises:
        ConfigError: Nothing was entered at the prompt.

    """
    environ = dict(os.environ)
    if sys.stdin.isatty() and sys.stderr.isatty():

        def has(names: tuple[str, ...]) -> bool:
            return any(environ.get(name) for name in names)

        if has(CLIENT_ID_NAMES) and has(CLIENT_SECRET_NAMES):
            return environ  # a service account, which is preferred to an API key
        prompts = (
            (PUBLIC_KEY_NAMES, "Public key", _read_line),
            (PRIVATE_KEY_NAMES, "Private key (hidden)", getpass.getpass),
        )
        for names, label, read in prompts:
            if not has(names):
                environ[names[0]] = _prompt(label, read)
    return environ


def make_session(
    environ: Mapping[str, str],
    base_url: str | None,
    *,
    options: Options | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncSession:
    """Make a session from :func:`read_credentials`.

    Args:
        environ: Variables with the credentials and settings.
        base_url: Address of the server, None for that of the environment.
        options: Options of the session, None for the defaults.
        settings: Further arguments of the session, which override the environment.

    Raises:
        ConfigError: No credentials, or invalid settings.

    """
    # Named in full, so that the HTTP library is loaded now, and not for --help.
    address = {} if base_url is None else {"base_url": base_url}
    return mongorestore_async.AsyncSession.from_env(
        environ, options=options or mongorestore_async.Options(), **address, **(settings or {})
    )


def _prompt(label: str, read: Callable[[str], str]) -> str:
    try:
        answer = read(f"{label}: ").strip()
    except EOFError:
        answer = ""
    if not answer:
        raise ConfigError("no key was entered; an API key consists of a public and a private key")
    return answer


def _read_line(prompt: str) -> str:
    # input() would write the prompt to standard output, between the results.
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()
