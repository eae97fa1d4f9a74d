"""Reading the files with profiles: the only part of this room that does I/O."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from typing import TYPE_CHECKING, Any, cast

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import hide
from mongorestore_async.settings.profiles import Profile, ProfileFile, choose_profile, find_files, read_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_profiles", "load_profile"]

#: Bytes of a file with profiles; the tools write some hundred.
_LARGEST = 1024 * 1024


def load_profile(name: str | None = None, *, environ: Mapping[str, str] | None = None) -> Profile:
    """Read a profile of the Atlas CLI (``atlascli/config.toml``) or of mongocli (``mongocli/config.toml``).

    The files are in the configuration folder of the user: ``$XDG_CONFIG_HOME`` or ``~/.config`` on Linux,
    ``~/Library/Application Support`` on macOS, ``%APPDATA%`` on Windows. They are read at once, a matter of less than a
    millisecond, and never written.

    Args:
        name: Its name in any case; ``atlascli:NAME`` or ``mongocli:NAME`` where both tools have one that differs. None:
            that of ``MONGODB_ATLAS_PROFILE`` or ``MCLI_PROFILE``, else the only profile there is, else ``default``.
        environ: Variables to read instead of the process's.

    Returns:
        The profile.

    Raises:
        ConfigError: There is no such profile; a file cannot be read, is not valid TOML, holds keys and can be read by
            others, or can be written by others.

    """
    environ = RawDocument(os.environ if environ is None else environ, secret=True)
    return choose_profile(
        [_read(tool, path) for tool, path in find_files(environ, sys.platform).items()], name, environ
    )


def has_profiles(environ: Mapping[str, str]) -> bool:
    """Whether there is a file with profiles at all."""
    return any(map(os.path.exists, find_files(environ, sys.platform).values()))


def _read(tool: str, path: str) -> ProfileFile:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - its permissions are those of what is read
            mode = os.fstat(file.fileno()).st_mode
            content = hide(cast("Any", file.read(_LARGEST)))  # in the frame of an error, where tools look
    except (FileNotFoundError, NotADirectoryError):
        return ProfileFile(tool, path, None)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    found = read_profiles(tool, path, content)
    _check_access(found, mode)
    return found


def _check_access(file: ProfileFile, mode: int) -> None:
    """Refuse a file that others of this machine can change, or read keys from; Windows has no such bits."""
    keyed = any(profile.has_secret for profile in (file.profiles or {}).values())
    if sys.platform == "win32":
        return
    if keyed and mode & (stat.S_IRGRP | stat.S_IROTH):
        what = "holds keys and can be read by other users"
    elif mode & (stat.S_IWGRP | stat.S_IWOTH):
        what = "can be changed by other users"
    else:
        return
    raise ConfigError(f"{file.path} {what} of this machine; run: chmod 600 {shlex.quote(file.path)}")
