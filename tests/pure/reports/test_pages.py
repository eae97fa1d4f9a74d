"""Pages: what they say, that nothing in them is code, that they fetch nothing, and how long they are."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser

import attrs
import pytest

from builders.reports import HOSTILE, NOW, drill_of, fleet_of, history, restore
from mongorestore_async.models import JobState
from mongorestore_async.reports import FleetReport, Restore
from mongorestore_async.reports.drill_page import drill_page
from mongorestore_async.reports.fleet_figures import bars, by_period, by_span, durations, groups, slowest
from mongorestore_async.reports.fleet_page import fleet_page
from mongorestore_async.reports.fleet_report import UnreadPlace
from mongorestore_async.reports.formats import NOTHING
from mongorestore_async.reports.html import element
from mongorestore_async.reports.page_frame import POLICY, Head, table, within
from mongorestore_async.reports.style import DARK, LIGHT, STYLE

VOID = {"meta", "br", "col"}


class Page(HTMLParser):
    """Reads a page as a browser does, and insists that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.tags = []
        self.sections = {}
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        self.text += data
        for tag, found in self.open:
            if tag == "section":
                self.sections[found["id"]] = self.sections.get(found["id"], "") + data

    def all(self, tag):
        return [found for name, found in self.tags if name == tag]


PAGES = {
    "fleet": lambda: fleet_page(fleet_of(60)),
    "hostile-fleet": lambda: fleet_page(fleet_of(60, hostile=True, unread=(UnreadPlace("<i>", "<b>", "gone", "<u>"),))),
    "empty-fleet": lambda: fleet_page(fleet_of(0)),
    "drill": lambda: drill_page(drill_of(24), [drill_of(8, started_at=NOW - timedelta(days=7))]),
    "hostile-drill": lambda: drill_page(drill_of(60, hostile=True, evidence_head=HOSTILE[0])),
    "empty-drill": lambda: drill_page(drill_of(0)),
}
each_page = pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)


@each_page
def test_a_page_has_no_code_and_fetches_nothing(make):
    page = Page(make())
    names = {tag for tag, _ in page.tags}

    assert names & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "image", "use", "b2"} == set()
    for _, found in page.tags:
        assert not [name for name in found if name.startswith("on") or name in {"src", "style", "srcset", "xlink:href"}]
        assert found.get("href", "#").startswith("#")


@each_page
def test_a_page_allows_its_own_style_and_nothing_else(make):
    page = make()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policy = next(found["content"] for found in Page(page).all("meta") if "http-equiv" in found)
    assert policy == POLICY == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")


@each_page
def test_a_page_can_be_walked_by_keyboard_and_read_aloud(make):
    page = Page(make())
    ids = {found["id"] for _, found in page.tags if "id" in found}

    assert {found["href"].removeprefix("#") for found in page.all("a")} <= ids
    assert page.all("a")[0] == {"href": "#content", "class": "skip"}
    assert page.all("html") == [{"lang": "en"}]
    assert all(found["aria-label"] for found in page.all("svg"))
    assert all(found["scope"] for found in page.all("th"))
    assert all(
        found["aria-label"] for found in page.all("div") if found["class"] == "wide" and found["tabindex"] == "0"
    )
    assert len(page.all("h1")) == 1


@each_page
def test_a_page_can_be_written(make):
    assert make().encode()


@pytest.mark.parametrize("make", [fleet_of, drill_of], ids=["fleet", "drill"])
@pytest.mark.parametrize("hostile", [False, True])
def test_two_thousand_clusters_are_less_than_a_megabyte(make, hostile):
    report = make(2000, hostile=hostile)
    page = fleet_page(report) if isinstance(report, FleetReport) else drill_page(report)

    assert len(page.encode()) < 1_000_000
    if not hostile:
        assert page.count("orders-") >= 4000  # the matrix and the table have all of them


@pytest.mark.parametrize(
    "name", ["&" * 90, '"' * 90, "\U0001f4a9" * 90, "\x00" * 90], ids=["amp", "quote", "astral", "nul"]
)
def test_names_that_swell_cannot_make_a_page_long(name):
    clusters = [
        history(name, *fleet_of(1).clusters[0].restores, restore(job=name), project=name, unread=name)
        for _ in range(2000)
    ]
    fleet = FleetReport(taken_at=NOW, clusters=tuple(clusters))
    drill = drill_of(2000)
    swollen = [
        attrs.evolve(each, project=name, cluster=name, target=name, reason=name * 9, job=name * 9)
        for each in drill.outcomes
    ]

    assert len(fleet_page(fleet).encode()) < 1_000_000
    assert len(drill_page(attrs.evolve(drill, outcomes=tuple(swollen))).encode()) < 1_000_000
    assert "more, in report.json" in fleet_page(fleet)


