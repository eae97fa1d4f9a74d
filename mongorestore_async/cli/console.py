"""Standard output and standard error as rich consoles, and text that is safe to print on them."""

from __future__ import annotations

import errno
import os
import shlex
import sys
import warnings
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NoReturn

from rich.console import Console

from mongorestore_async import VendorDeprecation

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from mongorestore_async import Family

__all__ = [
    "PipedConsole",
    "PlainConsole",
    "fold_command",
    "plural",
    "printable",
    "show_deprecations",
    "stderr_console",
    "stdout_console",
]

#: Columns of a table that is written to a pipe or a file, where lines are not cut.
_UNBOUNDED = 240

_CONTINUATION = " \\\n"
_INDENT = "  "


class PipedConsole(Console):
    """A rich console that lets the command decide what a closed pipe means."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error: rich itself would exit with 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class PlainConsole(PipedConsole):
    """A rich console that prints text unchanged: no markup, no emoji, no automatic highlighting."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file=file, markup=False, emoji=False, highlight=False)
        if not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = _UNBOUNDED

    def print_sentence(self, text: str, style: str | None = None) -> None:
        """Print a sentence: wrapped between words on a terminal, on one line everywhere else."""
        self.print(text, style=style, soft_wrap=not self.is_terminal)


def stdout_console() -> PlainConsole:
    """Make the console of standard output."""
    return PlainConsole(sys.stdout)


def stderr_console() -> PlainConsole:
    """Make the console of standard error."""
    return PlainConsole(sys.stderr)


def printable(text: str) -> str:
    """Escape what could control a terminal: control characters, and lone surrogates.

    Text of a server is shown on terminals, and must not be able to rewrite them.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def plural(count: int, noun: str) -> str:
    """Write a number with its noun, such as ``2 jobs``."""
    return f"{count} {noun}{'s' * (count != 1)}"


def fold_command(words: Sequence[str], width: int) -> str:
    """Break a long command between its options, so that it can still be pasted into a shell.

    Args:
        words: The command.
        width: Columns of the console.

    """
    pieces = [words[0]]
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
