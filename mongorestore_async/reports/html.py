"""HTML and SVG elements as text: whatever is put into one is escaped there."""

from __future__ import annotations

from html import escape
from typing import TypeAlias

from mongorestore_async.protocol.redaction import printable

__all__ = ["Content", "Markup", "element", "join", "shorten"]

#: Elements without an end tag, and without content.
_VOID = frozenset({"br", "col", "meta"})
#: Names in pages are cut at so many characters; the JSON file has them whole.
LONGEST = 60


class Markup(str):
    """Text that is markup already: made by this module, or a constant of a page, never text of a server."""

    __slots__ = ()


#: What an element holds: markup, text to be escaped, or nothing.
Content: TypeAlias = "Markup | str | int | None"


def element(name: str, /, *content: Content, **attributes: str | float | None) -> Markup:
    """Make an element.

    Args:
        name: Its name.
        content: What is in it. Text is escaped, markup is not; None is left out.
        attributes: Its attributes. ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``. None is left
            out, and an empty string is an attribute without a value.

    """
    head = name
    for word, value in attributes.items():
        if value is not None:
            spelled = word.rstrip("_").replace("_", "-")
            head += f" {spelled}" if value == "" else f' {spelled}="{_attribute(value)}"'
    if name in _VOID:
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{join(*content)}</{name}>")


def join(*content: Content) -> Markup:
    """Put content side by side, with text escaped."""
    return Markup("".join(_escaped(each) for each in content if each is not None))


def _escaped(content: Markup | str | int) -> str:
    return content if isinstance(content, Markup) else escape(printable(str(content)), quote=False)


def _attribute(value: str | float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else escape(printable(str(value)))


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a long text, with an ellipsis for what is missing; what is spelled out counts as it is spelled."""
    seen = printable(text[: longest + 1])
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"
