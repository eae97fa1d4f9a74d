"""Filling frozen instances without paying for the freeze."""

from __future__ import annotations

import functools
import types
from typing import Any, TypeVar

__all__ = ["draft_of"]

T = TypeVar("T")


@functools.cache
def draft_of(model: type[T]) -> type[T]:
    """Make a twin of a frozen attrs class with slots that is not frozen.

    The ``__init__`` of a frozen class calls ``object.__setattr__`` once for each field, which takes five times
    as long as assigning. An instance of the twin is filled by assignments and then becomes one of the model:
    ``made = object.__new__(draft); made.id = "J"; made.__class__ = model``. Both have the same slots, which is what
    Python asks for. Nothing is checked on the way: for values of the right type only.
    """

    def thaw(members: dict[str, Any]) -> None:
        # Both: with only one of them Python looks the other up for each assignment.
        members |= {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}

    return types.new_class(f"{model.__name__}Draft", (model,), exec_body=thaw)
