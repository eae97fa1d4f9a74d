"""What an answer of the server, or its absence, says about the key, the way to it, its clock, version and limits.

Decided without I/O: in come the error of a call, or the record of it; out come results of checks. What an error says is
taken over, for it says what to do; this file only decides which check it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.doctor.check_results import CheckName, CheckOutcome, CheckResult
from mongorestore_async.errors import (
    ApiError,
    AuthError,
    ConfigError,
    ConnectFailed,
    DataError,
    Forbidden,
    Hint,
    HintKind,
    ProxyFailed,
    RateLimited,
    RestoreError,
    TLSFailed,
)

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.families import Family
    from mongorestore_async.models import ServiceVersion

__all__ = ["Meaning", "read_clock", "read_failure", "read_limits", "read_version"]

#: Codes of an address that is not allowed; each has a sentence of its own that says what to do.
_ABOUT_ADDRESS = ("ACCESS_LIST", "WHITELIST", "GLOBAL_USER_OUTSIDE_SUBNET")
#: Codes of a project or cluster that another family is for.
_ABOUT_FAMILY = frozenset(
    {
        "ATLAS_GROUP",
        "NOT_ATLAS_GROUP",
        "INCORRECT_BACKUP_API_ENDPOINT",
        "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
        "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
    }
)
#: The check that an error without an answer belongs to, the first that fits.
_BY_KIND: tuple[tuple[type[RestoreError], CheckName], ...] = (
    (ProxyFailed, CheckName.PROXY),
    (TLSFailed, CheckName.TLS),
    (ConnectFailed, CheckName.CONNECTION),
    (ConfigError, CheckName.ADDRESS),
)
#: What to do about what the API says no to.
_ADVICE = {
    CheckName.PROJECT: "check the project id, and that the key has a role in the project",
    CheckName.CLUSTER: "check the id of the cluster (on Atlas its name), and the project",
    CheckName.RIGHTS: "give the key a role in the project that may read backups",
}
_PROXY_LOGIN = 407
#: Statuses of a server that has no such API.
_ABSENT = frozenset({404, 405, 406})

#: Seconds by which two clocks may differ: up to the first nothing is said; the second is what requests are checked
#: with, so that beyond it times in requests are refused or wrong.
_CLOCKS_DIFFER = 30.0
_CLOCKS_ARE_WRONG = 300.0

#: Ops Manager before this release may lack or refuse what this library sends: 3.6 has pages of 100 at most.
_OLDEST = 6

#: The part of a limit below which it is said that little is left.
_LITTLE = 0.1


@attrs.frozen
class Meaning:
    """What the end of a call says.

    Attributes:
        results: Results of checks.
        is_absent: Whether the server may have no such API at all.
        is_api: Whether an API answered.
        no_backup: Whether it only says that the backup of a cluster is switched off.

    """

    results: tuple[CheckResult, ...]
    is_absent: bool = False
    is_api: bool = False
    no_backup: bool = False

    @classmethod
    def of_success(cls) -> Meaning:
        """Make that of a call that succeeded."""
        return cls((_ANSWERS, _ACCEPTED, _ALLOWED), is_api=True)


_ANSWERS = CheckResult(CheckName.ANSWER, CheckOutcome.OK, "the API answers")
_ACCEPTED = CheckResult(CheckName.KEY, CheckOutcome.OK, "the server accepts the login")
_ALLOWED = CheckResult(CheckName.ACCESS_LIST, CheckOutcome.OK, "reading is allowed from this machine's address")


def read_failure(error: RestoreError, *, where: CheckName = CheckName.ANSWER) -> Meaning:
    """Say what an error means.

    Args:
        error: Of a call.
        where: The check that an error of the API belongs to which is about nothing else.

    Returns:
        What failed, and what is known to be as it should be because the API answered at all.

    """
    failed = _failed_check(error, where)
    message = error.problem
    if isinstance(error, DataError) or (isinstance(error, ApiError) and error.from_gateway):
        message = f"something else than the API answers: {message}"
    if failed in _ADVICE and isinstance(error, ApiError) and "->" not in message:
        message += f" -> {_ADVICE[failed]}"
    is_api = isinstance(error, ApiError) and not error.from_gateway and failed is not CheckName.KEY
    passed: list[CheckResult] = []
    if is_api and failed is not CheckName.ANSWER:
        passed += [_ANSWERS] if failed is CheckName.LIMITS else [_ANSWERS, _ACCEPTED, _ALLOWED]
    elif failed is CheckName.KEY:
        passed.append(CheckResult(CheckName.ANSWER, CheckOutcome.OK, "the server asks for a login"))
    results = [*(result for result in passed if result.name is not failed)]
    results.append(CheckResult(failed, CheckOutcome.FAILED, message, error.hint))
    absent = isinstance(error, ApiError) and error.status in _ABSENT and failed is CheckName.ANSWER
    return Meaning(
        tuple(results),
        is_absent=absent,
        is_api=is_api and not absent,
        no_backup=isinstance(error, ApiError) and error.no_backup,
    )


def _failed_check(error: RestoreError, where: CheckName) -> CheckName:
    if isinstance(error, AuthError):
        offers_no_login = error.hint is not None and error.hint.kind is HintKind.CHECK_BASE_URL
        return CheckName.ANSWER if offers_no_login else CheckName.KEY
    if isinstance(error, ApiError):
        return _failed_by_answer(error, where)
    return next((check for kind, check in _BY_KIND if isinstance(error, kind)), where)


def _failed_by_answer(error: ApiError, where: CheckName) -> CheckName:
    code = error.error_code or ""
    if error.request is not None and error.request.logging_in:
        return CheckName.KEY
    if error.from_gateway:
        return CheckName.PROXY if error.status == _PROXY_LOGIN else CheckName.ANSWER
    if isinstance(error, Forbidden):
        about_address = any(word in code for word in _ABOUT_ADDRESS)
        return CheckName.ACCESS_LIST if about_address else CheckName.RIGHTS
    if isinstance(error, RateLimited):
        return CheckName.LIMITS
    return CheckName.FAMILY if code in _ABOUT_FAMILY else where


def read_clock(server_time: datetime | None, now: datetime, seconds: float) -> CheckResult:
    """Compare the clocks.

    Args:
        server_time: ``Date`` of the answer, in whole seconds; None without one.
        now: This machine's time when the answer was there.
        seconds: How long the call took.

    """
    if server_time is None:
        return CheckResult(CheckName.CLOCK, CheckOutcome.SKIPPED, "the server does not tell its time")
    ahead = (now - server_time).total_seconds()
    off = abs(ahead) - seconds - 1  # the header has whole seconds, and was made at any time during the call
    if off <= _CLOCKS_DIFFER:
        return CheckResult(CheckName.CLOCK, CheckOutcome.OK, "this machine and the server agree on the time")
    which = "ahead of" if ahead > 0 else "behind"
    message = f"this machine's clock is {_span(abs(ahead))} {which} the server's; correct the wrong one, best by NTP"
    outcome = CheckOutcome.WARNING if off <= _CLOCKS_ARE_WRONG else CheckOutcome.FAILED
    return CheckResult(CheckName.CLOCK, outcome, message)


def _span(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def read_version(found: ServiceVersion | None, family: Family[Any]) -> CheckResult:
    """Judge the release of the server; only Ops Manager is on the user's own machines."""
    version = None if found is None else found.version
    if version is None:
        return CheckResult(CheckName.SERVER_VERSION, CheckOutcome.SKIPPED, "the server does not tell its release")
    major = version.partition(".")[0]
    if family.has_public_host or not major.isdecimal() or int(major) >= _OLDEST:
        return CheckResult(CheckName.SERVER_VERSION, CheckOutcome.OK, f"release {version}")
    return CheckResult(
        CheckName.SERVER_VERSION,
        CheckOutcome.WARNING,
        f"release {version} is older than {_OLDEST}.0: it may lack or refuse what newer ones have (3.6 has pages of 100"
        f" items at most); update Ops Manager",
    )


def read_limits(limit: int | None, remaining: int | None) -> CheckResult:
    """Judge what is left of the rate limit, by the headers of the last answer."""
    if limit is None or remaining is None:
        return CheckResult(CheckName.LIMITS, CheckOutcome.OK, "the server tells no rate limit")
    message = f"{remaining} of {limit} calls are left"
    if remaining >= limit * _LITTLE:
        return CheckResult(CheckName.LIMITS, CheckOutcome.OK, message)
    return CheckResult(
        CheckName.LIMITS,
        CheckOutcome.WARNING,
        f"{message}: other programs use the same key, or the same project",
        Hint(HintKind.FEWER_CALLS),
    )
