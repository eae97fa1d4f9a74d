"""What goes into a trigger and comes out of it: text.

Airflow stores other objects without a word, and fails in the triggerer only, with an error that hides why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.errors import AuthError, ConfigError, Forbidden, RestoreError, RestoreFailed
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef

if TYPE_CHECKING:
    from mongorestore_async.models import JobDocument

__all__ = ["WaitResult", "is_final", "plain_text", "read_job_texts"]

#: Errors that a further try of the same task meets again.
_FINAL = (AuthError, ConfigError, Forbidden, RestoreFailed)


def is_final(error: RestoreError) -> bool:
    """Whether trying the task again would end the same way."""
    return isinstance(error, _FINAL)


@attrs.frozen(kw_only=True)
class WaitResult:
    """How a wait ended.

    Attributes:
        states: State of each job by its reference, as far as it is known.
        problem: What went wrong, None when all went well.
        kind: Name of the error's class, None when all went well.
        final: Whether waiting again would end the same way.

    """

    states: dict[str, str] = attrs.field(factory=dict[str, str])
    problem: str | None = None
    kind: str | None = None
    final: bool = False

    @classmethod
    def of_jobs(cls, jobs: Iterable[JobDocument]) -> WaitResult:
        """Make the result of a wait that went well."""
        return cls(states={str(job.ref): str(job.state) for job in jobs})

    @classmethod
    def of_error(cls, error: RestoreError) -> WaitResult:
        """Make the result of a wait that ended with an error; the jobs that it names keep their states."""
        jobs: Iterable[Any] = getattr(error, "jobs", ())
        states = {str(job.ref): str(job.state) for job in jobs}
        return cls(states=states, problem=str(error), kind=type(error).__name__, final=is_final(error))

    def to_text(self) -> str:
        """Write it as an event: exactly text, for Airflow fails a task whose event is a subclass of it."""
        return json.dumps(attrs.asdict(self), ensure_ascii=True)

    @classmethod
    def from_text(cls, text: object) -> WaitResult:
        """Read an event.

        Raises:
            ConfigError: It is none of ours.

        """
        try:
            found: Any = json.loads(text) if isinstance(text, str) else None
            return cls(**found)  # what does not fit is a TypeError
        except (TypeError, ValueError):
            raise ConfigError("the event of the trigger cannot be read: was it written by another release?") from None


def plain_text(name: str, value: object) -> str:
    """Give a value that is exactly text.

    Args:
        name: What the value is, for the error.
        value: The value.

    Raises:
        ConfigError: It is something else, a subclass of str included: Airflow cannot read those back.

    """
    if type(value) is not str:
        raise ConfigError(f"{name} must be plain text, not {type(value).__name__}: Airflow stores nothing else safely")
    return value


def read_job_texts(value: object) -> tuple[str, ...]:
    """Give job references as they stand in a trigger: each once, in order.

    Args:
        value: One reference, or a list of them; lists in it, as a mapped task gives them, are joined.

    Raises:
        ConfigError: One is no text, no reference, or of an unknown family; all before anything is deferred.

    """
    found = dict.fromkeys(_flat(value))
    for text in found:
        ref = JobRef.parse(text)
        if ref.family not in FAMILIES:
            raise ConfigError(f"{text} has an unknown product family; known families: {', '.join(FAMILIES)}")
    return tuple(found)


def _flat(value: object) -> Iterable[str]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        yield plain_text("a job reference", cast("Any", value))
        return
    for each in cast("Iterable[object]", value):
        yield from _flat(each)
