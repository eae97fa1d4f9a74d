"""The room listing."""

__all__: list[str] = []
