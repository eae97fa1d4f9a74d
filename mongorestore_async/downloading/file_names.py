"""Names of files on disk, made of what a server calls them.

A name comes from a URL, so it may be anything: a path, a device of Windows, a text with control characters. What is
made of it stays in its directory on every system, and the names of one batch differ also where case does not count.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "FOREIGN_SUFFIX",
    "MISMATCH_SUFFIX",
    "PART_SUFFIX",
    "RECORD_SUFFIX",
    "name_in_url",
    "safe_name",
    "unique_name",
]

#: Behind the name of a file that is not complete, of what is known about it, of one with wrong bytes, and of what is no
#: archive at all.
PART_SUFFIX = ".part"
RECORD_SUFFIX = ".part.json"
MISMATCH_SUFFIX = ".mismatch"
FOREIGN_SUFFIX = ".not-an-archive"

#: Bytes of UTF-8. File systems take 255; our suffixes and a label are to fit behind it.
_LONGEST = 180
_LONGEST_EXTENSION = 20
_OURS = (PART_SUFFIX, RECORD_SUFFIX, f"{RECORD_SUFFIX}.tmp", MISMATCH_SUFFIX, FOREIGN_SUFFIX)
_FALLBACK = "archive"
_FORBIDDEN = frozenset('/\\:*?"<>|')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES = frozenset(
    {"aux", "con", "nul", "prn", "conin$", "conout$"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789\N{SUPERSCRIPT ONE}²³"}
)
_DOUBLE = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


def name_in_url(url: str) -> str:
    """Read the last segment of a URL's path, percent-decoded; the query of a presigned URL is no part of it."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2], errors="replace")


def safe_name(name: str, *, default: str) -> str:
    """Make a name a file can have in any directory.

    Args:
        name: What the server calls it.
        default: Taken where nothing of it is left; made safe as well.

    """
    kept = "".join(
        "_" if letter in _FORBIDDEN or unicodedata.category(letter) in _UNPRINTABLE else letter
        for letter in unicodedata.normalize("NFC", name)
    )
    # Windows drops dots and blanks at the end; at the beginning a dot hides the file, and ".." is a directory.
    kept = kept.strip(" .\N{NO-BREAK SPACE}")
    if not kept.strip("_"):
        return safe_name(default, default=_FALLBACK)
    if kept.partition(".")[0].rstrip().casefold() in _DEVICES:
        kept = f"_{kept}"
    kept = _shortened(kept, _LONGEST)
    return f"{kept}_" if kept.casefold().endswith(_OURS) else kept


def unique_name(name: str, label: str, taken: Collection[str]) -> str:
    """Make a safe name differ from those a batch has already: by the label, then by a number.

    Args:
        name: A safe name.
        label: What tells the file from its siblings, such as its replica set.
        taken: Names of the batch so far, case-folded.

    """
    stem, extension = _split(name)
    short = _shortened(safe_name(label, default=""), 40) if label else ""
    tried = name
    number = 1
    while tried.casefold() in taken:
        suffixes = [short] if short and number == 1 else [short, str(number)]
        end = "".join(f"-{suffix}" for suffix in suffixes if suffix) + extension
        tried = safe_name(_shortened(stem, _LONGEST - len(end.encode())) + end, default=_FALLBACK)
        number += 1
    return tried


def _split(name: str) -> tuple[str, str]:
    """Split off the extension; what is too long for one is none."""
    for double in _DOUBLE:
        if name.casefold().endswith(double):
            return name[: -len(double)], name[-len(double) :]
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem and len(extension.encode()) <= _LONGEST_EXTENSION else (name, "")


def _shortened(name: str, longest: int) -> str:
    """Cut the stem so that the whole is short enough."""
    if len(name.encode()) <= longest:
        return name
    stem, extension = _split(name)
    room = longest - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + extension
