"""Exit codes, and errors as one line for people."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from mongorestore_async.cli.screen import printable
from mongorestore_async.errors import (
    AuthError,
    ConfigError,
    DownloadError,
    DownloadExpired,
    DownloadUsedUp,
    Forbidden,
    HashMismatch,
    MaybeCreated,
    RestoreFailed,
    WaitError,
)

if TYPE_CHECKING:
    from mongorestore_async.errors import RestoreError

__all__ = ["ExitCode", "exit_code_of", "exit_codes", "explain", "reason"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    JOB_NOT_FINISHED = 3
    NOT_AUTHORISED = 4
    GAVE_UP = 5
    OUTCOME_UNKNOWN = 6
    DOWNLOAD_FAILED = 7
    DOWNLOAD_LOST = 8
    INCOMPLETE = 9
    INTERRUPTED = 130


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.ERROR: "the API or the network failed, nothing fits, or a question got a no",
    ExitCode.USAGE: "usage: arguments, environment or settings are wrong; nothing was sent",
    ExitCode.JOB_NOT_FINISHED: "finished, but a job failed, was cancelled or expired",
    ExitCode.NOT_AUTHORISED: "not authorised: the key is wrong, or has no rights here",
    ExitCode.GAVE_UP: "gave up waiting: the time was over, the restore goes on",
    ExitCode.OUTCOME_UNKNOWN: "a create was sent and its outcome is not known: a restore may be running",
    ExitCode.DOWNLOAD_FAILED: "a download broke off, or the disk is full: run it again, it goes on",
    ExitCode.DOWNLOAD_LOST: "a link is expired or used up, or a hash is wrong: create a new job",
    ExitCode.INCOMPLETE: "a fleet was read, but for some of it: the table of failures says what, and why",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
}

_CODES: tuple[tuple[type[RestoreError], ExitCode], ...] = (
    (ConfigError, ExitCode.USAGE),
    (AuthError, ExitCode.NOT_AUTHORISED),
    (Forbidden, ExitCode.NOT_AUTHORISED),
    (MaybeCreated, ExitCode.OUTCOME_UNKNOWN),
    (RestoreFailed, ExitCode.JOB_NOT_FINISHED),
    (WaitError, ExitCode.GAVE_UP),
    (DownloadExpired, ExitCode.DOWNLOAD_LOST),
    (DownloadUsedUp, ExitCode.DOWNLOAD_LOST),
    (HashMismatch, ExitCode.DOWNLOAD_LOST),
    (DownloadError, ExitCode.DOWNLOAD_FAILED),
)

#: Advice of the library, and what it is on the command line.
_WORDS = (
    ("pass overwrite=True", "pass --overwrite"),
    (", also from another process with session.batch(error.refs)", ""),
    ("with session.batch(refs)", "with mongorestore-async wait"),
    ("until='finished'", "--until finished"),
    ("pass stream.resume_token of the earlier run", "pass the one of the earlier run"),
    ("pass the same fleets, projects, clusters, states and batch_id", "repeat that command with its token"),
    ("leave batch_id out", "leave --batch-id out"),
)


def exit_codes() -> str:
    """All codes with their meanings, one a line, for the help."""
    return "\n".join(f"{code:>5}  {meaning}" for code, meaning in _MEANINGS.items())


def exit_code_of(error: RestoreError) -> ExitCode:
    """The code of a command that ended with this error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.ERROR)


def reason(error: RestoreError) -> str:
    """Write what an error says on one line, in the words of the command line."""
    text = " ".join(error.message.split())
    for ours, theirs in _WORDS:
        text = text.replace(ours, theirs)
    return printable(text)


def explain(error: RestoreError) -> str:
    """Write an error on one line, with the request and where to go on."""
    parts = [reason(error)]
    if error.request is not None:
        parts.append(f"[{error.request.method} {error.request.url}]")
    if error.resume_at is not None and error.resume_at > 1:
        parts.append(f"(go on with --page {error.resume_at})")
    return printable(" ".join(parts))
