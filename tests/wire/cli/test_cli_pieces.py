"""The parts the commands are made of, on their own: rows, tables, folded commands."""

from __future__ import annotations

import io
import os
import shlex
from datetime import timedelta
from unittest.mock import patch

import pytest
from cyclopts import Token
from hypothesis import example, given
from hypothesis import strategies as st

from mongorestore_async.cli.columns import Column, print_table, state_style
from mongorestore_async.cli.console import PlainConsole, fold_command
from mongorestore_async.cli.display.progress_display import DownloadBars
from mongorestore_async.cli.units import format_duration, parse_duration
from mongorestore_async.downloading.download_types import DownloadProgress
from mongorestore_async.models import JobState
from mongorestore_async.protocol.redaction import printable

IDS = ("6b0252c88e8548cb9095e107", "6b01fe688e8548cb9095e108")


def printed(columns, items, width, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with patch.dict(os.environ, {} if width is None else {"COLUMNS": str(width)}):
        print_table(PlainConsole(file), columns, items)
    file.flush()
    return file.buffer.getvalue().decode(encoding).splitlines()


COLUMNS = (
    Column("Job", lambda item: item),
    Column("Twice", lambda item: item * 2, rank=2),
    Column("Length", lambda item: str(len(item)), rank=1, number=True),
    Column("Nothing", lambda _: "", rank=1),
)


@pytest.mark.parametrize(
    ("width", "titles"),
    [(82, ["Job", "Twice", "Length"]), (81, ["Job", "Length"]), (32, ["Job", "Length"]), (31, ["Job"]), (10, ["Job"])],
)
def test_a_table_leaves_out_columns_rather_than_cut_ids(width, titles):
    lines = printed(COLUMNS, IDS, width)

    assert lines[0].split() == titles
    assert [line.split()[0] for line in lines[2:]] == list(IDS)
    assert lines == [line.rstrip() for line in lines]


def test_numbers_align_right_and_wide_characters_count_double():
    lines = printed(
        (Column("Name", str), Column("N", lambda item: str(len(item)), number=True)), ["東京", "x" * 10], 80
    )

    assert lines[2:] == ["東京         2", "xxxxxxxxxx  10"]
    assert lines[1] == "─" * 14
    assert printed(COLUMNS, IDS, 10, "ascii")[1] == "-" * 24


def test_known_states_have_a_colour_and_unknown_ones_none():
    assert all(state_style(state) for state in JobState)
    assert state_style("LEVITATING") == ""


@given(st.text())
def test_printable_text_has_no_control_characters_and_says_all(text):
    shown = printable(text)

    assert shown.isprintable()
    assert shown.encode().decode() == shown
    assert (shown == text) == text.isprintable()


@given(
    st.lists(st.sampled_from(["--limit", "10", "-o", "json", "a b", "it's", "$HOME", "--x"]), max_size=8),
    st.integers(1, 120),
)
def test_a_folded_command_is_the_same_command(words, width):
    text = fold_command(["mongorestore-async", *words], width)

    # A shell joins continued lines before it reads words; shlex does not.
    assert shlex.split(text.replace("\\\n", "")) == ["mongorestore-async", *words]
    assert all(line.endswith(" \\") for line in text.splitlines()[:-1])


def parsed(text):
    return parse_duration(timedelta, [Token(value=text)])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6h", 21600), ("90m", 5400), ("1h30m", 5400), ("45", 45), ("0.5s", 0.5), ("2D", 172800), ("1d1h1m1s", 90061)],
)
def test_durations_are_read(text, seconds):
    assert parsed(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "soon", "-1h", "1m1h", "1h 30m", "h", "1e3s", "1.5.2s", "9" * 30])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parsed(text)


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=999)))
def test_a_duration_is_written_as_it_is_read(given):
    rounded = timedelta(milliseconds=given // timedelta(milliseconds=1))

    assert parsed(format_duration(rounded)) == rounded


def test_names_of_files_are_no_markup_in_the_bars(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    shown = Terminal()
    with DownloadBars(PlainConsole(shown)) as bars:
        bars.show(DownloadProgress(file_name="a[red]b.tar.gz", received=5, total=10, resumed_from=0, seconds=1.0))

    assert "a[red]b.tar.gz" in shown.getvalue()


def written(print_on, **settings):
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="\n")
    print_on(PlainConsole(file), **settings)
    file.flush()
    return file.buffer.getvalue()


@pytest.mark.parametrize("soft_wrap", [True, False])
@given(text=st.text(st.one_of(st.sampled_from("ab \t\n\r\x1b\x07[]:界é\u0301"), st.characters()), max_size=300))
@example(text="")
@example(text="a" * 500)
@example(text="blank at the end   ")
@example(text="[bold]no markup[/bold] :smile: https://example.com 42")
def test_text_for_a_pipe_is_what_rich_writes(soft_wrap, text):
    plain = written(lambda console: console.print(text, style="bold", soft_wrap=soft_wrap))
    rich = written(lambda console: console.rich.print(text, style="bold", soft_wrap=soft_wrap))

    assert plain == rich


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"COLUMNS": "20"}])
def test_rich_decides_where_its_variables_are_set(variables):
    with patch.dict(os.environ, variables):
        console = PlainConsole(io.StringIO())

        assert console.is_terminal == console.rich.is_terminal == bool(variables.keys() - {"COLUMNS"})
        assert console.width == console.rich.width
        assert console.encoding == console.rich.encoding
