"""How figures are written."""

from __future__ import annotations

from typing import Any

__all__ = ["shown"]

_LARGE = 1000


def shown(cell: Any) -> str:
    """Write a figure with three digits that count."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= _LARGE else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
