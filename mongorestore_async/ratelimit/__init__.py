"""The room ratelimit."""

__all__: list[str] = []