def test_what_does_not_fit_is_counted():
    rows = [(f"c{number}",) for number in range(10)]
    one = len(element("tr", element("th", "c0", scope="row"))) + 1

    page = Page(table([Head("Cluster")], rows, label="l", budget=4 * one))

    assert "c3" in page.text
    assert "c4" not in page.text
    assert "And 6 more, in report.json." in page.text
    assert "And 90 more" in Page(table([Head("Cluster")], rows, label="l", total=100)).text
    assert within([element("p", "x")], 0) == []


def luminance(colour):
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_contrast(colours):
    def contrast(one, other):
        bright, dark = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    for kind in ("good", "bad", "warn", "run", "none"):
        assert contrast("on", kind) >= 4.5, kind
    for text in ("text", "muted", "run"):
        assert contrast(text, "bg") >= 4.5, text
        assert contrast(text, "soft") >= 4.5, text


def test_the_style_fetches_nothing_and_knows_paper_and_dark():
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@media print" in STYLE
    assert "prefers-color-scheme:dark" in STYLE


def test_a_fleet_page_names_who_was_never_restored():
    clusters = (history("never-1"), history("good-1", restore(days=1)), history("bare-1", has_backup=False))
    page = Page(fleet_page(FleetReport(taken_at=NOW, clusters=clusters)))

    assert "never-1" in page.sections["never"]
    assert "good-1" not in page.sections["never"]
    assert "bare-1" not in page.sections["never"]
    assert "unread" not in page.sections


def test_a_fleet_page_names_what_failed_and_what_is_long_ago():
    failed = history("failed-1", restore(JobState.FAILED, days=2, job="the-job"), restore(days=200))
    cancelled = history("cancelled-1", restore(JobState.CANCELLED, days=1))
    odd = history("odd-1", Restore(job="j", state=JobState.FAILED))
    page = Page(fleet_page(FleetReport(taken_at=NOW, clusters=(odd, failed, cancelled, history("well-1", restore())))))
    failing = page.sections["failed"]

    assert failing.index("cancelled-1") < failing.index("failed-1") < failing.index("odd-1")  # the latest first
    assert "the-job" in failing
    assert "2026-05-13" in failing
    assert "failed-1" in page.sections["stale"]
    assert "well-1" not in failing + page.sections["stale"]


def test_a_fleet_page_says_what_is_missing_in_it():
    report = FleetReport(
        taken_at=NOW,
        clusters=(history("c", unread="timed-out: no answer"),),
        unread=(UnreadPlace("atlas", None, "forbidden", "no right"), UnreadPlace("atlas", "secret", "gone", "404")),
        skipped=3,
        since=NOW - timedelta(days=5),
    )
    page = Page(fleet_page(report))

    assert "timed-out: no answer" in page.sections["unread"]
    assert "forbidden: no right" in page.sections["unread"]
    assert "secret" in page.sections["unread"]
    assert "3 clusters: an earlier run read them" in page.text
    assert "Not restored since 2026-11-24 12:00" in page.text
    assert "Never restored" not in page.text


def test_the_slowest_restores_come_first():
    clusters = [history(f"c{minutes}", restore(seconds=minutes * 60), restore(days=3)) for minutes in (5, 50, 20)]
    found = slowest([*clusters, history("untimed", restore())], 2)

    assert [(each.cluster, seconds) for each, _, seconds in found] == [("c50", 3000), ("c20", 1200)]
    page = Page(fleet_page(FleetReport(taken_at=NOW, clusters=tuple(clusters))))
    assert page.sections["slowest"].index("c50") < page.sections["slowest"].index("c20")


def test_restores_without_an_end_have_no_duration_but_a_timeline():
    page = Page(fleet_page(FleetReport(taken_at=NOW, clusters=(history("c", restore()),))))

    assert "No finished restore tells both when" in page.sections["trend"]
    assert "No finished restore tells both when" in page.sections["slowest"]
    assert "The latest 1 restore." in page.sections["timeline"]


def test_what_tells_no_time_is_counted_where_it_is_not_drawn():
    clusters = (history("c", restore(), Restore(job="j", state=JobState.FINISHED)),)
    page = Page(fleet_page(FleetReport(taken_at=NOW, clusters=clusters)))

    assert "Not drawn, for they tell neither: 1." in page.sections["timeline"]
    untimed = FleetReport(taken_at=NOW, clusters=(history("c", Restore(job="j", state=JobState.FINISHED)),))
    assert "No restore tells its time." in Page(fleet_page(untimed)).sections["timeline"]


