"""A downloaded archive in a few columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.cli.rows import some
from mongorestore_async.cli.screen import printable
from mongorestore_async.cli.sheets import Sheet
from mongorestore_async.cli.tables import Column
from mongorestore_async.cli.units import size
from mongorestore_async.downloading.download_types import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.downloading.download_types import DownloadedFile

__all__ = ["FILES", "FileRow"]

_WORDS = {
    Verification.VERIFIED: "verified",
    Verification.NOT_VERIFIABLE: "not verifiable",
    Verification.NOT_YET: "no hash yet",
}
_MEANINGS = {
    Verification.NOT_VERIFIABLE: "Not verifiable: the product publishes no hashes.",
    Verification.NOT_YET: "No hash yet: the server did not publish it so far; the same command looks again.",
}


@attrs.frozen(kw_only=True)
class FileRow:
    """What a table and a CSV file show of a file.

    Attributes:
        file: Path of the file.
        bytes: Its size.
        verification: What came of comparing it with the hash the API publishes.
        sha1: Hexadecimal SHA-1 of what was received.
        seconds: How long it took.
        resumed_from: Bytes that were there before.
        ref: Text form of the job's reference.

    """

    file: str
    bytes: str
    verification: str
    sha1: str
    seconds: str
    resumed_from: str
    ref: str = ""

    @classmethod
    def of(cls, file: DownloadedFile) -> FileRow:
        """Reduce a file to a row."""
        return cls(
            file=printable(str(file.path)),
            bytes=str(file.size),
            verification=str(file.verification),
            sha1=file.sha1,
            seconds=f"{file.seconds:.1f}",
            resumed_from=str(file.resumed_from),
            ref="" if file.ref is None else str(file.ref),
        )

    @property
    def speed(self) -> str:
        """Bytes a second, for people; empty where there is nothing to tell."""
        fetched, seconds = int(self.bytes) - int(self.resumed_from), float(self.seconds)
        return f"{size(int(fetched / seconds))}/s" if fetched and seconds else ""


def _words(row: FileRow) -> str:
    return _WORDS.get(Verification(row.verification), row.verification)


def _style(row: FileRow) -> str:
    return "green" if row.verification == Verification.VERIFIED else "yellow"


def _summary(rows: Sequence[FileRow]) -> str:
    counts = Counter(map(_words, rows))
    total = size(sum(int(row.bytes) for row in rows))
    told = f"{some(len(rows), 'file')}, {total}: {', '.join(f'{count} {words}' for words, count in counts.items())}."
    return " ".join([told, *(text for kind, text in _MEANINGS.items() if _WORDS[kind] in counts)])


def _document(file: DownloadedFile, redacted: bool) -> dict[str, Any]:
    # There are no secrets in it.
    del redacted
    found = attrs.asdict(file, recurse=False)
    return found | {"path": str(file.path), "ref": None if file.ref is None else str(file.ref)}


#: Downloaded files as they are told in the end.
FILES: Sheet[DownloadedFile, FileRow] = Sheet(
    row_type=FileRow,
    row=FileRow.of,
    document=_document,
    columns=(
        Column("File", lambda row: row.file),
        Column("Size", lambda row: size(int(row.bytes)), number=True),
        Column("Result", _words, style=_style),
        Column("Speed", lambda row: row.speed, rank=2, number=True),
        Column("SHA-1", lambda row: row.sha1, rank=1),
    ),
    summary=_summary,
    nothing="no files",
)
