"""The room downloading."""

__all__: list[str] = []
