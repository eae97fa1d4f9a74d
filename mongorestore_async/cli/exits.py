"""Exit codes, and errors as one line for people."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from mongorestore_async.cli.screen import printable
from mongorestore_async.errors import AuthError, ConfigError, Forbidden, MaybeCreated

if TYPE_CHECKING:
    from mongorestore_async.errors import RestoreError

__all__ = ["ExitCode", "exit_code_of", "exit_codes", "explain"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    JOB_NOT_FINISHED = 3
    NOT_AUTHORISED = 4
    GAVE_UP = 5
    OUTCOME_UNKNOWN = 6
    INTERRUPTED = 130


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.ERROR: "the API or the network failed, or a question was answered with no",
    ExitCode.USAGE: "usage: arguments, environment or settings are wrong; nothing was sent",
    ExitCode.JOB_NOT_FINISHED: "finished, but a job failed, was cancelled or expired",
    ExitCode.NOT_AUTHORISED: "not authorised: the key is wrong, or has no rights here",
    ExitCode.GAVE_UP: "gave up waiting",
    ExitCode.OUTCOME_UNKNOWN: "a create was sent and its outcome is not known: a restore may be running",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
}

_CODES: tuple[tuple[type[RestoreError], ExitCode], ...] = (
    (ConfigError, ExitCode.USAGE),
    (AuthError, ExitCode.NOT_AUTHORISED),
    (Forbidden, ExitCode.NOT_AUTHORISED),
    (MaybeCreated, ExitCode.OUTCOME_UNKNOWN),
)


def exit_codes() -> str:
    """All codes with their meanings, one a line, for the help."""
    return "\n".join(f"{code:>5}  {meaning}" for code, meaning in _MEANINGS.items())


def exit_code_of(error: RestoreError) -> ExitCode:
    """The code of a command that ended with this error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.ERROR)


def explain(error: RestoreError) -> str:
    """Write an error on one line, in the words of the command line."""
    parts = [error.message]
    if error.request is not None:
        parts.append(f"[{error.request.method} {error.request.url}]")
    if error.resume_at is not None and error.resume_at > 1:
        parts.append(f"(go on with --page {error.resume_at})")
    return printable(" ".join(" ".join(parts).split()))
