"""Filling frozen instances without paying for the freeze."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["draft_of"]

_OF_OBJECT = ("__init__", "__setattr__", "__delattr__")


@functools.cache
def draft_of(model: Any) -> Callable[[], Any]:
    """Make a twin of a frozen attrs class with slots that is not frozen.

    The ``__init__`` of a frozen class calls ``object.__setattr__`` once for each field, which takes five times
    as long as assigning. An instance of the twin is filled by assignments, every field of it, and then becomes one
    of the model: ``made = draft(); made.id = "J"; ...; made.__class__ = model``. Python allows that for classes with
    the same slots. Nothing is checked on the way: for values of the right type only.
    """

    def thaw(members: dict[str, Any]) -> None:
        # __delattr__ as well: unless both are those of object, Python looks one up for each assignment.
        members |= {"__slots__": (), **{name: getattr(object, name) for name in _OF_OBJECT}}

    return types.new_class(f"{model.__name__}Draft", (model,), exec_body=thaw)
