"""What ``wait``, ``watch`` and ``download`` share: how long, for what, and how to go on after they were left."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter

from mongorestore_async.cli.exits import ExitCode, exit_code_of
from mongorestore_async.cli.picks import command_of
from mongorestore_async.cli.rows import some
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.cli.units import duration, parse_duration
from mongorestore_async.errors import RestoreError, WaitError
from mongorestore_async.models import JobRef, PollPolicy

__all__ = ["Patience", "PollOption", "Terms", "poll_policy", "poll_words"]

#: Ends after which the same command can go on.
_UNFINISHED = frozenset({ExitCode.GAVE_UP, ExitCode.DOWNLOAD_FAILED})

PollOption = Annotated[
    timedelta | None,
    Parameter(
        converter=parse_duration,
        help="Shortest time between two looks; it grows while nothing changes. [default: 10s]",
    ),
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Terms:
    """What is waited for, and how long."""

    until: Annotated[
        Literal["finished", "downloadable"],
        Parameter(help="What to wait for: the end of the restore, or a file to be ready for download."),
    ] = "finished"
    timeout: Annotated[
        timedelta,
        Parameter(
            converter=parse_duration,
            show_default=duration,
            help="How long to wait, such as 6h, 90m or 1h30m. The restore goes on when it is over.",
        ),
    ] = timedelta(hours=6)
    poll: PollOption = None

    def words(self) -> tuple[str, ...]:
        """The options as they stand on a command line."""
        return ("--until", self.until, "--timeout", duration(self.timeout), *poll_words(self.poll))


def poll_words(shortest: timedelta | None) -> tuple[str, ...]:
    """The option as it stands on a command line."""
    return () if shortest is None else ("--poll", duration(shortest))


def poll_policy(shortest: timedelta | None) -> PollPolicy:
    """How often jobs are looked at."""
    usual = PollPolicy()
    if shortest is None:
        return usual
    seconds = shortest.total_seconds()
    return attrs.evolve(usual, shortest=seconds, longest=max(seconds, min(usual.longest, 6 * seconds)))


@attrs.define
class Patience:
    """What to say when a wait is left before its end.

    Attributes:
        command: Command to go on with.
        base_url: Server it goes to, None for the one of the environment.
        options: Its options.
        refs: Jobs, as soon as they are known.
        consolation: What the end of the command does not end.

    """

    command: str
    base_url: str | None
    options: tuple[str, ...]
    refs: tuple[JobRef, ...] = ()
    consolation: str = "The restore goes on without this command."

    @contextmanager
    def kept(self) -> Generator[None]:
        """Let an interruption or a time-out tell the jobs and the command to go on with."""
        try:
            yield
        except (KeyboardInterrupt, RestoreError) as end:
            if isinstance(end, WaitError):
                self.refs = end.refs or self.refs
            can_go_on = isinstance(end, KeyboardInterrupt) or exit_code_of(end) in _UNFINISHED
            if self.refs and can_go_on:
                end.add_note(f"{self.consolation} {some(len(self.refs), 'job')}:")
                for ref in self.refs:
                    end.add_note(f"  {printable(str(ref))}")
                words = command_of(self.command, self.refs, self.base_url, *self.options)
                end.add_note(f"Go on with:\n{folded(words, screen(error=True).width)}")
            raise
