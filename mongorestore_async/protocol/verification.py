"""Whether a file is the one the API publishes a checksum of."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from mongorestore_async.models import RestoreJob

if TYPE_CHECKING:
    from mongorestore_async.models import FileHash, JobDocument

__all__ = ["Verification", "verify"]

_SHA1 = re.compile(r"[0-9a-f]{40}")


class Verification(StrEnum):
    """What came of comparing a file with its published SHA-1: against damage on the way, no proof of origin.

    ``VERIFIED``: they agree. ``NOT_VERIFIABLE``: the product family publishes none. ``NOT_YET``: it does, but the
    job did not show one so far (servers publish it once the download was served): the same call looks again.
    ``MISMATCH``: they differ; a download ends with :class:`HashMismatch` then, so no result carries it.
    """

    VERIFIED = "VERIFIED"
    NOT_VERIFIABLE = "NOT_VERIFIABLE"
    NOT_YET = "NOT_YET"
    MISMATCH = "MISMATCH"


def verify(job: JobDocument, file_name: str, sha1: str) -> Verification:
    """Compare a file with the checksums its job shows.

    Args:
        job: The job as it is now.
        file_name: What the server calls the file: the last segment of its URL.
        sha1: Hexadecimal SHA-1 of the bytes received.

    """
    if not isinstance(job, RestoreJob):
        return Verification.NOT_VERIFIABLE
    published = {
        each.hash.strip().lower()
        for each in job.hashes
        if each.hash is not None and _is_sha1(each) and _is_of(each, file_name, alone=len(job.hashes) == 1)
    }
    if not published:
        return Verification.NOT_YET
    return Verification.VERIFIED if sha1.lower() in published else Verification.MISMATCH


def _is_sha1(each: FileHash) -> bool:
    kind = (each.type_name or "SHA1").upper().replace("-", "").replace("_", "")
    return kind == "SHA1" and _SHA1.fullmatch((each.hash or "").strip().lower()) is not None


def _is_of(each: FileHash, file_name: str, *, alone: bool) -> bool:
    if not each.file_name:
        return alone
    return each.file_name.replace("\\", "/").rpartition("/")[2] == file_name
