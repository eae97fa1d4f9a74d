"""Requests for restores."""

from mongorestore_async import AutomatedRestore, DigestAuth, HttpRestore, Snapshot, Target

KEY = DigestAuth("public", "private-key")
TARGET = Target("p2", "c2")
RESTORE = AutomatedRestore(Snapshot("s1"), TARGET)
DOWNLOAD = HttpRestore("s1", 1, expiration_hours=1)
#: A download of a snapshot with an id that servers accept.
REQUEST = HttpRestore("5" * 24, max_downloads=3, expiration_hours=7)
