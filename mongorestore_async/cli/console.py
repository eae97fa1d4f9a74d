"""Standard output and standard error, and text that is safe to print on them.

rich takes longer to load than most commands take to run, and it changes nothing of plain text that goes to a pipe or a
file. So it is loaded for what is rendered: on a terminal, and for the help.
"""

from __future__ import annotations

import errno
import functools
import os
import shlex
import shutil
import sys
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

from mongorestore_async import VendorDeprecation
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from rich.console import Console
    from rich.status import Status

    from mongorestore_async import Family

__all__ = [
    "PROGRAM",
    "PlainConsole",
    "fold_command",
    "has_log",
    "plural",
    "program",
    "rich_console",
    "show_deprecations",
    "stderr_console",
    "stdout_console",
]

#: What the command line is called.
PROGRAM = "mongorestore-async"

#: Columns of a table that is written to a pipe or a file, where lines are not cut.
_UNBOUNDED = 400

#: Variables by which rich is told what a terminal is, or how wide.
_RICH_VARIABLES = frozenset({"COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"})

#: Whether a log is written between other messages, so that nothing of them can be replaced.
has_log: ContextVar[bool] = ContextVar("has_log", default=False)

_CONTINUATION = " \\\n"
_INDENT = "  "


def rich_console(**settings: Any) -> Console:
    """Make a rich console that lets the command decide what a closed pipe means.

    Args:
        settings: Arguments of rich's ``Console``.

    """
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> NoReturn:
            """Raise the error: rich itself would exit with 1."""
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    return PipedConsole(**settings)


class _NoStatus:
    """The status line where there is no terminal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Show nothing."""

    def start(self) -> None:
        """Show nothing."""

    def stop(self) -> None:
        """Show nothing."""

    def update(self, text: str) -> None:
        """Show nothing."""


class PlainConsole:
    """Prints text unchanged: no markup, no emoji, no automatic highlighting.

    Args:
        file: Standard output or standard error.

    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_piped = not file.isatty() and _RICH_VARIABLES.isdisjoint(os.environ)

    @functools.cached_property
    def rich(self) -> Console:
        """The same as a console of rich, for what is rendered."""
        made = rich_console(file=self._file, markup=False, emoji=False, highlight=False)
        if not made.is_terminal and "COLUMNS" not in os.environ:
            made.width = _UNBOUNDED
        return made

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal, or is to be taken for one."""
        return not self._is_piped and self.rich.is_terminal

    @property
    def is_live(self) -> bool:
        """Whether what is shown can be replaced: with ``FORCE_COLOR`` there are colours where this cannot be done."""
        return self._file.isatty() and not has_log.get() and self.is_terminal and not self.rich.is_dumb_terminal

    @property
    def width(self) -> int:
        """Columns of the terminal, or what tables may have elsewhere."""
        return _UNBOUNDED if self._is_piped else self.rich.width

    @property
    def encoding(self) -> str:
        """Encoding of the file, in lower case."""
        return (getattr(self._file, "encoding", None) or "utf-8").lower()

    def print(self, text: str = "", *, style: str | None = None, end: str = "\n", soft_wrap: bool = False) -> None:
        """Print text, wrapped at the width unless ``soft_wrap`` leaves that to the terminal."""
        if self._is_piped and all(_is_as_rich_prints_it(line, soft_wrap=soft_wrap) for line in text.split("\n")):
            self._file.write(text + end)
            self._file.flush()
        else:
            self.rich.print(text, style=style, end=end, soft_wrap=soft_wrap)

    def print_styled(self, *parts: str | tuple[str, str], soft_wrap: bool = True) -> None:
        """Print a line of parts, some with a style."""
        if self.is_terminal:
            from rich.text import Text

            self.rich.print(Text.assemble(*parts), soft_wrap=soft_wrap)
        else:
            self.print("".join(part if isinstance(part, str) else part[0] for part in parts), soft_wrap=soft_wrap)

    def print_sentence(self, text: str, style: str | None = None) -> None:
        """Print a sentence: wrapped between words on a terminal, on one line everywhere else."""
        self.print(text, style=style, soft_wrap=not self.is_terminal)

    def status(self, text: str) -> Status | _NoStatus:
        """Make a line that shows what is going on, where it can be removed again."""
        return self.rich.status(text) if self.is_live else _NoStatus()


def _is_as_rich_prints_it(line: str, *, soft_wrap: bool) -> bool:
    """Whether rich would neither wrap nor replace anything; a character takes up to two columns."""
    return line.isprintable() and (soft_wrap or 2 * len(line) <= _UNBOUNDED)


def stdout_console() -> PlainConsole:
    """Make the console of standard output."""
    return PlainConsole(sys.stdout)


def stderr_console() -> PlainConsole:
    """Make the console of standard error."""
    return PlainConsole(sys.stderr)


def plural(count: int, noun: str) -> str:
    """Write a number with its noun, such as ``2 jobs``."""
    return f"{count} {noun}{'s' * (count != 1)}"


def program() -> str:
    """The name by which this program can be called: a path if it was called by one, as in a virtual environment."""
    called = Path(sys.argv[0])
    if called.name != PROGRAM or not called.exists():
        return PROGRAM
    found = shutil.which(PROGRAM)
    return PROGRAM if found is not None and called.samefile(found) else sys.argv[0]


def fold_command(words: Sequence[str], width: int) -> str:
    """Break a long command between its options, so that it can still be pasted into a shell.

    Args:
        words: The command.
        width: Columns of the console.

    """
    pieces = [shlex.quote(words[0])]
    for word in words[1:]:
        if word.startswith("-"):
            pieces.append(shlex.quote(word))
        else:
            pieces[-1] += f" {shlex.quote(word)}"
    lines = [_INDENT + pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) + len(_CONTINUATION) > width:
            lines.append(3 * _INDENT + piece)
        else:
            lines[-1] += f" {piece}"
    return _CONTINUATION.join(lines)


@contextmanager
def show_deprecations(*families: Family[Any]) -> Generator[None]:
    """Print deprecation notices on standard error: those of families first, then those that servers send."""
    console = stderr_console()
    for text in dict.fromkeys(family.deprecation for family in families):
        if text is not None:
            console.print_sentence(f"note: {text}", style="yellow")

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        console.print_sentence(f"note: {printable(str(message))}", style="yellow")

    with warnings.catch_warnings():
        # The notices of families were printed above, in a form for people.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("always", VendorDeprecation)
        warnings.showwarning = show
        yield
