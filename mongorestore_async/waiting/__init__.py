"""The room waiting."""

__all__: list[str] = []
