"""The states of each family, from the tables by which the models themselves tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drawing import Drawing

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    CLOUD_MANAGER,
    CollectionRestoreState,
    Family,
    JobState,
    JobStatus,
    load_job,
)
from mongorestore_async.models import TenantStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = ("failed", "cancelled", "expired")
_DONE = "2026-11-30T04:00:00Z"
_WORDS: dict[str, tuple[str, Family[Any], Iterable[tuple[str, dict[str, Any]]]]] = {
    "manager": (
        "Ops Manager, Cloud Manager, Atlas legacy",
        CLOUD_MANAGER,
        [(word, {"statusName": word}) for word in JobStatus],
    ),
    "cloud-backup": (
        "Atlas cloud backup, serverless",
        ATLAS_CLOUD_BACKUP,
        [
            ("no finishedAt", {"deliveryType": "automated"}),
            ("finishedAt", {"deliveryType": "automated", "finishedAt": _DONE}),
            ("deliveryUrl (downloads)", {"deliveryType": "download", "deliveryUrl": ["https://example.com/a"]}),
            *(
                (f"{flag}: true", {"deliveryType": "automated", flag: True})
                for flag in ("failed", "cancelled", "expired")
            ),
        ],
    ),
    "tenant": ("Atlas M2/M5, flex", ATLAS_FLEX, [(word, {"status": word}) for word in TenantStatus]),
    "collections": (
        "Atlas collection restores",
        ATLAS_COLLECTION_RESTORE,
        [(word, {"state": word}) for word in CollectionRestoreState],
    ),
}
_BEFORE = (JobState.PENDING, JobState.RUNNING)
_ENDS = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED)
_GAP, _LINE, _MARGIN = 30, 18, 20


def draw_states() -> None:
    """Draw a picture for each group of families whose jobs tell their state in the same words."""
    for name, (title, family, told) in _WORDS.items():
        words: dict[JobState, list[str]] = {}
        for word, members in told:
            state = load_job(family, {"id": "4f000000037bdc5ac49343c3", **members}).state
            words.setdefault(state, []).append(str(word))
        _draw(name, title, words)


def _draw(name: str, title: str, words: dict[JobState, list[str]]) -> None:
    states = {state: words.get(state, []) for state in (*_BEFORE, *_ENDS) if state in words}
    spoken = "; ".join(f"{state}: {', '.join(found)}" for state, found in states.items())
    widest = max(len(word) for found in states.values() for word in found)
    box = 22 + max(7.6 * widest, *(9.6 * len(state) for state in states))
    columns = 1 + sum(state in states for state in _BEFORE)
    width = max(2 * _MARGIN + columns * (box + _GAP) - _GAP, 380)
    drawing = Drawing(width, f"States of restore jobs of {title}. {spoken}.")
    drawing.text(_MARGIN, 30, title, "strong")
    ends = [state for state in states if state in _ENDS]
    heights = {state: _height(found) for state, found in states.items()}
    total = sum(heights[state] + 14 for state in ends) - 14
    middle = 52 + total / 2
    left = float(_MARGIN)
    for state in (state for state in states if state in _BEFORE):
        _state(drawing, state, (left, middle - heights[state] / 2, box), states[state])
        left += box + _GAP
        if JobState.RUNNING in states and state is JobState.PENDING:
            drawing.line((left - _GAP, middle), (left - 3, middle), arrow=True)
    turn, top = left - _GAP / 2, 52.0
    drawing.line((left - _GAP, middle), (turn, middle))
    for state in ends:
        centre = top + heights[state] / 2
        drawing.line((turn, middle), (turn, centre), (left - 3, centre), arrow=True)
        _state(drawing, state, (left, top, box), states[state])
        top += heights[state] + 14
    drawing.save(f"states-{name}", max(top + 6, middle + max(heights.values()) / 2 + 16))


def _height(words: list[str]) -> float:
    return 30 + _LINE * len(words)


def _state(drawing: Drawing, state: JobState, place: tuple[float, float, float], words: list[str]) -> None:
    x, y, width = place
    kind = "box" if state in _BEFORE else "good" if state is JobState.FINISHED else "bad"
    drawing.box(x, y, width, _height(words), kind)
    drawing.text(x + 10, y + 19, state.value, "strong")
    for number, word in enumerate(words, start=1):
        drawing.text(x + 10, y + 19 + _LINE * number, word, "code")
