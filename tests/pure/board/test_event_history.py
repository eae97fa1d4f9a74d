"""The events of the board, and those that a viewer missed."""

from __future__ import annotations

import json

import pytest

from mongorestore_async.board.event_history import EventHistory


def filled(count=3, **bounds):
    history = EventHistory("abc", **bounds)
    for number in range(count):
        history.add({"id": f"<b>{number}</b>"})
    return history


def test_an_event_is_one_line_of_data_with_its_number():
    history = EventHistory("abc")
    history.add({"x": "a\nb\r\u2028c", "y": "é"})
    (event,) = history.after(0)
    head, kind, data, *rest = event.decode().split("\n")

    assert (head, kind, rest) == ("id: abc-1", "event: change", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"x": "a\nb\r\u2028c", "y": "é"}
    assert "\r" not in data


def test_a_viewer_gets_what_it_missed_and_no_more():
    history = filled()

    assert [event.partition(b"\n")[0] for event in history.after(1)] == [b"id: abc-2", b"id: abc-3"]
    assert history.after(3) == []
    assert history.after(history.number_of(history.last_id)) == []


@pytest.mark.parametrize("last_id", ["", "abc", "abc-4", "xyz-1", "abc-1x", "abc--1", "abc-1\n", "abc-" + "9" * 30])
def test_an_id_of_another_server_is_none(last_id):
    assert filled().number_of(last_id) is None


def test_the_events_kept_are_bounded_by_number():
    history = filled(10, most=4)

    assert len(history.after(6)) == 4
    assert history.after(5) is None


def test_the_events_kept_are_bounded_by_size_but_for_the_last():
    history = filled(10, most_bytes=60)

    assert len(history.after(9)) == 1
    assert history.after(8) is None
    assert len(filled(3, most_bytes=1).after(2)) == 1
