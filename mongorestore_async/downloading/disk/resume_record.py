"""What is stored about an incomplete part."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.downloading.file_names import RECORD_SUFFIX
from mongorestore_async.downloading.ranges import Kept, Representation, is_validator

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PartRecord", "boot_id", "read_records"]


#: Of Linux; other systems have no such file.
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@functools.cache
def boot_id() -> str | None:
    """Name this run of the operating system; None where it has no name for it.

    What a process wrote survives its end, but not that of the system.
    """
    try:
        return _BOOT.read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


_VERSION = 1
#: Bytes. Ours have some hundred.
_LARGEST = 64 * 1024
_TEXT = attrs.validators.instance_of(str)
_OPTIONAL_TEXT = attrs.validators.optional(_TEXT)
_NUMBER = attrs.validators.and_(attrs.validators.instance_of(int), attrs.validators.ge(0))
_OPTIONAL_NUMBER = attrs.validators.optional(_NUMBER)
_FLAG = attrs.validators.instance_of(bool)


def _sendable(_instance: object, _attribute: object, value: str) -> None:
    if not is_validator(value):
        raise ValueError("no validator")


@attrs.frozen(kw_only=True)
class PartRecord:
    """What is known about a download; holds no secret.

    Attributes:
        job: Reference of the job, or its id where it has none.
        label: Which of the job's archives it is.
        source_name: What the server calls the file.
        requests: How often its link was used.
        size: Size of the whole file in bytes, None while unknown.
        if_range: Strong validator of the answer the bytes came in, None without one.
        etag: ``ETag`` of that answer.
        last_modified: ``Last-Modified`` of that answer.
        encoding: ``Content-Encoding`` of that answer.
        ranges: Whether the rest may be asked for; else the whole has to come again.
        sha1: Hexadecimal SHA-1 of the whole file, once that is there.
        announced: Whether the server told the size; else the end of its answer was taken for that of the file.
        synced: Bytes of the part that are safe from a crash of the system; None in records of earlier versions.
        synced_sha1: Hexadecimal SHA-1 of these bytes, None where it was not known.
        boot: Run of the operating system in which the part was written last, None where it has no name.

    """

    job: str = attrs.field(validator=_TEXT)
    label: str = attrs.field(validator=_TEXT)
    source_name: str = attrs.field(default="", validator=_TEXT)
    requests: int = attrs.field(default=0, validator=_NUMBER)
    size: int | None = attrs.field(default=None, validator=_OPTIONAL_NUMBER)
    if_range: str | None = attrs.field(default=None, validator=attrs.validators.optional([_TEXT, _sendable]))
    etag: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    last_modified: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    encoding: str = attrs.field(default="", validator=_TEXT)
    ranges: bool = attrs.field(default=True, validator=_FLAG)
    sha1: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    announced: bool = attrs.field(default=True, validator=_FLAG)
    synced: int | None = attrs.field(default=None, validator=_OPTIONAL_NUMBER)
    synced_sha1: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    boot: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the record of one archive and no other."""
        return self.job, self.label

    @property
    def representation(self) -> Representation:
        """The version of the file; a record of an earlier version has its strong validator alone."""
        strong, etag, changed = self.if_range, self.etag, self.last_modified
        if strong is not None and etag is None and changed is None:
            etag, changed = (strong, None) if strong.startswith('"') else (None, strong)
        return Representation(strong, etag, changed, self.encoding)

    def changed(self, **changes: Any) -> Self:
        """Return a record with some changes, made in this run of the operating system."""
        return attrs.evolve(self, boot=boot_id(), **changes)

    def kept(self, size: int) -> Kept:
        """Return what is there, for a part of this size."""
        return Kept(size, self.size, self.representation, self.ranges)

    def safe_size(self, size: int) -> int:
        """How many bytes of a part of this size are certainly those that were received."""
        survived = self.boot is not None and self.boot == boot_id()
        return size if self.synced is None or survived else min(size, self.synced)

    def to_json(self) -> bytes:
        """Write the record as :meth:`read` takes it."""
        return json.dumps({"version": _VERSION, **attrs.asdict(self)}, indent=1).encode()

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read a record; None where there is none, or something else."""
        try:
            with path.open("rb") as file:
                document: Any = json.loads(file.read(_LARGEST))
            if document.pop("version") != _VERSION:
                return None
            return cls(**document)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None


def read_records(directory: Path) -> dict[tuple[str, str], str]:
    """Find the downloads a directory holds that are not finished with: the name of the file by the record's key."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(directory.glob(f"*{RECORD_SUFFIX}")):
        record, name = PartRecord.read(path), path.name.removesuffix(RECORD_SUFFIX)
        if record is not None and name.strip("."):  # else it is a directory, this one or the one above
            found[record.key] = name
    return found
