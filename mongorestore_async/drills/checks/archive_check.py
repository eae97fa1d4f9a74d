"""Looks at an archive: unpacks it where nothing else is, with every limit, and looks for the files of WiredTiger.

What it finds is never enough to call an archive verified. WiredTiger opens, ready and silent, without its last log
file, without any log, without its turtle file, and shows fewer documents or none: only counting tells.

All of it blocks, and takes hours for a large archive: it is called in a thread, with an event that stops it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ArchiveError", "Layout", "Unpacked", "hash_file", "look_at", "unpack"]

_CHUNK = 1 << 20
#: Between two files an archive may have so much of headers; more is an attack on the memory, for they are read whole.
_HEADERS = 4 << 20
_MOST_FILES = 1_000_000
#: Folders below which the files of the server may be.
_DEPTH = 4
_LOG = re.compile(r"WiredTigerLog\.(\d{10})")
#: What each data directory has; an empty one is as bad as none.
_NEEDED = ("WiredTiger", "WiredTiger.turtle", "WiredTiger.wt")
_GZIP = b"\x1f\x8b"
#: What a damaged or hostile archive raises; times and nested headers without end are the last two.
_NO_ARCHIVE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError, RecursionError)


class ArchiveError(Exception):
    """An archive that cannot be unpacked, or must not be."""


class _StoppedError(Exception):
    """Somebody asked for an end."""


@attrs.frozen(kw_only=True)
class Unpacked:
    """What was in an archive.

    Attributes:
        folder: Where it is now.
        files: How many files.
        size: Their bytes.

    """

    folder: Path
    files: int
    size: int


@attrs.frozen(kw_only=True)
class Layout:
    """What a look at unpacked files showed.

    Attributes:
        directory: The data directory of the server, None where there is none.
        tables: How many tables (files ``*.wt``) it has beside WiredTiger's own.
        logs: How many log files.
        problems: What is wrong; with any of these it is no whole data directory.

    """

    directory: Path | None
    tables: int = 0
    logs: int = 0
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in words."""
        return f"{self.tables} tables and {self.logs} log files of WiredTiger"


class _Stream(io.RawIOBase):
    """The unpacked bytes of an archive, which may only be read as far as allowed.

    Attributes:
        allowed: Up to which position.

    """

    def __init__(self, source: io.BufferedIOBase, stop: threading.Event) -> None:
        self.allowed = _HEADERS
        self.position = 0
        self._source = source
        self._stop = stop

    def read(self, size: int = -1, /) -> bytes:
        if self._stop.is_set():
            raise _StoppedError
        data = self._source.read(size if size >= 0 else _CHUNK)
        self.position += len(data)
        if self.position > self.allowed:
            raise ArchiveError(f"it has more than {_HEADERS} bytes between two files")
        return data


def hash_file(path: Path, stop: threading.Event) -> tuple[int, str]:
    """Read a file; returns its size and its SHA-256.

    Raises:
        OSError: It cannot be read.

    """
    found, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while (data := file.read(_CHUNK)) and not stop.is_set():
            found.update(data)
            size += len(data)
    return size, found.hexdigest()


def unpack(archive: Path, folder: Path, *, limit: int, stop: threading.Event) -> Unpacked:
    """Unpack a ``.tar.gz`` or ``.tar`` into a folder that is made for it.

    Only files and folders are taken: a link or a device has no place in a data directory. Names that lead out of the
    folder, more bytes than allowed, and an archive that breaks off are errors. What was unpacked till then stays.

    Args:
        archive: The file.
        folder: Where to; must not exist.
        limit: Most bytes in all.
        stop: Ends it when it is set.

    Raises:
        ArchiveError: It cannot be unpacked, or must not be.
        ConfigError: This Python has no safe way to unpack.
        OSError: A file cannot be read or written; the disk is full.

    """
    if not hasattr(tarfile, "data_filter"):
        raise ConfigError("this Python unpacks no archive safely: use 3.11.4 or newer")
    folder.mkdir(mode=0o700)
    files = size = 0
    try:
        with archive.open("rb") as file:
            source: io.BufferedIOBase = gzip.GzipFile(fileobj=file) if file.read(2) == _GZIP else file
            file.seek(0)
            stream = _Stream(source, stop)
            # A stream: read from the front to the end, once.
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK // 4) as tar:
                for member in tar:
                    files, size = files + 1, size + member.size
                    if not (member.isreg() or member.isdir()):
                        raise ArchiveError(f"{_named(member)} is neither a file nor a folder")
                    if size > limit or files > _MOST_FILES:
                        raise ArchiveError(f"it holds more than {limit} bytes or {_MOST_FILES} files")
                    stream.allowed = stream.position + member.size + _HEADERS
                    tar.extract(member, folder, filter="data")
            while stream.read(_CHUNK):  # to the checksum at its end; padding has the same limit as headers
                pass
    except tarfile.FilterError as error:
        raise ArchiveError(f"it would write outside of its folder: {error}") from None
    except _NO_ARCHIVE as error:
        raise ArchiveError(f"it is no whole archive: {error}") from None
    except _StoppedError:
        raise ArchiveError("unpacking it was stopped") from None
    return Unpacked(folder=folder, files=files, size=size)


def _named(member: tarfile.TarInfo) -> str:
    return repr(member.name[:200])


def look_at(folder: Path) -> Layout:
    """Look for the data directory of a server in a folder, and at its files.

    Args:
        folder: What was unpacked.

    Raises:
        OSError: It cannot be read.

    """
    found = [path.parent for path in _walk(folder, _DEPTH) if path.name == "WiredTiger" and path.is_file()]
    if len(found) != 1:
        problem = "there are no files of WiredTiger" if not found else f"there are {len(found)} data directories"
        return Layout(directory=None, problems=(problem,))
    (directory,) = found
    problems = [
        f"{name} is {'empty' if (directory / name).exists() else 'missing'}"
        for name in _NEEDED
        if not (directory / name).exists() or not (directory / name).stat().st_size
    ]
    if not any(problem.startswith("WiredTiger.turtle") for problem in problems):
        with (directory / "WiredTiger.turtle").open("rb") as turtle:
            if b"WiredTiger version" not in turtle.read(1 << 16):
                problems.append("WiredTiger.turtle is not one")
    logs = sorted(int(name[1]) for path in _walk(directory, 2) if (name := _LOG.fullmatch(path.name)))
    missing = sorted(set(range(logs[0], logs[-1] + 1)) - set(logs)) if logs else []
    if missing:
        problems.append(f"log file {missing[0]} is missing, which lies between others")
    tables = [path for path in _walk(directory, _DEPTH) if path.suffix == ".wt" and path.name not in _OWN]
    if not tables:
        problems.append("there are no tables")
    empty = [path.name for path in tables if not path.stat().st_size]
    if empty:
        problems.append(f"{len(empty)} tables are empty files, such as {empty[0]}")
    return Layout(directory=directory, tables=len(tables), logs=len(logs), problems=tuple(problems))


_OWN = {"WiredTiger.wt", "WiredTigerHS.wt", "WiredTigerLAS.wt"}


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if depth > 1:
                yield from _walk(path, depth - 1)
        else:
            yield path
