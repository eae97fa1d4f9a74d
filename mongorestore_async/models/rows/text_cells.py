"""Text of a server as it is shown: printable, and in cells without URLs."""

from __future__ import annotations

from mongorestore_async.models.secret import without_urls

__all__ = ["printable", "text_cell"]


def printable(text: str) -> str:
    r"""Spell out what could control a terminal or make a name look like another one.

    That are control characters, such as turn the direction of text (``\u202e``), and half characters, which cannot be
    written to a file either. For text of a server that people look at.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def text_cell(value: str | None) -> str | None:
    """Make a cell of a text of the server: a plain ``str``, printable, without URLs."""
    return None if value is None else printable(without_urls(str(value)))
