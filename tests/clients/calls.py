"""What all drivers share: they run in an environment that has one client and nothing else, so this is plain Python.

A driver reads a description of the emulator's world from standard input (``client_world.py`` writes it), makes each
call of its client, and prints one line of JSON for each: ``area``, ``call``, ``works`` and what was ``seen``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Calls"]

_LINE = 120


class Calls:
    """Makes calls and prints what came of them.

    Attributes:
        world: Where the emulator is, its keys, and what is in it.

    """

    def __init__(self) -> None:
        self.world: dict[str, Any] = json.load(sys.stdin)

    def __call__(self, area: str, call: str, function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        """Make one call, whose answer must not be empty.

        Args:
            area: projects, clusters, snapshots, jobs or creates.
            call: Name of the client's own function.
            function: It.
            args: Its arguments.
            keywords: The same, by name.

        Returns:
            What the client gave, a list where that was an iterator; None after a failure.

        """
        return self._make(area, call, lambda: function(*args, **keywords), empty=False)

    def silent(self, area: str, call: str, function: Callable[..., Any], *args: Any) -> Any:
        """Make one call that gives nothing, as a cancel; arguments as above."""
        return self._make(area, call, lambda: function(*args), empty=True)

    def _make(self, area: str, call: str, make: Callable[[], Any], *, empty: bool) -> Any:
        value = None
        try:
            value = make()
            if isinstance(value, Iterator):
                value = list(value)
            results = value.get("results") if isinstance(value, dict) else getattr(value, "results", None)
            seen = "" if empty or (value and results != []) else f"gave {value!r}"
        except Exception as error:  # noqa: BLE001 - a client may raise what it likes
            text = " ".join(str(error).split()).replace(self.world["url"], "")
            seen = f"{type(error).__name__}: {text}"
        line = {"area": area, "call": call, "works": not seen, "seen": seen[:_LINE]}
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()
        return value
