"""What a session learns about its server."""

from __future__ import annotations

__all__ = ["ServerFacts"]


class ServerFacts:
    """What the answers so far have told about the server.

    Attributes:
        service_version: ``X-MongoDB-Service-Version`` as received last, None while none came.
        page_limit: The largest page the server takes when nobody asked for a size: 500, or 100 on old releases.

    """

    __slots__ = ("page_limit", "service_version")

    def __init__(self) -> None:
        self.service_version: str | None = None
        self.page_limit = 500
