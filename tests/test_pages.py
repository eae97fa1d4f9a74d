"""What the look over the built pages finds: ``docs/check_pages.py``."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

CHECK = runpy.run_path(str(Path(__file__).parent.parent / "docs/check_pages.py"))["check"]
FIELD = '<dt class="field-odd">{}<span class="colon">:</span></dt>\n<dd class="field-odd"><p>{}</p></dd>'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            '<p id="here"><a href="#here">1</a><a href="https://example.com/">2</a><a href="other.html#there">3</a>',
            None,
        ),
        ('<a href="gone.html">1</a>', "page.html: gone.html is missing"),
        ('<a href="#gone">1</a>', "page.html: #gone leads to no place of that page"),
        ('<a href="other.html#gone">1</a>', "page.html: other.html#gone leads to no place of that page"),
        ('<script src="https://example.com/x.js"></script>', "page.html: loads https://example.com/x.js"),
        ("<style>@import '//example.com/x.css';</style>", "page.html: loads //example.com/x.css"),
        ('<img src="other.html" alt="">', "page.html: the picture other.html has no text"),
        ("<table><tr><td><ul><li></li></ul></td></tr></table>", "page.html: a cell of a table is an empty list"),
        ("<table><tr><td><ul><li><p>a</p></li></ul></td></tr></table>", None),
        ("<ul><li></li></ul>", None),
        (FIELD.format("Parameters", "<strong>limit</strong> (<em>int</em>): Most."), None),
        (FIELD.format("Parameters", "<strong>limit</strong>: Most."), "page.html: limit of Parameters has no type"),
        (FIELD.format("Raises", "<strong>OSError</strong>: Disk full."), None),
    ],
)
def test_pages_are_looked_over(tmp_path, body, problem):
    (tmp_path / "page.html").write_text(body)
    (tmp_path / "other.html").write_text('<p id="there">')

    assert CHECK(tmp_path) == ([] if problem is None else [problem])


def test_a_picture_loads_nothing_from_elsewhere(tmp_path):
    (tmp_path / "a.svg").write_text('<style>@font-face { src: url("https://example.com/font.woff2") }</style>')

    assert CHECK(tmp_path) == ["a.svg: loads https://example.com/font.woff2"]
