"""Downloads of the emulator: how they are played, and what is remembered of them."""

from __future__ import annotations

from mongorestore_async.emulator.downloads.desk import Downloads
from mongorestore_async.emulator.downloads.play import DownloadPlay, Validators
from mongorestore_async.emulator.downloads.records import DownloadRecord, Offer

__all__ = ["DownloadPlay", "DownloadRecord", "Downloads", "Offer", "Validators"]
