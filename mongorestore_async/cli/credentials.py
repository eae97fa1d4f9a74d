"""The API key: from the environment, or asked for on a terminal. Never from arguments, which others can see."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from mongorestore_async import AsyncSession
    from mongorestore_async.transport.options import OptionChanges

__all__ = ["find_keys", "make_session"]


def find_keys() -> dict[str, str]:
    """The environment, with the keys that are missing there asked for if there is somebody to ask.

    Raises:
        ConfigError: The prompt was left without an answer.

    """
    environ = dict(os.environ)
    if sys.stdin.isatty() and sys.stderr.isatty():
        from mongorestore_async.transport.environment import (
            CLIENT_ID_NAMES,
            CLIENT_SECRET_NAMES,
            PRIVATE_KEY_NAMES,
            PUBLIC_KEY_NAMES,
        )

        def has(names: tuple[str, ...]) -> bool:
            return any(environ.get(name) for name in names)

        if has(CLIENT_ID_NAMES) and has(CLIENT_SECRET_NAMES):
            return environ  # a service account, which wins over an API key
        prompts = ((PUBLIC_KEY_NAMES, "Public key", _ask), (PRIVATE_KEY_NAMES, "Private key (hidden)", getpass.getpass))
        for names, label, ask in prompts:
            if not has(names):
                environ[names[0]] = _answer(label, ask)
    return environ


def make_session(
    environ: Mapping[str, str],
    base_url: str | None,
    settings: Mapping[str, Any] | None = None,
    **options: Unpack[OptionChanges],
) -> AsyncSession:
    """Make a session from :func:`find_keys`.

    Args:
        environ: Where the keys are.
        base_url: Address of the server, None for that of the environment.
        settings: Further arguments of the session, instead of what the environment says.
        options: Those of the session, where they are not the usual ones.

    Raises:
        ConfigError: No keys, or bad settings.

    """
    from mongorestore_async import AsyncSession, Options

    address = {} if base_url is None else {"base_url": base_url}
    return AsyncSession.from_env(environ, options=Options(**options), **address, **(settings or {}))


def _answer(label: str, ask: Callable[[str], str]) -> str:
    try:
        answer = ask(f"{label}: ").strip()
    except EOFError:
        answer = ""
    if not answer:
        raise ConfigError("no key was entered; an API key consists of a public and a private key")
    return answer


def _ask(prompt: str) -> str:
    # input() would write the prompt to standard output, into the listing.
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()
