"""The room creating."""

__all__: list[str] = []
