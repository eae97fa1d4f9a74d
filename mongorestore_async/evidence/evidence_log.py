"""Writing a log of evidence: one entry after the other, each on disk before the call returns."""

from __future__ import annotations

import getpass
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence.canonical_json import digest, require_canonical_json
from mongorestore_async.evidence.entries import FIRST_BEFORE, MOST_BYTES, Entry, Head, read_entry
from mongorestore_async.evidence.evidence_data import plain_json
from mongorestore_async.evidence.log_file import EvidenceError, LogFile, half_path
from mongorestore_async.models.validators import require_text
from mongorestore_async.protocol.redaction import redact_text
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["EvidenceLog"]


class EvidenceLog:
    """A file of JSON lines that only grows, each line with the hash of the one before. Make it with :meth:`open`.

    The file is locked while the log is open. Calls block until the entry is on disk, a few milliseconds: in a
    coroutine use ``await asyncio.to_thread(log.append, what, data)``. Threads may share a log.

    Attributes:
        path: The file.
        who: Who writes, as entries have it.

    """

    def __init__(self, file: LogFile, head: Head, who: str) -> None:
        self.path: Path = file.path
        self.who = who
        self._file = file
        self._head = head
        self._where = redact_text(socket.gethostname()) or "unknown"
        self._turn = threading.Lock()
        self._unusable = ""

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, who: str | None = None) -> Self:
        """Open a log to append to, made if need be.

        Half a line that a crash left behind is moved into a file beside the log, and an entry ``half line moved aside``
        tells its name, size and hash. The lines before the last one are not read: that is the work of ``verify``.

        Args:
            path: The file.
            who: Who writes; None for the user of the operating system.

        Returns:
            The log. Use it in a ``with`` block, or close it.

        Raises:
            ConfigError: ``who`` is no text, or the extra ``evidence`` is not installed.
            EvidenceError: Another process has it, or its last line is no entry.
            OSError: It cannot be opened, read or written.

        """
        require_canonical_json()
        named = redact_text(require_text("who", _user() if who is None else who))
        file = LogFile(Path(path).absolute())
        try:
            whole, half = file.last_line()
            log = cls(file, _head_of(file.path, whole), named)
            log._recover(half)
        except BaseException:
            file.close()
            raise
        return log

    def __repr__(self) -> str:
        return f"EvidenceLog({str(self.path)!r}, count={self._head.count})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> Head:
        """The end of the log as it is now. Keep it elsewhere, and pass it to ``verify``."""
        return self._head

    def append(self, what: str, data: Mapping[str, Any]) -> None:
        """Write an entry; it is on disk when this returns.

        As the last guard, texts in ``data`` that look like credentials are redacted, and so is what is below members
        that are named like one. Integers beyond 2**53 - 1 are written as texts.

        Args:
            what: What happened, such as ``restore created``.
            data: What is to be kept of it: a JSON object.

        Raises:
            ConfigError: It is no JSON, or longer than 4 MiB. Nothing was written.
            EvidenceError: The log is closed, an earlier write failed, or someone else has touched the file.
            OSError: The entry could not be written whole. Open the log again to go on.

        """
        named = redact_text(require_text("what", what))
        kept = plain_json(data)
        with self._turn:
            self._append(named, kept)

    def close(self) -> None:
        """Let the next one have the file. Can be called again."""
        with self._turn:
            self._unusable = self._unusable or "the log is closed: open it again"
            self._file.close()

    def _append(self, what: str, data: dict[str, Any]) -> None:
        if self._unusable:
            raise EvidenceError(self._unusable)
        entry = Entry(
            n=self._head.count + 1,
            at=datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            what=what,
            who=self.who,
            where=self._where,
            version=__version__,
            data=data,
            before=self._head.hash,
        )
        line = entry.to_line()
        if len(line) > MOST_BYTES:
            raise ConfigError(f"an entry takes at most {MOST_BYTES} bytes, not {len(line)}: pass a hash of the rest")
        try:
            self._file.write(line + b"\n")
        except BaseException:
            self._unusable = "an earlier entry could not be written whole: open the log again"
            raise
        self._head = Head(digest(line), entry.n)

    def _recover(self, half: bytes) -> None:
        """Complete or move aside what a crash left behind the last whole line, and tell of what was moved."""
        if half and self._is_next(half):
            self._file.write(b"\n")
            self._head = Head(digest(half), self._head.count + 1)
        elif half:
            self._file.move_half_aside(half)
        aside = half_path(self.path)
        if aside.exists():
            moved = aside.read_bytes()
            kept = half_path(self.path, self._head.count + 1)
            self._append("half line moved aside", {"bytes": len(moved), "file": kept.name, "sha256": digest(moved)})
            aside.rename(kept)

    def _is_next(self, line: bytes) -> bool:
        """Whether only the line feed is missing."""
        try:
            entry = read_entry(line)
        except ValueError:
            return False
        return (entry.n, entry.before) == (self._head.count + 1, self._head.hash)


def _head_of(path: Path, line: bytes | None) -> Head:
    if line is None:
        return Head(FIRST_BEFORE, 0)
    try:
        return Head(digest(line), read_entry(line).n)
    except ValueError as error:
        raise EvidenceError(
            f"the last line of {path} is no entry: {error}; verify the file, and write to another one"
        ) from None


def _user() -> str:
    try:
        return getpass.getuser().strip() or "unknown"
    except (OSError, KeyError, ImportError):  # a container may have a user without a name
        return "unknown"
