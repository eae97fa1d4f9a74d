"""A tar stream of a chosen size, any part of which can be told without what precedes it."""

from __future__ import annotations

import bisect
import tarfile
import zlib
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.archives.checksums import joined_crc
from mongorestore_async.emulator.archives.content import Content, noise
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK", "LEAST", "Member", "Tarball"]

#: Everything in a tar stream is a multiple of this.
BLOCK = 512
_END = 2 * BLOCK
_README = 2 * BLOCK
#: README, two data files with a header each, and the end.
LEAST = _README + 2 * 2 * BLOCK + _END
#: The plain header has room for sizes up to 8 GiB.
_LARGEST_FILE = 4 << 30
#: So many bytes of the last data file's last block are not its own, so that there is something to leave out.
_SHORT = 100


@attrs.frozen
class Member:
    """A file in an archive.

    Attributes:
        name: Path in the archive.
        size: In bytes.

    """

    name: str
    size: int


class Tarball:
    """A tar stream: ``restore/README`` and two or more ``restore/collection-N.wt`` (one for each 4 GiB).

    Args:
        key: Same key and size, same bytes.
        size: In bytes; a multiple of :data:`BLOCK`, at least :data:`LEAST`.
        stamp: Modification time of the files, seconds since 1970.

    Attributes:
        size: In bytes.
        members: The files, in order.

    """

    def __init__(self, key: str, size: int, stamp: int) -> None:
        self.size = size
        readme = f"Data files of an emulated restore: {key}.\n".encode()[:BLOCK]
        room = size - _README - _END
        count = max(2, -(-room // _LARGEST_FILE))
        share = room // count // BLOCK * BLOCK
        sizes = [share - BLOCK] * (count - 1)
        sizes.append(room - share * (count - 1) - BLOCK - _SHORT)
        shared = noise(key)
        files = [(f"restore/collection-{number}.wt", length) for number, length in enumerate(sizes)]
        contents = [Content(f"{key} {name}", shared, length) for name, length in files]
        self.members = (Member("restore/README", len(readme)), *(Member(name, length) for name, length in files))
        parts: list[bytes | Content] = [_header(self.members[0], stamp) + readme.ljust(BLOCK, b"\0")]
        for member, content in zip(self.members[1:], contents, strict=True):
            parts += [_header(member, stamp), content]
        parts.append(bytes(_SHORT + _END))
        self._parts = parts
        self._lengths = [part.size if isinstance(part, Content) else len(part) for part in parts]
        self._starts = [0]
        for length in self._lengths:
            self._starts.append(self._starts[-1] + length)
        self._files: dict[str, bytes | Content] = {self.members[0].name: readme}
        self._files |= {name: content for (name, _), content in zip(files, contents, strict=True)}

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """The bytes from ``start`` up to ``stop``, in pieces."""
        index = bisect.bisect_right(self._starts, start) - 1
        while start < stop:
            part, begin = self._parts[index], self._starts[index]
            end = min(stop, self._starts[index + 1])
            if isinstance(part, Content):
                yield from part.pieces(start - begin, end - begin)
            else:
                yield part[start - begin : end - begin]
            start, index = end, index + 1

    def file(self, name: str) -> Iterator[bytes | memoryview]:
        """The content of a file, in pieces.

        Raises:
            ConfigError: There is no such file.

        """
        if name not in self._files:
            raise ConfigError(f"The archive has no {name!r}; its files are in Archive.members.")
        found = self._files[name]
        return found.pieces(0, found.size) if isinstance(found, Content) else iter([found])

    def crc(self) -> int:
        """The CRC-32 of all of it."""
        total = 0
        for part, length in zip(self._parts, self._lengths, strict=True):
            total = joined_crc(total, part.crc() if isinstance(part, Content) else zlib.crc32(part), length)
        return total


def _header(member: Member, stamp: int) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mtime = member.size, stamp
    return info.tobuf(tarfile.USTAR_FORMAT)
