"""Exit codes, and errors as one line.

====  ==================================================================================================
code  meaning
====  ==================================================================================================
0     done
1     the API or the network failed, nothing was found, the output could not be written, or a question was declined
2     usage error: invalid arguments, environment or settings; a protected target; a download of a restore into a
      cluster, onto another file, or into a directory that cannot be used
3     finished, but a job failed, was cancelled or expired, or left out collections that were named; or evidence does
      not hold
4     not authorised: the key is invalid, or lacks permission
5     timed out, or a job cannot be found any more: the restore may be running; wait again as printed
6     a create was sent and its outcome is unknown, also because it was interrupted: a restore may be running
7     a download was interrupted, is not ready, or the disk is full: rerun the command to resume
8     the job of a download failed, was cancelled or expired, its link is used up or refused, or a hash does not match:
      create a new restore job
9     the fleet was only partly read; standard error gives the reasons
130   interrupted (Ctrl-C, SIGTERM, SIGHUP); a restore continues, and the command that resumes is printed
====  ==================================================================================================
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import (
    ApiError,
    AuthError,
    ConfigError,
    DownloadError,
    DownloadExpired,
    DownloadLost,
    DownloadUsedUp,
    Forbidden,
    HashMismatch,
    HintKind,
    LinkRefused,
    MaybeCreated,
    NothingToDownload,
    NotRestorable,
    RestoreError,
    RestoreFailed,
    ResumePoint,
    WaitError,
)
from mongorestore_async.errors.hints import add_advice
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from mongorestore_async import Finding
    from mongorestore_async.errors.hints import Wording

__all__ = ["CLI_WORDINGS", "ExitCode", "error_text", "exit_code_of", "exit_codes", "explain", "no_resume_page"]


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    RESTORE_FAILED = 3
    NOT_AUTHORISED = 4
    TIMED_OUT = 5
    OUTCOME_UNKNOWN = 6
    DOWNLOAD_FAILED = 7
    DOWNLOAD_UNUSABLE = 8
    INCOMPLETE = 9
    INTERRUPTED = 130


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.ERROR: "API or network error, nothing found, or confirmation declined",
    ExitCode.USAGE: "usage error: invalid arguments, environment or settings, or no archive to download",
    ExitCode.RESTORE_FAILED: (
        "finished, but a job failed, was cancelled or expired, or left out named collections; or evidence does not hold"
    ),
    ExitCode.NOT_AUTHORISED: "not authorised: the key is invalid, or lacks permission",
    ExitCode.TIMED_OUT: "timed out, or a job was lost sight of: the restore may be running",
    ExitCode.OUTCOME_UNKNOWN: "a create was sent, outcome unknown: a restore may be running",
    ExitCode.DOWNLOAD_FAILED: "download interrupted, or disk full: rerun the command to resume",
    ExitCode.DOWNLOAD_UNUSABLE: "job failed, link expired, used up or refused, or hash mismatch: create a new job",
    ExitCode.INCOMPLETE: "the fleet was only partly read; see standard error",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, SIGHUP)",
}

_CODES: tuple[tuple[type[RestoreError], ExitCode], ...] = (
    (ConfigError, ExitCode.USAGE),
    (AuthError, ExitCode.NOT_AUTHORISED),
    (Forbidden, ExitCode.NOT_AUTHORISED),
    (MaybeCreated, ExitCode.OUTCOME_UNKNOWN),
    (RestoreFailed, ExitCode.RESTORE_FAILED),
    (WaitError, ExitCode.TIMED_OUT),
    (NothingToDownload, ExitCode.USAGE),
    (DownloadLost, ExitCode.DOWNLOAD_UNUSABLE),
    (DownloadExpired, ExitCode.DOWNLOAD_UNUSABLE),
    (DownloadUsedUp, ExitCode.DOWNLOAD_UNUSABLE),
    (LinkRefused, ExitCode.DOWNLOAD_UNUSABLE),
    (HashMismatch, ExitCode.DOWNLOAD_UNUSABLE),
    (DownloadError, ExitCode.DOWNLOAD_FAILED),
)

#: What libraries write before a reason: the class of an error, its number, a setting of the connection.
_OF_PYTHON = re.compile(r"\bClient\w+: |\bssl:\w+ |\[Errno -?\d+\] ")

#: Options whose names differ from those of the arguments they stand for.
_OPTIONS = {"completed": "--all"}

#: Options for what the library calls by the names of its request classes.
_VARIANTS = {
    "HttpRestore": "a download",
    "Snapshot": "--snapshot-id",
    "Checkpoint": "--checkpoint-id",
    "OplogTime": "--oplog-ts",
    "PointInTime": "--point-in-time",
}


def _option(argument: str) -> str:
    return _OPTIONS.get(argument) or f"--{argument.replace('_', '-')}"


def _confirm_overwrite(values: Mapping[str, Any]) -> str:
    if values["is_source"]:
        return "restore into another cluster, or pass --overwrite-source"
    return "restore into another cluster, or leave out the --protect (or MONGORESTORE_PROTECTED) that names it"


def _use_variant(values: Mapping[str, Any]) -> str:
    if "CollectionRestore" in values["variants"]:  # a family that takes it takes nothing else
        return "use the command create-collections"
    return f"use one of {', '.join(_VARIANTS[name] for name in values['variants'])}"


#: The hints of errors (:class:`~mongorestore_async.errors.Hint`) in the words of the command line.
CLI_WORDINGS: Mapping[HintKind, Wording] = {
    HintKind.ACCEPT_INCOMPLETE: "restore what is missing again, or pass --accept-incomplete if it need not be there",
    HintKind.CHECK_BASE_URL: "check that --base-url points to the API, not to a proxy or gateway",
    HintKind.CHECK_CERTIFICATE: "check the certificates of the server and of its CA",
    HintKind.CHECK_CLOCK: "renew the certificate, or set this machine's clock",
    HintKind.CHECK_CONNECTION: "check --base-url, DNS, --proxy and --ca-file",
    HintKind.CHECK_HOST_NAME: "use a host name in --base-url that the certificate has",
    HintKind.CHECK_KEY: "check the key pair, and run the command again",
    HintKind.CHECK_PROXY: "check --proxy (or HTTPS_PROXY) and its user name and password",
    HintKind.CHOOSE_DIRECTORY: "choose another --directory",
    HintKind.CONFIRM_OVERWRITE: _confirm_overwrite,
    HintKind.DISMISS_CREATE: "list the restore jobs of the cluster, and leave --ensure out if it started nothing",
    HintKind.FEWER_CALLS: "try again later, or make fewer calls at once (--concurrency)",
    HintKind.LEAVE_OUT: lambda values: f"leave {_option(values['argument'])} out",
    HintKind.LOG_IN: "set an API key or a service account in the environment",
    HintKind.MORE_SLOTS: "try again later, or make fewer calls at once (--concurrency)",
    HintKind.NAME_AS_COLLECTION: "pass a collection with --collection",
    HintKind.NAME_AS_DATABASE: "pass DATABASE.COLLECTION; a database goes with --database",
    HintKind.NAME_VERSION: "update this package",
    HintKind.NARROW_LIST: "narrow the list (--batch-id, --limit) or report this to its operator",
    HintKind.READ_UNCOUNTED: "run it again, or narrow the list (--batch-id, --limit) or report this to its operator",
    HintKind.OVERWRITE_FILES: "choose another --directory, or pass --overwrite",
    HintKind.PASS_BASE_URL: "pass its address with --base-url or MCLI_OPS_MANAGER_URL",
    HintKind.PASS_CA_FILE: "pass the certificate of the CA that signed it with --ca-file",
    HintKind.PASS_CLIENT_CERTIFICATE: (
        "if the server wants a client certificate, use the Python library: the command line cannot send one"
    ),
    HintKind.PASS_INSTEAD: lambda values: f"pass {_option(values['argument'])} instead",
    HintKind.PASS_NEWER_VERSION: "update this package",
    HintKind.PASS_OTHER_VERSION: "update this package",
    HintKind.PASS_RESUME_TOKEN: "pass the token that the earlier run printed",
    HintKind.PASS_WHOLE_REFERENCE: "pass it as the commands create and jobs print it, or an id alone with --job-id",
    HintKind.RAISE_STALL_TIMEOUT: "rerun the command to resume",
    HintKind.RAISE_TIMEOUT: "find out what delays the server, and run the command again",
    HintKind.RECONCILE: "list the restore jobs of the cluster before you send it again",
    HintKind.RELAX_CERTIFICATE_CHECKS: (
        "Python 3.13 and newer make the strict checks of RFC 5280: have the certificate issued anew, or pass "
        "--no-strict-certificates, which still verifies it"
    ),
    HintKind.RENAME_ONE: "pass each once, or rename one with --rename",
    HintKind.RENEW_TOKEN: (
        "set a new MONGODB_ATLAS_ACCESS_TOKEN, or the client id and secret of a service account, which renews tokens"
    ),
    HintKind.REPEAT_QUERY: "repeat the command of that run with its token",
    HintKind.REQUEST_DOWNLOAD: "to get a file, run create without --target-cluster-id",
    HintKind.SET_BASE_URL: "set --base-url to the address it points to",
    HintKind.SMALLER_PAGES: "ask for smaller pages (--items-per-page of the command jobs)",
    HintKind.USE_API_KEY: "set MCLI_PUBLIC_API_KEY and MCLI_PRIVATE_API_KEY, and unset the service account",
    HintKind.USE_FAMILY: "pass --family {family}",
    HintKind.USE_REQUEST: "update this package",
    HintKind.USE_SERVER_TERMS: "leave --max-downloads, --expires and --expiration-hours out",
    HintKind.USE_VARIANT: _use_variant,
    HintKind.USE_VERSIONED_FAMILY: "update this package",
    HintKind.WAIT_AGAIN: "wait again",
    HintKind.WAIT_FOR_OTHER: "wait for it with mongorestore-async wait, then start this one",
    HintKind.WAIT_FOR_RUNNING: (
        "wait for them with mongorestore-async wait, or leave --ensure out to start another restore"
    ),
    HintKind.WAIT_UNTIL_DOWNLOADABLE: "run the command again later, or pass --timeout to wait for it",
    HintKind.WAIT_UNTIL_FINISHED: "pass --until finished",
}


def exit_codes() -> list[tuple[str, str]]:
    """All codes with their meanings, for the help."""
    return [(f"{code:>3}", meaning) for code, meaning in _MEANINGS.items()]


def exit_code_of(error: RestoreError) -> ExitCode:
    """The code of a command that ended with this error."""
    if error.hint is not None and error.hint.kind in {HintKind.OVERWRITE_FILES, HintKind.CHOOSE_DIRECTORY}:
        return ExitCode.USAGE  # running the same command again would not help
    if isinstance(error, ApiError) and error.from_gateway and error.transient:
        return ExitCode.ERROR  # a gateway's 403 says nothing about the key
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.ERROR)


def error_text(error: RestoreError | Finding) -> str:
    """Write what an error or a finding of a pre-check says on one line, in the words of the command line."""
    if isinstance(error, NotRestorable) and error.findings:  # its message has theirs in the words of the library
        return f"nothing was started: the pre-check failed: {'; '.join(map(error_text, error.findings))}"
    advice = "" if error.hint is None else error.hint.render(CLI_WORDINGS)
    return printable(_OF_PYTHON.sub("", " ".join(add_advice(error.problem, advice).split())))


def explain(error: RestoreError) -> str:
    """Write an error on one line, with the request and the page to resume at."""
    parts = [error_text(error)]
    if error.request is not None:
        parts.append(f"[{error.request.method} {error.request.url}]")
    if error.resume_at is not None and error.resume_at > 1:
        size = error.resume_at.items_per_page if isinstance(error.resume_at, ResumePoint) else None
        sized = "" if size is None else f" --items-per-page {size}"
        parts.append(f"(resume with --page {error.resume_at}{sized})")
    return printable(" ".join(parts))


@contextmanager
def no_resume_page() -> Generator[None]:
    """Let errors name no page to resume at: for a command that has no ``--page`` for its list."""
    try:
        yield
    except RestoreError as error:
        error.resume_at = None
        raise
