"""Moments in an oplog."""

from datetime import datetime

import attrs

from mongorestore_async.shown import shown

__all__ = ["OplogTimestamp"]


@attrs.frozen(kw_only=True)
class OplogTimestamp:
    """A BSON timestamp. Every member may be missing; with all of them missing the whole object counts as absent.

    Attributes:
        date: The second, in UTC.
        increment: Order of the operation among those of that second. The minimum the vendor's v2 schema prints
            for it is a copying mistake, so no range is checked.
        time: Epoch seconds, sent by some Atlas servers beside ``date``.

    """

    __repr__ = shown

    date: datetime | None = None
    increment: int | None = None
    time: int | None = None