def test_what_still_runs_ends_now_and_clocks_never_run_back():
    running = restore(JobState.RUNNING, days=1)
    odd = restore(days=2, seconds=-5)
    found = bars([history("c", running, odd), history("d", Restore(job="j", state=JobState.FINISHED))], 9, NOW)

    assert [(bar.start, bar.end) for bar in found] == [(odd.requested_at, None), (running.requested_at, NOW)]


@pytest.mark.parametrize(("days", "span"), [(0, 1), (39, 1), (40, 7), (279, 7), (280, 28), (9999, 28)])
def test_periods_grow_with_the_time(days, span):
    assert by_span([NOW, NOW + timedelta(days=days)])[0] == span
    assert by_span([])[0] == 1


def test_periods_without_restores_are_drawn_and_old_ones_are_not():
    found = by_period([restore(days=1), restore(JobState.FAILED, days=3), restore(days=3000)], 1)

    assert len(found) == 40
    assert found[-1].label == "2026-11-28"
    assert [sum(each.counts.values()) for each in found[-3:]] == [1, 0, 1]
    assert by_period([Restore(job="j", state=JobState.FINISHED)], 1) == []


def test_durations_are_told_by_period():
    points = durations([restore(days=1, seconds=60), restore(days=1, seconds=120), restore(days=2)], 1)

    assert [(point.middle, point.longest) for point in points] == [(90, 120)]


def test_a_project_of_many_clusters_has_several_rows():
    clusters = [history(f"c{number}") for number in range(5)] + [history("d", project="q")]

    assert [(project, len(found)) for project, found in groups(clusters, 2)] == [("p", 2), ("p", 2), ("p", 1), ("q", 1)]


def test_a_drill_page_has_the_verdict_and_the_evidence():
    page = Page(drill_page(drill_of(24)))

    assert "12 of 24 clusters passed." in page.text
    assert "1,234 lines, head 9f9f" in page.text
    assert "4,321" in page.text
    assert "none was kept" in Page(drill_page(drill_of(1, evidence_head=None))).text


@pytest.mark.parametrize(
    ("count", "dry", "words"), [(3, True, "nothing was restored"), (0, False, "nothing is proved")]
)
def test_a_drill_that_proves_nothing_says_so(count, dry, words):
    page = Page(drill_page(drill_of(count, dry_run=dry)))

    assert words in page.text
    assert "clusters passed." not in page.text


def test_a_drill_page_shows_goals_checks_and_counts():
    page = Page(drill_page(drill_of(24)))

    assert "47 min 29 s" in page.sections["outcomes"]
    assert "20,000 of 20,000" in page.sections["details"]
    assert "<b>18,000</b> of 20,000" in Page(drill_page(drill_of(4, hostile=True))).sections["details"]
    assert "shop.c17 17,000" in page.sections["details"]
    assert "and 3 more namespaces; 153,000 in all." in page.sections["details"]
    assert page.sections["details"].index("failed") < page.sections["details"].index("passed")
    missed = [found for found in page.all("i") if found.get("title") == "missed"]
    assert len(missed) == 4


def test_a_drill_has_a_trend_with_earlier_ones_only():
    alone, later = Page(drill_page(drill_of(4))), drill_of(4, started_at=NOW + timedelta(days=7))

    assert "trend" not in alone.sections
    assert "trend" in Page(drill_page(later, [drill_of(4), drill_of(0)])).sections


def test_a_drill_of_many_details_those_that_did_not_pass():
    page = Page(drill_page(drill_of(400)))
    shown = re.findall(r": (failed|undecided|missed goal|passed|skipped)", page.sections["details"])

    assert "passed" not in shown
    assert "more, in report.json." in page.sections["details"]


def test_details_leave_out_what_is_not_known():
    outcome = attrs.evolve(drill_of(1).outcomes[0], snapshot_at=None, snapshot=None, namespaces={}, checks=())
    details = Page(drill_page(attrs.evolve(drill_of(1), outcomes=(outcome,)))).sections["details"]

    assert "Job" in details
    assert not [word for word in ("Data of", "Snapshot", "Documents", "What it saw") if word in details]


def test_an_outcome_of_nothing_is_dashes():
    page = Page(drill_page(drill_of(8)))

    assert NOTHING in page.sections["outcomes"]
    assert "timeline" not in Page(drill_page(attrs.evolve(drill_of(8), outcomes=drill_of(8).outcomes[7:]))).sections
