"""The fragments of the page, and which of them are made anew."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import attrs
import pytest

from builders.board_fleet import HOSTILE, NOW, Job, cluster_of, failure_of
from mongorestore_async import FleetProgress, Found, JobState, Target
from mongorestore_async.board.board_pages import board_page, project_page
from mongorestore_async.board.board_state import BoardState
from mongorestore_async.board.board_view import BoardView
from mongorestore_async.fleet.fleet_records import ClusterOutcome

SOON, SECOND = timedelta(milliseconds=1), timedelta(seconds=1)


def filled(clusters, *, failures=()):
    state = BoardState()
    state.begin_reading()
    for cluster, jobs in clusters.items():
        state.put_outcome(cluster, ClusterOutcome.READ)
        for job in jobs:
            state.put_job(Found(cluster, job), NOW)
    for failure in failures:
        state.put_failure(failure, NOW)
    state.end_reading(NOW)
    return state


def many(count, **changes):
    return {cluster_of(f"c{number}"): [attrs.evolve(Job(f"j{number}"), **changes)] for number in range(count)}


def text_of(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup)).strip()


def test_the_first_refresh_has_all_sections_and_the_next_none():
    view = BoardView(filled({cluster_of("a"): [Job("1")]}))

    assert set(view.refresh(NOW)) == {"counts", "running", "trouble", "changes", "reading", "timeline", "matrix"}
    assert view.refresh(NOW) == {}
    assert not view.waits


def test_a_change_is_a_tile_and_its_sections_at_once():
    state = filled(many(50))
    view = BoardView(state)
    view.refresh(NOW)

    state.put_job(Found(cluster_of("c7"), Job("j7").over(JobState.FAILED)), NOW)
    found = view.refresh(NOW + SOON)

    assert set(found) == {"c8", "counts", "running", "trouble", "changes"}
    assert 'class="t bad"' in found["c8"]
    assert "c7: failed" in found["c8"]
    assert found["c8"] in view.fragments()["matrix"]
    assert view.waits
    assert "timeline" in view.refresh(NOW + SECOND)


def test_a_change_that_the_matrix_does_not_show_sends_no_tile():
    jobs = [Job("1"), Job("0", requested_at=NOW - timedelta(hours=1))]
    state = filled({cluster_of("a"): jobs})
    view = BoardView(state)
    view.refresh(NOW)
    state.put_job(Found(cluster_of("a"), jobs[1].over()), NOW)

    assert "c1" not in view.refresh(NOW + SOON)


def test_the_whole_matrix_is_sent_when_clusters_came_or_went():
    state = filled(many(3))
    view = BoardView(state)
    view.refresh(NOW)
    state.put_job(Found(cluster_of("new"), Job("n")), NOW)

    assert "matrix" not in view.refresh(NOW + SOON)
    assert "new: running" in view.refresh(NOW + SECOND)["matrix"]


def test_running_bars_grow_without_any_change():
    view = BoardView(filled(many(1)))
    view.refresh(NOW)

    assert "timeline" in view.refresh(NOW + 60 * SECOND)


def test_a_tile_has_a_letter_so_that_nobody_needs_the_colour():
    state = filled({cluster_of("a"): [Job("1").over()], cluster_of("b"): [Job("2").over(JobState.CANCELLED)]})
    tiles = re.findall(r'<a class="t (\w+)"[^>]*tabindex="-1">(.)</a>', BoardView(state).fragments()["matrix"])

    assert tiles == [("good", "✓"), ("warn", "C")]


def test_an_empty_fleet_says_so():
    view = BoardView(filled({}))
    found = view.refresh(NOW)

    assert "No clusters were found yet." in found["matrix"]
    assert "No restore is running." in found["running"]
    assert "No last restore failed" in found["trouble"]
    assert "No restore in the last 24 hours." in found["timeline"]
    assert "last read 2026-11-29 12:00 UTC" in text_of(found["reading"])


def test_how_far_the_first_reading_is_is_told():
    state = BoardState()
    view = BoardView(state)
    assert "Looking for projects" in view.refresh(NOW)["reading"]

    state.put_progress(FleetProgress(clusters=2000, over=7))
    assert "7 of 2,000 clusters so far." in text_of(view.refresh(NOW)["reading"])
    state.put_progress(FleetProgress(clusters=2000, over=8, discovered=True))
    assert text_of(view.refresh(NOW)["reading"]).endswith("8 of 2,000 clusters.")


def test_a_limit_of_time_is_told():
    found = BoardView(BoardState(NOW)).refresh(NOW)["reading"]

    assert text_of(found).endswith("Restores requested before 2026-11-29 12:00 UTC are left out.")


def test_progress_is_beside_what_is_usual():
    jobs = [Job("old", requested_at=NOW - timedelta(days=1)).over(after=1200), Job("1")]
    found = BoardView(filled({cluster_of("a"): jobs})).refresh(NOW)["running"]

    assert '<progress value="600" max="1200"' in found
    assert "10 min of usually 20 min" in text_of(found)


def test_progress_without_a_past_is_the_time_passed():
    found = BoardView(filled({cluster_of("a"): [Job("1"), Job("2", requested_at=None)]})).refresh(NOW)["running"]

    assert "<progress" not in found
    assert "10 min" in text_of(found)


def test_long_tables_are_cut_and_say_so():
    state = filled(many(60), failures=[failure_of(cluster_of(f"u{number}")) for number in range(40)])
    view = BoardView(state)
    found = view.refresh(NOW)
    assert "and 48 restores more" in text_of(found["running"])
    assert "and 28 places more" in text_of(found["trouble"])

    state = filled(many(30, state=JobState.FAILED, finished_at=NOW))
    assert "and 18 clusters more" in text_of(BoardView(state).refresh(NOW)["trouble"])


def test_failures_and_what_stopped_are_told_with_the_reason():
    state = filled(
        {cluster_of("a"): [Job("1").over(JobState.FAILED)]},
        failures=[failure_of(project=cluster_of("b", "p2").project)],
    )
    state.error = "the key was refused"
    found = text_of(BoardView(state).refresh(NOW)["trouble"])

    assert "stopped the key was refused" in found
    assert "a p1! failed 2026-11-29 11:50" in found
    assert "fleet / p2! server the server failed" in found


def test_the_timeline_has_the_last_day_what_runs_first():
    jobs = [
        Job("old", requested_at=NOW - timedelta(days=3)).over(),
        Job("long", requested_at=NOW - timedelta(days=2)),
        Job("new", requested_at=NOW - timedelta(hours=1)).over(JobState.FAILED),
    ]
    found = BoardView(filled({cluster_of("a"): jobs})).refresh(NOW)["timeline"]

    assert re.findall(r'class="word">(\w+)<', found) == ["running", "failed"]
    assert "30 of them shown" in text_of(BoardView(filled(many(50))).refresh(NOW)["timeline"])


def test_a_lost_job_and_a_target_are_told():
    state = filled({cluster_of("a"): [Job("1", target=Target("p9", "there"))]})
    assert "p9/there" in BoardView(state).refresh(NOW)["running"]

    state.lose_job(Found(cluster_of("a"), Job("1")), NOW)

    assert text_of(BoardView(state).refresh(NOW)["changes"]) == "12:00:00 a p1! running → lost"


def test_fleets_are_named_where_there_are_several():
    state = filled({cluster_of("a", fleet="one"): [], cluster_of("a", fleet="two"): []})

    matrix = BoardView(state).fragments()["matrix"]

    assert ">one: p1!</a>" in matrix
    assert ">two: p1!</a>" in matrix


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.attributes, self.texts = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("where", ["board", "project"])
def test_no_name_becomes_markup(where):
    cluster = cluster_of(HOSTILE, HOSTILE, HOSTILE)
    state = filled(
        {cluster: [Job(HOSTILE, target=Target("p", HOSTILE)), Job("2", requested_at=NOW).over(JobState.FAILED)]},
        failures=[failure_of(cluster)],
    )
    state.put_job(Found(cluster, Job("3", requested_at=NOW)), NOW)
    state.error = HOSTILE
    view = BoardView(state)
    view.refresh(NOW)
    page = board_page(HOSTILE, view.fragments(), "e-1") if where == "board" else project_page(HOSTILE, state.cells)
    tags = _Tags()
    tags.feed(page)

    assert not tags.names & {"img", "iframe", "object", "form"}
    assert not {name for name in tags.attributes if name.startswith("on")} | (tags.attributes & {"style"})
    assert "onerror" in "".join(tags.texts)
    assert "\u202e" not in page


def test_a_page_has_its_number_and_reloads_only_without_scripts():
    page = board_page("Restores", BoardView(BoardState()).fragments(), "abc-7")

    assert '<body data-after="abc-7">' in page
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page
    assert "<script src=" in page
    assert not re.search(r"<script(?! src=\"board.js\" defer></script>)", page)


def test_the_page_of_a_project_has_an_anchor_for_each_tile():
    state = filled({cluster_of("a"): [Job("1").over()], cluster_of("b"): []}, failures=[failure_of(cluster_of("b"))])
    view = BoardView(state)

    page = project_page("Restores", state.cells)

    for number, project in re.findall(r'href="project/(\d+)#k(\d+)"', view.fragments()["matrix"]):
        assert project in {"1", "2"}
        assert number == "1"
        assert f'id="k{project}"' in page
    assert "unread server: the server failed" in text_of(page)
    assert "5 min" in text_of(page)
