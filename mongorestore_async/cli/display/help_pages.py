"""How a help looks: a short page without frames, that names the options of the connection and explains the command's.

cyclopts collects what there is to tell, and calls :class:`HelpPage` for each group of options. A page shows one name of
each option: the other spellings, such as those of MongoDB's own tools, work and are in the documentation.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from cyclopts import Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

__all__ = ["EPILOGUE", "OPTIONS", "ConnectionNames", "HelpPage", "print_paragraph", "print_rows", "print_text"]

#: Group of the options of a command.
OPTIONS = Group("Options", sort_key=0)

#: Where to read on.
EPILOGUE = "More: mongorestore-async help [connection|environment|exit-codes|families]"

#: Lines are not longer, however wide the terminal is.
_WIDEST = 100
#: Columns of names; a longer name has a line of its own.
_NAMES = 25
_INDENT, _GAP = "  ", "  "
#: Stands for a blank at which no line is broken.
_NO_BREAK = "\0"

#: Words for the values of options, in place of names of Python types.
_VALUES = {"STR": "TEXT", "INT": "NUMBER", "CHOICE": "WORD", "TIMEDELTA": "DURATION", "DATETIME": "TIME"}
_TYPE = re.compile(rf"\b(?:{'|'.join(_VALUES)})\b")


def print_paragraph(console: Console, text: str) -> None:
    """Print a blank line and a paragraph."""
    console.print()
    print_text(console, text)


def print_text(console: Console, text: str) -> None:
    """Print a text, wrapped between words."""
    console.print("\n".join(_wrapped(console, text)), soft_wrap=True, highlight=False, markup=False)


def print_rows(console: Console, title: str, rows: Sequence[tuple[str, str]], *, column: int | None = None) -> None:
    """Print a blank line and a heading, and below it names with what they mean.

    Args:
        console: Where to print.
        title: The heading.
        rows: Names and meanings.
        column: Columns of the names; None for those of the longest one, within bounds.

    """
    from rich.text import Text

    console.print()
    console.print(Text(f"{title}:", style="bold"))
    column = column or min(_NAMES, max(len(name) for name, _ in rows))
    indent = " " * (len(_INDENT) + column + len(_GAP))
    for name, meaning in rows:
        lines = [line.strip() for line in _wrapped(console, meaning, indent)]
        if len(name) > column or not lines:
            lines.insert(0, "")
        for number, line in enumerate(lines):
            head = "" if number else name
            console.print(Text.assemble(_INDENT, (head.ljust(column), "cyan"), _GAP, line), soft_wrap=True)


def _wrapped(console: Console, text: str, indent: str = "", after: str | None = None) -> list[str]:
    width = min(console.width, _WIDEST)
    following = indent if after is None else after
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


class HelpPage:
    """Prints a help: how the command is called, what it does, and a group of commands or options after the other."""

    show_metavar = True

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print a group, with a heading."""
        del options  # the console has the same
        if panel.entries:
            print_rows(console, str(panel.title), [(_label(entry), _explanation(entry)) for entry in panel.entries])

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print how the command is called."""
        del options
        from rich.text import Text

        lines = _wrapped(console, f"Usage: {_with_values(str(usage).strip())}", after=2 * _INDENT)
        console.print(Text("\n".join(lines), style="bold"), soft_wrap=True)

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Print what the command does."""
        del options
        console.print()
        for paragraph in _plain(description).strip().split("\n\n"):
            print_text(console, paragraph)


class ConnectionNames(HelpPage):
    """Prints the names of the options of the connection only: all commands that connect have them."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print the names, and where they are explained."""
        del options
        names = ", ".join(entry.positive_names[0] for entry in panel.entries)
        width = min(console.width, _WIDEST)
        print_paragraph(console, textwrap.shorten(f"{panel.title}: {names}", width, placeholder=" ..."))
        console.print(EPILOGUE, soft_wrap=True, highlight=False, markup=False)


def _label(entry: HelpEntry) -> str:
    if entry.positional_label:
        return entry.positional_label
    names = [*entry.positive_shorts, *entry.positive_names[:1]]
    value = f" {_with_values(entry.metavar)}" if entry.metavar else ""
    return f"{', '.join(names)}{value.removesuffix('...')}"


def _explanation(entry: HelpEntry) -> str:
    text = _plain(entry.description).replace("[default: ", f"[default:{_NO_BREAK}")
    return " ".join(filter(None, [text, *_facts(entry)]))


def _facts(entry: HelpEntry) -> Iterator[str]:
    if entry.choices:
        yield f"[{', '.join(entry.choices)}]"
    if entry.required:
        yield "[required]"
    if entry.default is not None:
        yield f"[default:{_NO_BREAK}{entry.default}]"


def _with_values(text: str) -> str:
    return _TYPE.sub(lambda found: _VALUES[found[0]], text)


def _plain(text: Any) -> str:
    """Give the text of what cyclopts wrapped for rich."""
    return str(getattr(text, "primary_renderable", text) or "")
