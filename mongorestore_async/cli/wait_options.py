"""What ``wait``, ``watch`` and ``download`` share: how long to wait, for what, and how to resume."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter

from mongorestore_async import PollPolicy
from mongorestore_async.cli.console import fold_command, plural, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode, exit_code_of
from mongorestore_async.cli.job_selection import job_command
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.cli.units import format_duration, parse_duration
from mongorestore_async.errors import Hint, HintKind, RestoreError, WaitError, WaitTimeout
from mongorestore_async.models import JobRef
from mongorestore_async.protocol.redaction import printable

__all__ = [
    "ACCEPT_INCOMPLETE",
    "TIMEOUT",
    "PollOption",
    "ResumeHint",
    "WaitClock",
    "WaitOptions",
    "poll_arguments",
    "poll_policy",
]

#: Exit codes after which the same command resumes.
_RESUMABLE = frozenset({ExitCode.TIMED_OUT, ExitCode.DOWNLOAD_FAILED})

_LEAST_SECONDS = 0.001

PollOption = Annotated[
    timedelta | None,
    Parameter(
        converter=parse_duration,
        help="Minimum polling interval. [default: 10s]",
    ),
]

#: Option of a wait whose end is set.
TIMEOUT = Parameter(
    converter=parse_duration,
    show_default=format_duration,
    help="How long to wait, such as 6h, 90m or 1h30m.",
)

#: Option of a wait for restores of collections.
ACCEPT_INCOMPLETE = Parameter(
    negative=(),
    show_default=False,
    help="Accept that some named collections were not restored.",
)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class WaitOptions:
    """What to wait for, and how long."""

    until: Annotated[
        Literal["finished", "downloadable"],
        Parameter(metavar="WHAT", help="The end of the restore, or a file."),
    ] = "finished"
    timeout: Annotated[timedelta, TIMEOUT] = timedelta(hours=6)
    poll: PollOption = None
    accept_incomplete: Annotated[bool, ACCEPT_INCOMPLETE] = False

    def arguments(self) -> tuple[str, ...]:
        """The options as arguments of a command line."""
        accepted = ("--accept-incomplete",) * self.accept_incomplete
        return (
            "--until",
            self.until,
            "--timeout",
            format_duration(self.timeout),
            *poll_arguments(self.poll),
            *accepted,
        )


def poll_arguments(shortest: timedelta | None) -> tuple[str, ...]:
    """The option ``--poll`` as arguments of a command line."""
    return () if shortest is None else ("--poll", format_duration(shortest))


def poll_policy(shortest: timedelta | None) -> PollPolicy:
    """The polling intervals for a minimum, None for the default."""
    usual = PollPolicy()
    if shortest is None:
        return usual
    seconds = shortest.total_seconds()
    return attrs.evolve(usual, shortest=seconds, longest=max(seconds, min(usual.longest, 6 * seconds)))


class WaitClock:
    """The time of a wait: what finding the jobs takes is part of it, so that nothing lasts longer than was asked for.

    Args:
        timeout: The time for all; it begins now.

    """

    def __init__(self, timeout: timedelta) -> None:
        self._timeout = timeout
        self._ends = asyncio.get_running_loop().time() + timeout.total_seconds()

    @property
    def left(self) -> float:
        """Seconds left for the wait itself, more than 0."""
        return max(_LEAST_SECONDS, self._ends - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def finding(self) -> AsyncGenerator[None]:
        """Bound finding the jobs by the time that is left.

        Raises:
            WaitTimeout: It passed before all jobs were found.

        """
        deadline = asyncio.timeout_at(self._ends)
        try:
            async with deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            raise WaitTimeout(
                f"not all jobs were found within {format_duration(self._timeout)}: check that they exist, or pass a"
                f" longer --timeout"
            ) from None


@attrs.define
class ResumeHint:
    """What is printed when a wait is left before its end.

    Attributes:
        command: Command that resumes.
        server: Where the API is, and how to get there.
        options: Options of the command.
        refs: Jobs, as soon as they are known.
        reassurance: What leaving the command does not stop, where that is known.

    """

    command: str
    server: ServerOptions
    options: tuple[str, ...]
    refs: tuple[JobRef, ...] = ()
    reassurance: str = "The restore continues without this command."

    @contextmanager
    def on_early_end(self) -> Generator[None]:
        """Add the jobs and the command that resumes to an interruption or a timeout."""
        try:
            yield
        except (KeyboardInterrupt, RestoreError) as end:
            if isinstance(end, WaitError):
                self.refs = end.refs or self.refs
            is_resumable = isinstance(end, KeyboardInterrupt) or exit_code_of(end) in _RESUMABLE
            if self.refs and is_resumable:
                # Only a job that was found running at last look certainly goes on.
                is_certain = not isinstance(end, WaitError) or (isinstance(end, WaitTimeout) and bool(end.jobs))
                reassurance = self.reassurance if is_certain else "The restore may be running."
                options, head = self.options, "Resume with"
                if isinstance(end, RestoreError) and end.hint == Hint(HintKind.WAIT_UNTIL_DOWNLOADABLE):
                    # The same command would fail again at once.
                    reassurance, options, head = "Not ready:", (*options, "--timeout", "6h"), "Wait for the file with"
                end.add_note(f"{reassurance} {plural(len(self.refs), 'job')}:")
                for ref in self.refs:
                    end.add_note(f"  {printable(str(ref))}")
                command = job_command(self.command, self.refs, self.server, *options)
                end.add_note(f"{head}:\n{fold_command(command, stderr_console().width)}")
            raise
