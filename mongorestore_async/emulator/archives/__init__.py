"""Restore archives of any size, computed when they are asked for."""

from __future__ import annotations

from mongorestore_async.emulator.archives.archive import SMALLEST, Archive
from mongorestore_async.emulator.archives.collection import Archives
from mongorestore_async.emulator.archives.tarball import Member

__all__ = ["SMALLEST", "Archive", "Archives", "Member"]
