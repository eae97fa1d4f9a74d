"""What viewers see, and which parts of it are to be made anew. No I/O, no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mongorestore_async.board.board_sections import (
    changes_section,
    counts_section,
    matrix_section,
    reading_section,
    running_section,
    tile,
    timeline_section,
    trouble_section,
)
from mongorestore_async.reports.html import Markup

if TYPE_CHECKING:
    from datetime import datetime

    from mongorestore_async.board.board_state import BoardState

__all__ = ["BoardView"]

#: The matrix as a whole and the timeline are made anew at most so often, for each cluster; tiles and tables at once.
_REDRAW = timedelta(milliseconds=1.5)
#: Running bars grow also where nothing changes.
_GROW = timedelta(seconds=60)


class BoardView:
    """The fragments of the page, and which of them are to be made anew.

    Args:
        state: What is shown.

    """

    def __init__(self, state: BoardState) -> None:
        self._state = state
        self._fragments: dict[str, Markup] = {}
        self._tiles: dict[int, Markup] = {}
        self._drawn: datetime | None = None
        self._is_stale = True

    @property
    def waits(self) -> bool:
        """Whether something is to be drawn that is not due yet."""
        return self._is_stale or self._state.is_new

    def fragments(self) -> dict[str, Markup]:
        """All sections by their id, as viewers have them who saw all changes."""
        return self._fragments | {"matrix": self._matrix()}

    def refresh(self, now: datetime) -> dict[str, Markup]:
        """Make what changed anew, and give it by its id.

        A change of one cluster is its tile, not the matrix. The matrix as a whole, when clusters came or went, and the
        timeline wait: with 2,000 clusters until the last drawing is three seconds old.
        """
        state, found = self._state, dict[str, Markup]()
        changed, state.changed = state.changed, set()
        self._is_stale = self._is_stale or bool(changed)
        for cell in changed:
            made = tile(cell)
            if self._tiles.get(cell.number) != made:
                self._tiles[cell.number] = made
                if not state.is_new:
                    found[f"c{cell.number}"] = made
        sections = {
            "counts": counts_section(state.cells),
            "running": running_section(state.running(), now),
            "trouble": trouble_section(state),
            "changes": changes_section(state.changes),
            "reading": reading_section(state.reading),
        }
        age = None if self._drawn is None else now - self._drawn
        if age is None or age >= _GROW or (age >= _REDRAW * len(state.cells) and self.waits):
            self._drawn, self._is_stale = now, False
            sections["timeline"] = timeline_section(state.cells, now)
            if state.is_new:
                state.is_new = False
                found["matrix"] = self._matrix()
        for name, markup in sections.items():
            if self._fragments.get(name) != markup:
                self._fragments[name] = found[name] = markup
        return found

    def _matrix(self) -> Markup:
        cells = self._state.cells
        self._tiles = {cell.number: self._tiles.get(cell.number) or tile(cell) for cell in cells}
        return matrix_section(cells, self._tiles)
