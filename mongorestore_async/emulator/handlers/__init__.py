"""The endpoints, and the way of a request to and from them."""

from __future__ import annotations

__all__: list[str] = []
