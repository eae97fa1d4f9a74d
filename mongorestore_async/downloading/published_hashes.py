"""Comparing a file with the checksums its job publishes, as a pure decision (``hashes``: neighbours, section 5)."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mongorestore_async.models import FileHash, JobDocument

__all__ = ["Comparison", "Verification", "compare", "published_name", "published_sha1"]

_SHA1 = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{32,}")
#: Names that a reason shows, and characters of each.
_MOST_NAMES = 3
_LONGEST_NAME = 80


class Verification(StrEnum):
    """The result of comparing a file with its published SHA-1: detects damage, does not prove the origin.

    ``VERIFIED``: they agree; the bytes on disk were hashed in this call. ``NOT_VERIFIABLE``: there is none to compare
    with: the product publishes none, or one of another file or form (see ``DownloadedFile.reason``). ``NOT_YET``: the
    job did not show one so far (servers publish it once the download was served): the same call checks again.
    ``UNPACKED``: no SHA-1 agrees, and something in between unpacked the file: it is a tar under the name of a
    compressed one. ``ENCODED_TWICE``: none agrees, and there is a second gzip layer around the file.
    ``MISMATCH``: they differ; a download ends with :class:`HashMismatch` then, so no result carries it.
    """

    VERIFIED = "VERIFIED"
    NOT_VERIFIABLE = "NOT_VERIFIABLE"
    NOT_YET = "NOT_YET"
    UNPACKED = "UNPACKED"
    ENCODED_TWICE = "ENCODED_TWICE"
    MISMATCH = "MISMATCH"


@attrs.frozen
class Comparison:
    """The result of comparing a file with what its job publishes.

    Attributes:
        result: One of ``VERIFIED``, ``MISMATCH``, ``NOT_YET``, ``NOT_VERIFIABLE``.
        reason: Why it is neither equal nor different, None where it is.
        final: Whether reading the job again can hardly change it.

    """

    result: Verification
    reason: str | None = None
    final: bool = True


def compare(job: JobDocument, names: Sequence[str], sha1: str) -> Comparison:
    """Compare a file with the checksums its job shows.

    The one checksum of a job belongs to its one archive, whatever it is called; only where they differ the name
    decides whether that is another file or another form of it. Several are told apart by their names alone.

    Args:
        job: The job as it is now.
        names: What the server calls the file (the last segment of its URL), and what it is called on disk.
        sha1: Hexadecimal SHA-1 of the bytes received.

    """
    if not isinstance(job, RestoreJob):
        return Comparison(Verification.NOT_VERIFIABLE, "this product publishes no hashes")
    names = [name for name in names if name]
    published = published_sha1(job)
    if not published:
        return _without(job.hashes)
    values = {_value(each) for each in published}
    fitting = [each for each in published if _basename(each) in names]
    fitting = fitting or [each for each in published if _folded(_basename(each)) in set(map(_folded, names))]
    fitting = fitting or [each for each in published if not each.file_name and len(values) == 1]
    if fitting:
        agrees = sha1.lower() in map(_value, fitting)
        return Comparison(Verification.VERIFIED if agrees else Verification.MISMATCH)
    if len(values) == 1 and sha1.lower() in values:
        return Comparison(Verification.VERIFIED)
    of = _listed({_basename(each) for each in published})
    if len(values) == 1:
        return Comparison(Verification.NOT_VERIFIABLE, f"the published SHA-1 is of {of} and is not that of this file")
    equal = _listed({_basename(each) for each in published if _value(each) == sha1.lower()})
    which = f"; it is equal to that of {equal}" if equal else ""
    return Comparison(
        Verification.NOT_VERIFIABLE, f"none of the published SHA-1 has the name of this file: they are of {of}{which}"
    )


def published_sha1(job: JobDocument) -> list[FileHash]:
    """List the SHA-1 that a job shows, without what is in no form of one."""
    hashes = job.hashes if isinstance(job, RestoreJob) else ()
    return [each for each in hashes if _SHA1.fullmatch(_value(each)) and _is_sha1(each)]


def published_name(job: JobDocument) -> str | None:
    """Name of the one archive that a job publishes a hash of: a job whose link is gone does not tell it otherwise."""
    published = published_sha1(job)
    return _basename(published[0]) or None if len(published) == 1 else None


def _without(hashes: Sequence[FileHash]) -> Comparison:
    """Tell a checksum that is still to come from one that cannot be compared."""
    others = {each.type_name or "an unknown type" for each in hashes if _DIGEST.fullmatch(_value(each))}
    if others:
        return Comparison(Verification.NOT_VERIFIABLE, f"the job publishes no SHA-1 but a hash of {_listed(others)}")
    return Comparison(Verification.NOT_YET, "the job does not show the hash yet", final=False)


def _value(each: FileHash) -> str:
    return (each.hash or "").strip().lower()


def _is_sha1(each: FileHash) -> bool:
    return (each.type_name or "SHA1").upper().replace("-", "").replace("_", "") == "SHA1"


def _basename(each: FileHash) -> str:
    return (each.file_name or "").replace("\\", "/").rpartition("/")[2]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _listed(names: Collection[str]) -> str:
    """Show what a server calls things: a few, short, without control characters."""
    shown = [ascii(name[:_LONGEST_NAME]) if name else "an unnamed file" for name in sorted(names)]
    more = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return ", ".join(shown[:_MOST_NAMES]) + more
