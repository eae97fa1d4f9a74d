"""Command lines to be pasted into a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["folded"]

_CONTINUED = " \\\n"
_INDENT = "  "


def folded(words: Sequence[str], width: int) -> str:
    """Break a command between its options where it is too long to be read, in a form that can still be pasted.

    Args:
        words: The command.
        width: Columns there are.

    """
    pieces = [words[0]]
    for word in words[1:]:
        if word.startswith("-"):
            pieces.append(shlex.quote(word))
        else:
            pieces[-1] += f" {shlex.quote(word)}"
    lines = [_INDENT + pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) + len(_CONTINUED) > width:
            lines.append(3 * _INDENT + piece)
        else:
            lines[-1] += f" {piece}"
    return _CONTINUED.join(lines)
