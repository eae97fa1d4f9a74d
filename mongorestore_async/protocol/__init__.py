"""Sans-IO: what the wire means and what to do next. Nothing here opens a connection or needs an event loop."""

__all__: list[str] = []
