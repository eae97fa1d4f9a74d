"""How values show themselves."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["shown"]


def shown(self: Any) -> str:
    """Write a value of attrs as its own ``repr`` would, without fields that have ``repr=False``.

    For classes that a session needs, as their ``__repr__``: attrs compiles one for each class, which is a third of what
    making a class costs.
    """
    cls: type = type(self)  # pyright: ignore[reportUnknownVariableType]
    fields = (
        f"{field.name}={(repr if field.repr is True else field.repr)(getattr(self, field.name))}"
        for field in attrs.fields(cls)
        if field.repr
    )
    return f"{cls.__qualname__.rpartition('>.')[2]}({', '.join(fields)})"
