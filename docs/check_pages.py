"""Look over the pages as they were built: nothing is missing, nothing comes from elsewhere, everything has its type.

Sphinx checks what it resolves itself. This reads the HTML: every link inside leads to a page and a place that are
there, no page loads anything from another host, pictures have a text, no cell of a table became an empty list, and
every parameter and attribute of the reference has a type. ``nox -s docs`` runs it.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: What a browser loads by itself, by element and attribute.
_LOADED = {("link", "href"), ("object", "data"), *((tag, "src") for tag in ("iframe", "img", "script", "source"))}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_EXTERNAL = re.compile(r"(?:https?:)?//", re.ASCII)
_IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """What a page says of itself.

    Attributes:
        places: What a link may lead to in it.
        links: Targets of its links.
        loaded: What it loads.
        problems: What is wrong with it.

    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = [*_IN_STYLE.findall(text)]
        self.problems: list[str] = []
        self._open: list[str] = []
        self._items: list[bool] = []  # whether each open list item has any text
        self._field = ""
        self._text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note identifiers, links and what is loaded."""
        told = dict(attrs)
        self.places.update(told[name] or "" for name in ("id", "name") if name in told)
        for name, value in attrs:
            if (tag, name) in _LOADED and told.get("rel") not in {"canonical", "alternate", "prev", "next", "search"}:
                self.loaded.append(value or "")
        if tag == "a" and told.get("href"):
            self.links.append(told["href"] or "")
        if tag == "img":
            self._fill()
            if not told.get("alt") or told["alt"] == told.get("src"):
                self.problems.append(f"the picture {told.get('src')} has no text")
        if tag == "li":
            self._items.append(False)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag in _VOID:
            return
        while self._open and self._open.pop() != tag:
            pass
        if tag == "li" and not self._items.pop() and "td" in self._open:
            self.problems.append("a cell of a table is an empty list")

    def handle_data(self, data: str) -> None:
        """Note that there is text."""
        if data.strip():
            self._fill()

    def _fill(self) -> None:
        self._items = [True] * len(self._items)


_FIELD = re.compile(r'(?s)<dt class="field-\w+">(Parameters|Attributes)<span.*?</dt>\n<dd.*?>(.*?)</dd>')
_UNTYPED = re.compile(r"<strong>(\*{0,2}\w+)</strong>(?! \()")


def check(folder: Path) -> list[str]:
    """Look over all pages.

    Args:
        folder: What ``sphinx-build`` wrote.

    Returns:
        What is wrong, a line each.

    """
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}
    pages = {path: Page(text) for path, text in texts.items()}
    problems = [f"{path.relative_to(folder)}: {problem}" for path, page in pages.items() for problem in page.problems]
    for path, page in pages.items():
        name = path.relative_to(folder)
        problems += [f"{name}: loads {target}" for target in page.loaded if _EXTERNAL.match(target)]
        for target in dict.fromkeys((*page.links, *page.loaded)):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            found = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not found.is_file():
                problems.append(f"{name}: {target} is missing")
            elif parts.fragment and found in pages and unquote(parts.fragment) not in pages[found].places:
                problems.append(f"{name}: {target} leads to no place of that page")
        for kind, field in _FIELD.findall(texts[path]):
            problems += [f"{name}: {each} of {kind} has no type" for each in _UNTYPED.findall(field)]
    for path in sorted((*folder.rglob("*.css"), *folder.rglob("*.svg"))):
        text = path.read_text(encoding="utf-8")
        problems += [f"{path.relative_to(folder)}: loads {target}" for target in _IN_STYLE.findall(text)]
    return problems


if __name__ == "__main__":
    found = check(Path(sys.argv[1]).resolve())
    print(*found, sep="\n")
    sys.exit(bool(found))
