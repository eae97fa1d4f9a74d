"""The release a server tells about itself."""

from typing import Self

import attrs

from mongorestore_async.shown import shown

__all__ = ["ServiceVersion"]


@attrs.frozen
class ServiceVersion:
    """A parsed ``X-MongoDB-Service-Version`` header. Atlas v1.0 answers may have none.

    Attributes:
        git_hash: Commit of the server, or None.
        version: Release, or None. The way to learn which Ops Manager one talks to.
        raw: The header as received.

    """

    __repr__ = shown

    git_hash: str | None
    version: str | None
    raw: str

    @classmethod
    def parse(cls, header: str) -> Self:
        """Read ``gitHash=...; versionString=...``. Order, case of the names and further pairs do not matter."""
        pairs: dict[str, str] = {}
        for part in header.split(";"):
            name, _, value = part.partition("=")
            pairs.setdefault(name.strip().lower(), value.strip())
        return cls(git_hash=pairs.get("githash") or None, version=pairs.get("versionstring") or None, raw=header)
