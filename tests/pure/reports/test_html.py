"""Elements: what is put into one is escaped, whatever it is."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.reports import HOSTILE
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.reports.html import Markup, element, join, shorten


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    found = read(element("td", text, title=text))

    assert found.tags == [("td", {"title": printable(text)})]
    assert found.text == printable(text)


@given(st.text(st.characters()))
def test_any_text_comes_back_and_can_be_written(text):
    made = element("p", text, aria_label=text)

    assert read(made).text == printable(text)
    assert made.encode().isascii() or text
    assert printable(text).isprintable() or not text


def test_markup_is_not_escaped_twice():
    assert element("p", element("b", "<"), Markup("&amp;"), 3, None) == "<p><b>&lt;</b>&amp;3</p>"


def test_attributes_are_spelled_as_in_html():
    made = element("a", class_="x", aria_label="y", hidden="", title=None, x=1.0, y=2.25)

    assert made == '<a class="x" aria-label="y" hidden x="1" y="2.25"></a>'


def test_void_elements_have_no_end():
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_join_of_nothing_is_empty_markup():
    assert isinstance(join(), Markup)
    assert join(None, "a", 1) == "a1"


def test_direction_and_control_are_spelled_out():
    assert printable("a\u202eb\x00\ud800") == "a\\u202eb\\x00\\ud800"
    assert printable("plain ü") == "plain ü"


def test_cutting_counts_what_is_spelled_out():
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"
    assert len(shorten("\x00" * 100, 10)) == 10
