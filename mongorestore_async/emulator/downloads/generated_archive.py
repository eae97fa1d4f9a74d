"""A restore archive, a real ``.tar.gz`` of any size; any part of it is computed when asked for, nothing is stored.

From the bottom up: the CRC-32 of joined pieces, the content of a data file, a tar stream of a chosen size, gzip around
it in stored blocks (RFC 1951, RFC 1952), so that every byte has a known position.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import random
import struct
import tarfile
import threading
import zlib
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SMALLEST", "Archive", "FileContent", "Member", "Tarball", "joined_crc", "make_noise"]

#: The polynomial of RFC 1952 section 8, lowest power in the highest bit; as one, so is ``x`` to the power of 0.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
#: Pages differ only in their first bytes, a digest of file and page, so that a misplaced page is detected.
_PAGE = 256 * 1024
_LABEL = 16
#: Everything in a tar stream is a multiple of this.
_BLOCK = 512
_END_SIZE = 2 * _BLOCK
_README_SIZE = 2 * _BLOCK
#: README, two data files with a header each, and the end.
_LEAST = _README_SIZE + 2 * 2 * _BLOCK + _END_SIZE
#: The plain header has room for sizes up to 8 GiB.
_LARGEST_FILE = 4 << 30
#: How many bytes of the last data file's last block are padding, so that the file does not end with the block.
_SHORT = 100
#: A stored block of deflate (RFC 1951 section 3.2.4): five bytes, then up to this many bytes uncompressed.
_STORED = 65_535
_BLOCK_HEADER = 5
_WHOLE = _BLOCK_HEADER + _STORED
#: Gzip (RFC 1952): ten bytes and a comment at the front, CRC and length at the end. The comment fills up the size.
_GZIP_HEADER = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
_COMMENT = b"emulated restore\0"
_TRAILER = 8
#: The smallest archive, in bytes.
SMALLEST = len(_GZIP_HEADER) + len(_COMMENT) + _BLOCK_HEADER + _LEAST + _TRAILER
_CHUNK = 1024 * 1024


def joined_crc(first: int, second: int, length: int) -> int:
    """The CRC-32 of two pieces one after the other, from that of each and the length of the second in bytes."""
    table = _tables(length)
    moved = table[0][first & 255] ^ table[1][first >> 8 & 255] ^ table[2][first >> 16 & 255] ^ table[3][first >> 24]
    return moved ^ second


@functools.lru_cache(maxsize=64)
def _tables(length: int) -> tuple[list[int], ...]:
    """What each byte of a CRC becomes when ``length`` bytes follow: it is multiplied by x to the power of 8 length."""
    factor = _power(8 * length)
    return tuple([_product(factor, byte << shift) for byte in range(256)] for shift in (0, 8, 16, 24))


def _power(exponent: int) -> int:
    """The power of x, modulo the polynomial."""
    result, square = _ONE, _ONE >> 1
    while exponent:
        if exponent & 1:
            result = _product(square, result)
        square = _product(square, square)
        exponent >>= 1
    return result


def _product(one: int, other: int) -> int:
    """The product modulo the polynomial."""
    result = 0
    while one:
        if one & _ONE:
            result ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return result


def make_noise(key: str) -> bytes:
    """Make the random bytes that the pages of an archive share."""
    return random.Random(key).randbytes(_PAGE - _LABEL)  # noqa: S311 - data to look at, not a secret


class FileContent:
    """The bytes of one file.

    Args:
        key: Tells this file from all others.
        shared: See :func:`make_noise`; the files of an archive share it to save memory.
        size: In bytes.

    """

    def __init__(self, key: str, shared: bytes, size: int) -> None:
        self.size = size
        self._key = key
        self._shared = shared

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """The bytes from ``start`` up to ``stop``, in pieces."""
        shared = memoryview(self._shared)
        while start < stop:
            page, offset = divmod(start, _PAGE)
            end = min(_PAGE, offset + stop - start)
            if offset < _LABEL:
                yield self._label(page)[offset:end]
            if end > _LABEL:
                yield shared[max(0, offset - _LABEL) : end - _LABEL]
            start += end - offset

    def crc(self) -> int:
        """The CRC-32 of all of it."""
        rest = zlib.crc32(self._shared)
        total = 0
        pages = self.size // _PAGE
        for page in range(pages):
            whole = joined_crc(zlib.crc32(self._label(page)), rest, _PAGE - _LABEL)
            total = joined_crc(total, whole, _PAGE)
        for piece in self.pieces(pages * _PAGE, self.size):
            total = zlib.crc32(piece, total)
        return total

    def _label(self, page: int) -> bytes:
        return hashlib.blake2b(f"{self._key} {page}".encode(), digest_size=_LABEL).digest()


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
        size: In bytes; a multiple of :data:`_BLOCK`, at least :data:`_LEAST`.
        stamp: Modification time of the files, seconds since 1970.

    Attributes:
        size: In bytes.
        members: The files, in order.

    """

    def __init__(self, key: str, size: int, stamp: int) -> None:
        self.size = size
        readme = f"Data files of an emulated restore: {key}.\n".encode()[:_BLOCK]
        room = size - _README_SIZE - _END_SIZE
        count = max(2, -(-room // _LARGEST_FILE))
        share = room // count // _BLOCK * _BLOCK
        sizes = [share - _BLOCK] * (count - 1)
        sizes.append(room - share * (count - 1) - _BLOCK - _SHORT)
        shared = make_noise(key)
        files = [(f"restore/collection-{number}.wt", length) for number, length in enumerate(sizes)]
        contents = [FileContent(f"{key} {name}", shared, length) for name, length in files]
        written = (Member(name, length) for name, length in files)
        self.members: tuple[Member, ...] = (Member("restore/README", len(readme)), *written)
        parts: list[bytes | FileContent] = [_tar_header(self.members[0], stamp) + readme.ljust(_BLOCK, b"\0")]
        for member, content in zip(self.members[1:], contents, strict=True):
            parts += [_tar_header(member, stamp), content]
        parts.append(bytes(_SHORT + _END_SIZE))
        self._parts = parts
        self._lengths = [part.size if isinstance(part, FileContent) else len(part) for part in parts]
        self._starts = [0]
        for length in self._lengths:
            self._starts.append(self._starts[-1] + length)
        self._files: dict[str, bytes | FileContent] = {self.members[0].name: readme}
        self._files |= {name: content for (name, _), content in zip(files, contents, strict=True)}

    def pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """The bytes from ``start`` up to ``stop``, in pieces."""
        index = bisect.bisect_right(self._starts, start) - 1
        while start < stop:
            part, begin = self._parts[index], self._starts[index]
            end = min(stop, self._starts[index + 1])
            if isinstance(part, FileContent):
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
        return found.pieces(0, found.size) if isinstance(found, FileContent) else iter([found])

    def crc(self) -> int:
        """The CRC-32 of all of it."""
        total = 0
        for part, length in zip(self._parts, self._lengths, strict=True):
            total = joined_crc(total, part.crc() if isinstance(part, FileContent) else zlib.crc32(part), length)
        return total


def _tar_header(member: Member, stamp: int) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mtime = member.size, stamp
    return info.tobuf(tarfile.USTAR_FORMAT)


class Archive:
    """A ``.tar.gz``; may be used from any thread.

    Its bytes are computed when asked for, from any position on: memory stays flat whatever the size.

    Args:
        key: Same key and size, same bytes.
        size: In bytes, exactly; at least ``SMALLEST``.
        stamp: Modification time of the files in it, seconds since 1970.

    Raises:
        ConfigError: It is smaller than ``SMALLEST``.

    Attributes:
        size: In bytes.
        tag: 16 hexadecimal digits that differ for every archive.

    """

    def __init__(self, key: str, size: int, stamp: int = 1_700_000_000) -> None:
        if size < SMALLEST:
            raise ConfigError(f"An archive of {size} bytes cannot be made; choose {SMALLEST} or more.")
        self.size = size
        self.tag: str = hashlib.blake2b(f"{key} {size}".encode(), digest_size=8).hexdigest()
        self._tar = Tarball(key, _tar_size(size), stamp)
        self._blocks = -(-self._tar.size // _STORED)
        filler = size - _gzip_size(self._tar.size) - len(_COMMENT)
        self._head = _GZIP_HEADER + b" " * filler + _COMMENT
        self._body_end = size - _TRAILER
        self._lock = threading.Lock()

    @property
    def members(self) -> tuple[Member, ...]:
        """The files in it."""
        return self._tar.members

    def content_digest(self, name: str) -> str:
        """SHA-256 of a file in it, to compare an unpacked file with.

        Args:
            name: Name of the file in the archive.

        Returns:
            The hash in hexadecimal digits.

        Raises:
            ConfigError: There is no such file.

        """
        found = hashlib.sha256()
        for piece in self._tar.file(name):
            found.update(piece)
        return found.hexdigest()

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to ``stop``, which may lie beyond the end.

        Args:
            start: Offset of the first byte, from 0.
            stop: Offset behind the last byte.

        Returns:
            The bytes.

        """
        return b"".join(self._pieces(max(0, start), min(stop, self.size)))

    def sha1(self) -> str:
        """SHA-1 of all of it, in hexadecimal digits. The first call reads all of it: use a thread."""
        with self._lock:
            return self._sha1

    @functools.cached_property
    def _sha1(self) -> str:
        found = hashlib.sha1(usedforsecurity=False)
        for start in range(0, self.size, _CHUNK):
            found.update(self.read(start, start + _CHUNK))
        return found.hexdigest()

    @functools.cached_property
    def _trailer(self) -> bytes:
        return struct.pack("<II", self._tar.crc(), self._tar.size & 0xFFFFFFFF)

    def _pieces(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        head = len(self._head)
        if start < min(stop, head):
            yield self._head[start:stop]
        start = max(start, head)
        while start < min(stop, self._body_end):
            block, offset = divmod(start - head, _WHOLE)
            end = min(_WHOLE, offset + min(stop, self._body_end) - start)
            if offset < _BLOCK_HEADER:
                yield self._block_header(block)[offset:end]
            first = block * _STORED - _BLOCK_HEADER
            yield from self._tar.pieces(first + max(_BLOCK_HEADER, offset), first + end)
            start += end - offset
        if stop > self._body_end:
            yield self._trailer[max(0, start - self._body_end) : stop - self._body_end]

    def _block_header(self, block: int) -> bytes:
        last = block == self._blocks - 1
        length = self._tar.size - block * _STORED if last else _STORED
        return struct.pack("<BHH", last, length, length ^ 0xFFFF)


def _gzip_size(tar: int) -> int:
    """The size of a gzip file without its comment, for a tar stream of this size."""
    return len(_GZIP_HEADER) + tar + _BLOCK_HEADER * -(-tar // _STORED) + _TRAILER


def _tar_size(size: int) -> int:
    """The longest tar stream that fits."""
    room = size - len(_COMMENT)
    tar = room * _STORED // _WHOLE // _BLOCK * _BLOCK + _BLOCK
    while _gzip_size(tar) > room:
        tar -= _BLOCK
    return tar
