"""What is said of a call that was not done in time: what it waited for, and what its earlier tries ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.errors import Hint, HintKind, RateLimited, RequestTimeout
from mongorestore_async.transport.sender import Phase

if TYPE_CHECKING:
    from mongorestore_async.errors import RestoreError
    from mongorestore_async.transport.sender import Progress

__all__ = ["held_back", "timed_out"]


def timed_out(progress: Progress, timeout: float, slots: int) -> RequestTimeout:
    """Make the error for a call whose deadline passed. Its cause is what the try before ended with.

    Args:
        progress: The call.
        timeout: ``Options.timeout``, seconds.
        slots: How many calls can be in flight.

    """
    within = f"within {timeout:g} s"
    sent = "not sent" if progress.earlier is None else "not sent again"
    hint = HintKind.RAISE_TIMEOUT
    match progress.phase:
        case Phase.RATE_LIMIT:
            told, hint = f"{sent} {within}: too many calls wait for the rate limit", HintKind.FEWER_CALLS
        case Phase.SLOT:
            taken = (
                "the one slot for a call in flight was" if slots == 1 else f"all {slots} slots for calls in flight were"
            )
            told, hint = f"{sent} {within}: {taken} taken by other calls", HintKind.MORE_SLOTS
        case Phase.LOGIN:
            told = f"no token {within}" if progress.logging_in else f"{sent} {within}: the login was not over"
        case Phase.SENT if progress.connecting:
            told, hint = f"no connection {within}", HintKind.CHECK_CONNECTION
        case _:
            told = f"no answer {within}" if progress.unanswered else f"{sent} with a login {within}"
    error = RequestTimeout(told + _earlier(progress), hint=Hint(hint))
    error.__cause__ = progress.earlier
    return error


def held_back(progress: Progress, error: RestoreError) -> RestoreError:
    """Make the error for a call that a rate limit held back for too long after it was sent and failed.

    Args:
        progress: The call.
        error: What the rate limiter says: that it was not sent.

    """
    earlier = progress.earlier
    if earlier is None or not isinstance(error, RateLimited):
        return error
    wait = error.retry_after or 0
    if isinstance(earlier, RateLimited):
        told = f"{earlier.problem}{_earlier(progress)}; its next turn is in {wait:.0f} s, after its deadline"
        earlier.problem, earlier.retry_after = told, error.retry_after
        earlier.hint = earlier.hint or error.hint
        earlier.args = (told,)
        # Raised while ``error`` is handled, which says less; and the call, which its frames hold, lets go of it.
        earlier.__suppress_context__ = True
        progress.earlier = None
        return earlier
    error.problem = error.problem.replace("not sent", "not sent again", 1) + _earlier(progress)
    error.args = (error.problem,)
    error.__cause__ = earlier
    return error


def _earlier(progress: Progress) -> str:
    """What the tries before ended with, as the rest of a sentence; empty for the first."""
    if progress.outcomes is None:
        return ""
    tries = progress.outcomes.total()
    if len(progress.outcomes) == 1:
        (outcome,) = progress.outcomes
        counted = outcome
    else:
        counted = ", ".join(f"{outcome} ({count})" for outcome, count in progress.outcomes.most_common())
    return f"; {tries} {'try' if tries == 1 else 'tries'} before ended with {counted}"
