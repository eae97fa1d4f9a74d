"""Whether a gzip file is whole and undamaged: all that can be known of an archive without a published hash.

The checksum and the length at the end of each member (RFC 1952 section 2.3.1) are compared by unpacking, into nothing
and in small pieces: an archive that would unpack into petabytes takes time but no memory.
"""

from __future__ import annotations

import zlib

__all__ = ["GzipCheck"]

_GZIP = 31
#: Unpacked bytes held at once.
_PIECE = 1024 * 1024


class GzipCheck:
    """Takes a file piece by piece and tells at its end what is wrong with it."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(_GZIP)
        self._seen = False
        self._fault: str | None = None

    @property
    def fault(self) -> str | None:
        """What is wrong so far, apart from a missing end; None for nothing."""
        return self._fault

    def feed(self, data: bytes) -> None:
        """Take the next bytes; does nothing once something was wrong."""
        try:
            while data and self._fault is None:
                if self._unpacking.eof:
                    data = self._next_member(data)
                    continue
                self._seen = True
                self._unpacking.decompress(data, _PIECE)
                data = self._unpacking.unconsumed_tail or self._unpacking.unused_data
        except zlib.error as error:
            self._fault = f"the gzip data are damaged ({error})"

    def finish(self) -> str | None:
        """Tell what is wrong with the whole; None for nothing."""
        try:
            while not self._unpacking.eof and self._unpacking.decompress(b"", _PIECE):
                pass  # what did not fit into the last piece
        except zlib.error as error:
            self._fault = self._fault or f"the gzip data are damaged ({error})"
        if self._fault is None and not self._seen:
            return "there are no gzip data"
        if self._fault is None and not self._unpacking.eof:
            return "the gzip data end before their trailer"
        return self._fault

    def _next_member(self, data: bytes) -> bytes:
        # Tools pad archives with zeros behind the last member, and gzip itself takes that.
        rest = data.lstrip(b"\0")
        if rest:
            self._unpacking = zlib.decompressobj(_GZIP)
        return rest
