"""What the vendor lets users know about an API, told on standard error."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.protocol.deprecation import VendorDeprecation

if TYPE_CHECKING:
    from collections.abc import Generator

    from mongorestore_async.families import Family

__all__ = ["telling"]


@contextmanager
def telling(*families: Family[Any]) -> Generator[None]:
    """Tell of families that the vendor deprecates, and of what servers say about that, each once and in one line."""
    notes = screen(error=True)
    for text in dict.fromkeys(family.deprecation for family in families):
        if text is not None:
            notes.say(f"note: {text}", style="yellow")

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        notes.say(f"note: {printable(str(message))}", style="yellow")

    with warnings.catch_warnings():
        # That a family is deprecated was told above, in a form for people.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("always", VendorDeprecation)
        warnings.showwarning = show
        yield
