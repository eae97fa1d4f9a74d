"""The room codec."""

__all__: list[str] = []
