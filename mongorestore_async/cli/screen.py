"""Standard output and standard error as rich consoles, and text made fit for them."""

from __future__ import annotations

import os
import sys
from typing import IO, NoReturn

from rich.console import Console

__all__ = ["Screen", "printable", "screen"]

#: Columns of a table that goes into a pipe or a file, where nobody cuts lines.
_UNBOUNDED = 240


class Screen(Console):
    """A rich console that shows text as it is: no markup, no emoji, no guessing at colours."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file=file, markup=False, emoji=False, highlight=False)
        if not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = _UNBOUNDED

    def say(self, text: str, style: str | None = None) -> None:
        """Print a sentence: wrapped between words on a terminal, one line everywhere else."""
        self.print(text, style=style, soft_wrap=not self.is_terminal)

    def on_broken_pipe(self) -> NoReturn:
        """Let ``main`` end the command: rich itself would exit with 1."""
        raise BrokenPipeError


def screen(*, error: bool = False) -> Screen:
    """Make the console of standard output, or of standard error."""
    return Screen(sys.stderr if error else sys.stdout)


def printable(text: str) -> str:
    """Escape what could steer a terminal: control characters, lone surrogates.

    What a server sends is shown on terminals, and must not be able to rewrite them.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
