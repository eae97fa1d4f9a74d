"""The room auth."""

__all__: list[str] = []
