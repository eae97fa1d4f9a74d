"""Verifying a log of evidence, and signing one that holds: each line is read once, whatever the size of the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence.canonical_json import require_canonical_json
from mongorestore_async.evidence.chain_check import ChainCheck, Problem, ProblemKind
from mongorestore_async.evidence.entries import FIRST_BEFORE, MOST_BYTES, Head, read_entry, see_line
from mongorestore_async.evidence.log_file import EvidenceError
from mongorestore_async.evidence.signatures import Key, read_private_key, read_public_key, signed_head, write_signature
from mongorestore_async.models.validators import require_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import BinaryIO

    from mongorestore_async.evidence.entries import Entry, SeenLine

__all__ = ["Verification", "iterate_entries", "sign", "verify"]

_HASH = re.compile(r"[0-9a-f]{64}")


@attrs.frozen(kw_only=True)
class Verification:
    """What became of verifying a log.

    Attributes:
        problems: What does not hold, in the order of the lines; the first thousand.
        more_problems: How many there are beyond those.
        entries: Lines that were taken for entries in their place.
        head: The end of the file as it is.
        can_find_cut_tail: Whether a cut tail and a rewritten file would have been found: with a head or a valid
            signature they are; a count alone finds a cut tail only.

    """

    problems: tuple[Problem, ...]
    more_problems: int
    entries: int
    head: Head
    can_find_cut_tail: bool

    @property
    def holds(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


def verify(
    path: str | os.PathLike[str], *, head: str | None = None, count: int | None = None, public_key: Key | None = None
) -> Verification:
    """Verify a log: every line as it was written, each after the one before.

    Without ``head``, ``count`` and ``public_key`` this finds what was changed, removed, added and moved, but neither
    lines that were cut off the end, nor a file that was written anew from some line on. Blocks while it reads.

    Args:
        path: The file.
        head: ``head.hash`` of the log when its last entry was written, kept elsewhere.
        count: ``head.count`` of then, the number of entries.
        public_key: The public key to the signature beside the log: its file, or what that holds.

    Returns:
        What was verified, and the first problems that were found.

    Raises:
        ConfigError: An argument is not what it should be, or an extra is not installed.
        OSError: The file cannot be read.

    """
    require_canonical_json()
    if head is not None and not _HASH.fullmatch(str(head)):
        raise ConfigError("the head must be 64 hexadecimal digits in lower case, as it was printed after the run")
    if count is not None:
        require_whole("count", count, least=0)
    path = Path(path)
    signed = None if public_key is None else signed_head(path, read_public_key(public_key))
    ends = [_End(hash=head, count=count)] if head is not None or count is not None else []
    ends += [_End(hash=signed.hash, count=signed.count)] if isinstance(signed, Head) else []
    whole = _Feeds()
    with path.open("rb") as file:
        check = ChainCheck(whole.see(file))
        last = Head(FIRST_BEFORE, 0)
        for tip in check:
            last = Head(tip.hash or "", tip.n)
            for end in ends:
                end.see(tip.line, last)
    problems = check.problems()
    if whole.is_half:
        text = "it does not end with a line feed: a write was interrupted, or the file was cut"
        problems.append(Problem(whole.lines, ProblemKind.HALF_LINE, text))
    problems += [problem for end in ends for problem in end.problems(whole.lines, last)]
    if isinstance(signed, str):
        problems.append(Problem(0, ProblemKind.SIGNATURE, signed))
    return Verification(
        problems=tuple(dict.fromkeys(problems)),
        more_problems=check.more,
        entries=check.entries,
        head=last,
        can_find_cut_tail=any(end.hash is not None for end in ends),
    )


def sign(path: str | os.PathLike[str], private_key: Key, *, password: bytes | None = None) -> Path:
    """Sign the end of a log that holds; the signature is written beside it.

    Args:
        path: The file.
        private_key: A private key of Ed25519: its file, or what that holds (PEM, or the form of OpenSSH).
        password: What the key is encrypted with.

    Returns:
        The file with the signature, ``NAME.sig``.

    Raises:
        ConfigError: The key is none, or an extra is not installed.
        EvidenceError: The log does not hold: a signature would hide it.
        OSError: A file cannot be read or written.

    """
    key = read_private_key(private_key, password)
    found = verify(path)
    if not found.holds:
        first = found.problems[0]
        raise EvidenceError(f"line {first.line} of the log does not hold: {first.text}; it was not signed")
    return write_signature(Path(path), found.head, key)


def iterate_entries(path: Path) -> Iterator[tuple[int, Entry | str]]:
    """Read the entries of a log, without verifying that they follow one another.

    Yields:
        The line, from 1, and its entry; what is wrong with it if it is none.

    Raises:
        ConfigError: The extra ``evidence`` is not installed.
        OSError: The file cannot be read.

    """
    require_canonical_json()
    with path.open("rb") as file:
        for number, (line, _) in enumerate(_iterate_lines(file), start=1):
            try:
                found: Entry | str = read_entry(line)
            except ValueError as error:
                found = str(error)
            yield number, found


def _iterate_lines(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Read lines without their line feed, and whether they had one; one that is too long is cut short."""
    while line := file.readline(MOST_BYTES + 2):
        feed = line.endswith(b"\n")
        rest = line
        while not feed and (rest := file.readline(2**16)):
            feed = rest.endswith(b"\n")
        yield line.removesuffix(b"\n"), feed


class _Feeds:
    """Counts lines, and knows whether the last one is whole."""

    lines = 0
    is_half = False

    def see(self, file: BinaryIO) -> Iterator[SeenLine]:
        """See each line; of half a line at the end nothing but that it is one."""
        for line, feed in _iterate_lines(file):
            self.lines += 1
            self.is_half = not feed
            seen = see_line(self.lines, line)
            if feed or not seen.fault:
                yield seen


@attrs.define(kw_only=True)
class _End:
    """A head that was kept elsewhere, and what was seen of it."""

    hash: str | None
    count: int | None
    line: int = 0
    after: int = 0
    is_reached: bool = False

    def __attrs_post_init__(self) -> None:
        self.see(0, Head(FIRST_BEFORE, 0))

    def see(self, line: int, head: Head) -> None:
        if (self.count is None or head.count == self.count) and (self.hash is None or head.hash == self.hash):
            self.is_reached, self.line = True, line
            self.after = 0
        elif self.after == 0:
            self.after = line

    def problems(self, lines: int, last: Head) -> Iterator[Problem]:
        """Give what does not hold at the end."""
        if self.is_reached:
            if self.after:
                text = f"this line and what comes after it were written after the head was taken, at line {self.line}"
                yield Problem(self.after, ProblemKind.ADDED, text)
        elif self.count is not None and last.count < self.count:
            text = f"the file ends with the number {last.count}, and the head says {self.count}: lines were cut off"
            yield Problem(lines + 1, ProblemKind.CUT, text)
        else:
            text = "no line is the one that the head was taken of: this or an earlier line was written anew"
            text += ", or lines were cut off after it" if self.count is None else ""
            yield Problem(lines, ProblemKind.REWRITTEN, text)
