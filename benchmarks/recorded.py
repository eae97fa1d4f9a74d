"""What the short rows of instructions were when they were last recorded, and whether they are still."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLACE", "WORSE", "compare", "read", "record"]

PLACE = Path(__file__).parent / "recorded.json"
#: A row fails that is worse than recorded by more than this part.
WORSE = 0.10
#: How a change that is worth its price is taken.
_ANEW = "record anew with nox -s bench -- --record, and say in the commit what it is worth"
#: Packages that the counts depend on.
_PACKAGES = ("aiohttp", "msgspec", "yarl")


def compare(recorded: Mapping[str, float], found: Mapping[str, float]) -> list[str]:
    """Say what is wrong: rows that are worse than recorded, that were never recorded, or that are no longer counted.

    Args:
        recorded: Ours divided by a peer written by hand, for each row, as recorded.
        found: The same, as counted now.

    """
    wrong: list[str] = []
    for row, figure in found.items():
        before = recorded.get(row)
        if before is None:
            wrong.append(f"{row}: {figure:.3f} was never recorded; {_ANEW}")
        elif figure > before * (1 + WORSE):
            wrong.append(f"{row}: {figure:.3f}, {figure / before - 1:.0%} worse than {before:.3f}; {_ANEW}")
    wrong += [f"{row}: recorded, but no longer counted; {_ANEW}" for row in recorded if row not in found]
    return wrong


def read(place: Path = PLACE) -> dict[str, Any]:
    """Read what was recorded: ``rows``, and the versions it was counted ``with``."""
    kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return kept


def record(found: Mapping[str, float], place: Path = PLACE) -> None:
    """Keep what was counted, and the versions it was counted with."""
    versions = {"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
    document = {"with": versions, "rows": {row: round(figure, 3) for row, figure in found.items()}}
    place.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
