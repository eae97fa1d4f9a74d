"""Standard output and standard error that cannot be written: a full disk, a closed pipe, a closed descriptor.

While a command runs, both streams are guarded. What cannot be written on standard error is dropped: there is nowhere
left to tell it. On standard output the first failure raises the ``OSError``; from then on the stream is a null device,
so that nothing fails once more when Python flushes it at exit.

- A command that only reads stops at a closed pipe: the reader has seen enough.
- A command whose effect has happened uses :func:`write_result`: it tells the result on standard error instead.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TextIO

__all__ = ["explain_failure", "guard_streams", "write_result"]

#: Errors of a stream that nobody reads.
_CLOSED = frozenset({errno.EPIPE, errno.EBADF})


class _GuardedStream:
    """A text stream whose descriptor becomes the null device once a write has failed.

    Args:
        stream: The stream; None for a descriptor that was closed before the process started.
        is_strict: Whether the first failed write raises.

    """

    def __init__(self, stream: IO[str] | None, *, is_strict: bool) -> None:
        self.failure = OSError(errno.EBADF, "it is closed") if stream is None else None
        self.is_reported = False
        self._stream = io.StringIO() if stream is None else stream
        self._is_strict = is_strict

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if self.failure is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def abandon(self, failure: OSError) -> None:
        """Write nothing any more."""
        self.failure = failure
        with suppress(OSError, ValueError):
            descriptor = self._stream.fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, descriptor)
            os.close(null)
        with suppress(OSError, ValueError):
            self._stream.flush()  # what is left goes to the null device

    def _lose(self, error: OSError) -> None:
        self.abandon(error)
        if self._is_strict:
            raise error


@contextmanager
def guard_streams() -> Generator[None]:
    """Guard standard output and standard error, and give a process without standard input an empty one."""
    _occupy_descriptors()
    usual = sys.stdin, sys.stdout, sys.stderr
    # None for a descriptor that was closed before the process started, which the types do not tell.
    out = _GuardedStream(cast("TextIO | None", sys.stdout), is_strict=True)
    err = _GuardedStream(cast("TextIO | None", sys.stderr), is_strict=False)
    for stream in (out, err):
        # A name that the encoding of a terminal or a pipe does not have is no reason to fail.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    sys.stdin = cast("TextIO | None", sys.stdin) or io.StringIO()
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield
    finally:
        err.flush()
        with suppress(OSError):
            out.flush()
        sys.stdin, sys.stdout, sys.stderr = usual


def explain_failure(error: OSError) -> str:
    """Say what failed, and with which file; an error of standard output does not tell that itself."""
    reason = error.strerror or str(error)
    if getattr(sys.stdout, "failure", None) is error:
        return f"standard output could not be written: {reason}"
    return reason if error.filename is None else f"{error.filename}: {reason}"


def write_result(write: Callable[[], None], otherwise: Callable[[], None] | None = None) -> None:
    """Write the result of a command whose effect has happened: no failure to write it changes the exit code.

    Args:
        write: Writes it to standard output.
        otherwise: Writes what must not be lost, to the same place; it goes to standard error then. It holds no
            secrets, for standard error is often kept in logs. None if nothing is lost for somebody who closed the pipe.

    """
    out = cast("object", sys.stdout)
    guarded = out if isinstance(out, _GuardedStream) else None
    failure = None if guarded is None else guarded.failure
    if failure is None:
        try:
            write()
            sys.stdout.flush()
        except OSError as error:
            failure = error
        except KeyboardInterrupt:
            # The reader of a pipe has stopped reading: the command is done, and tells it elsewhere.
            failure = InterruptedError(errno.EINTR, "interrupted")
            if guarded is not None:
                guarded.abandon(failure)
        else:
            return
    if otherwise is None and failure.errno in _CLOSED:
        return
    if guarded is None or not guarded.is_reported:
        reason = failure.strerror or str(failure)
        print(f"note: the result could not be written to standard output ({reason})", file=sys.stderr)
        if guarded is not None:
            guarded.is_reported = True
    if otherwise is not None:
        with redirect_stdout(sys.stderr):
            otherwise()
            sys.stderr.flush()


def _occupy_descriptors() -> None:
    """Open the null device in place of closed standard descriptors: a socket or an archive would get their number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free number is given
