"""How downloads are answered: the settings of the part that hands out archives."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DownloadPlay", "Validators"]


class Validators(StrEnum):
    """The validators by which a client tells versions of an archive apart (RFC 9110 section 8.8).

    Members:
        STRONG: ``ETag`` and ``Last-Modified``.
        WEAK: A weak ``ETag``, which is good for no range, and ``Last-Modified``.
        DATE: ``Last-Modified`` alone.
        NONE: Neither; ``If-Range`` never matches.
        CHANGING: Different ones with each answer, as from nodes that disagree.
    """

    STRONG = "strong"
    WEAK = "weak"
    DATE = "date"
    NONE = "none"
    CHANGING = "changing"


def _validators(value: str) -> Validators:
    try:
        return Validators(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no Validators; choose from {', '.join(Validators)}.") from None


def _origins(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.rstrip("/") for value in values)


@attrs.frozen(kw_only=True)
class DownloadPlay:
    """How downloads are answered. The defaults are a well-behaved server.

    Positions count bytes of the archive from 0 or, where the text says so, of one answer's body.

    Attributes:
        ranges: Whether ``Range`` is understood; if not, every answer is a 200 with everything.
        validators: What tells versions apart.
        content_range_shift: Added to the positions in ``Content-Range``, to make it wrong.
        chunked: Leave ``Content-Length`` out and send chunks.
        gzip_label: Say ``Content-Encoding: gzip``, as servers do that look at file names. The bytes are the same.
        disposition: ``Content-Disposition`` as it goes over the wire; None: none.
        file_name: The last segment of the URLs as it goes over the wire; None: a sensible one.
        auth_header: Name of the header that ``urlV2`` wants.

        redirects: Origins to be sent through with 302 before the bytes come; an empty one is the present origin.
        unavailable: How many requests for each archive are answered 503 first.
        gone_status: Status after the link's end, 410 or 403.
        count_heads: Whether a HEAD counts as a download.
        once: Whether the link of an Atlas cloud backup is null after its archive was sent.
        hashes: Whether jobs of Ops Manager, Cloud Manager and Atlas legacy get ``hashes`` once their archive was sent.
        hash_delay: When after that, in seconds on the emulator's clock.
        wrong_hash: Publish another hash.

        block: Bytes that are sent at once.
        bytes_per_second: Speed of the body; None: as fast as it goes.
        stall_after: Send no more after so many bytes of a body, and keep the connection open.
        cut_after: Close the connection after so many bytes of a body.
        missing: Bytes missing at the end of the archive; ``Content-Length`` agrees with what is left.
        wrong_byte_at: The byte at this position is another one.

    Raises:
        ConfigError: A value is out of range.

    """

    ranges: bool = True
    validators: Validators = attrs.field(default=Validators.STRONG, converter=_validators)
    content_range_shift: int = 0
    chunked: bool = False
    gzip_label: bool = False
    disposition: str | None = None
    file_name: str | None = None
    auth_header: str = "Authorization"

    redirects: tuple[str, ...] = attrs.field(default=(), converter=_origins)
    unavailable: int = 0
    gone_status: int = 410
    count_heads: bool = True
    once: bool = False
    hashes: bool = True
    hash_delay: float = 0.0
    wrong_hash: bool = False

    block: int = 256 * 1024
    bytes_per_second: float | None = None
    stall_after: int | None = None
    cut_after: int | None = None
    missing: int = 0
    wrong_byte_at: int | None = None

    def __attrs_post_init__(self) -> None:
        least = {"unavailable": 0, "hash_delay": 0, "block": 1, "bytes_per_second": 1, "missing": 0}
        least |= dict.fromkeys(("stall_after", "cut_after", "wrong_byte_at"), 0)
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise ConfigError(f"DownloadPlay.{name} is {value!r}; it must be at least {lowest}.")
        if self.gone_status not in {403, 410}:
            raise ConfigError("DownloadPlay.gone_status must be 403 or 410.")
