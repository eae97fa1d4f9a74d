"""Profiles of the Atlas CLI and of mongocli: where their files are, what is in them, and which profile is meant.

Both tools write ``config.toml`` into a folder of their own below the configuration folder of the user, one table for
each profile. They are Go programs whose library takes names of settings and profiles in any case. A setting outside of
the tables counts for all profiles, before their own. Nothing is ever written.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
import tomllib
from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.settings.variables import PROFILE_NAMES, VARIABLES_OF, has_login

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Never

__all__ = ["TOOLS", "Profile", "ProfileFile", "choose_profile", "find_files", "read_profiles"]

#: The tools, by the name of their folder.
TOOLS = ("atlascli", "mongocli")

_DEFAULT = "default"
#: Settings whose value is a secret: a file with one of them must be its owner's alone.
_SECRETS = frozenset({"private_api_key", "client_secret", "access_token", "refresh_token"})
#: Settings that may be shown.
_PUBLIC = frozenset({"auth_type", "org_id", "output", "project_id", "service"})
#: Other names of settings.
_ALIASES = {"base_url": "ops_manager_url"}
_LINE = re.compile(r"\(at line (\d+),")
#: Numbers of TOML have 64 bits. Python reads larger ones, and does not write the largest of them.
_TOO_LARGE = 1 << 64

#: The login that the Atlas CLI notes in a profile, and the settings that it needs.
_LOGINS = {
    "api_keys": ("public_api_key", "private_api_key"),
    "service_account": ("client_id", "client_secret"),
    "user_account": ("access_token",),
}


def _hide_keys(settings: Mapping[str, str]) -> dict[str, str]:
    """Hide what may be secret or hold a password: a serializer may walk the fields of a profile."""
    return {name: value if name in _PUBLIC else hide(value) for name, value in settings.items()}


@attrs.frozen(repr=False, eq=False)
class Profile:
    """One profile of the Atlas CLI or of mongocli, as :func:`load_profile` gives it. Shows none of its keys.

    Attributes:
        name: Its name, in lower case.
        tool: The tool that wrote it, ``"atlascli"`` or ``"mongocli"``.
        file: The file that it stands in.

    """

    name: str
    tool: str
    file: str
    _settings: dict[str, str] = attrs.field(alias="settings", converter=_hide_keys)

    def __repr__(self) -> str:
        return f"<Profile {self.name!r} of {self.file!r}>"

    def __str__(self) -> str:
        return f"the profile {self.name!r} in {self.file}"

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("Profile holds keys and cannot be pickled; load it in the other process")

    @property
    def project_id(self) -> str | None:
        """Id of the project that the tool takes where none is named."""
        return self._text("project_id")

    @property
    def org_id(self) -> str | None:
        """Id of the organisation that the tool takes where none is named."""
        return self._text("org_id")

    @property
    def service(self) -> str | None:
        """``cloud``, ``cloudgov``, ``cloud-manager`` or ``ops-manager``; None where the product is not said."""
        return self._text("service")

    @property
    def base_url(self) -> str | None:
        """Where the API is, None where that is not said."""
        return self._text("ops_manager_url")

    @property
    def output(self) -> str | None:
        """The output format that the tool writes where none is named, such as ``json``."""
        return self._text("output")

    def hidden(self, name: str) -> str | None:
        """Give a setting as a hidden value, None where it is not set."""
        return self._settings.get(name)

    def without_login(self, lacking: set[str]) -> ConfigError:
        """Make the error for a profile that has no whole login.

        Args:
            lacking: The settings of logins that neither it nor the environment has.

        Returns:
            The error, to be raised.

        """
        kind = self._text("auth_type") or ""
        known = kind if kind in _LOGINS else ("api_keys" if "client_id" in lacking else "service_account")
        needed = [name for name in _LOGINS[known] if name in lacking]
        variables = " and ".join(VARIABLES_OF[name][0] for name in needed)
        instead = ""
        if known == "api_keys" and kind != known:  # the profile does not say which kind it is for
            instead = (
                f" (or {VARIABLES_OF['client_id'][0]} and {VARIABLES_OF['client_secret'][0]} for a service account)"
            )
        if self.tool == "atlascli" and not self.has_secret:
            return ConfigError(
                f"{self} has no keys: the Atlas CLI has them in the keyring of the operating system, which is not read."
                f" Set {variables}{instead}; the rest is taken from the profile"
            )
        return ConfigError(f"{self} has no {' and no '.join(needed)}: set {variables}{instead}")

    def has_login(self, environ: Mapping[str, str]) -> bool:
        """Whether it and the environment have all that one kind of login needs."""
        return has_login(environ, self._settings)

    @property
    def has_secret(self) -> bool:
        """Whether a key stands in it."""
        return any(self._settings.get(name) for name in _SECRETS)

    def _text(self, name: str) -> str | None:
        found = self._settings.get(name)
        return None if found is None else str(unhide(found))


@attrs.frozen(repr=False, eq=False)
class ProfileFile:
    """A file of one of the tools.

    Attributes:
        tool: Name of the tool, one of :data:`TOOLS`.
        path: Where it is.
        profiles: Its profiles by name, None where there is no such file.

    """

    tool: str
    path: str
    profiles: Mapping[str, Profile] | None

    def __str__(self) -> str:
        if self.profiles is None:
            return f"{self.path} (not there)"
        return f"{self.path} (it has {', '.join(self.profiles) or 'no profile'})"


def find_files(environ: Mapping[str, str], platform: str) -> dict[str, str]:
    """Name the file of each tool, below the folder that Go's ``os.UserConfigDir`` gives.

    That is why platformdirs is not asked: on macOS it follows ``XDG_CONFIG_HOME``, which Go does not.

    Args:
        environ: Variables by name.
        platform: As ``sys.platform``.

    Returns:
        Paths by tool; none where the environment does not tell the folder.

    """
    join = ntpath.join if platform == "win32" else posixpath.join
    home = environ.get("HOME")
    if platform == "win32":
        folder = environ.get("APPDATA")
    elif platform == "darwin":
        folder = home and join(home, "Library", "Application Support")
    else:
        folder = environ.get("XDG_CONFIG_HOME") or (home and join(home, ".config"))
    # As plain text, for what variables hold is hidden, and paths are shown.
    return {tool: str(join(folder, tool, "config.toml")) for tool in TOOLS} if folder else {}


def read_profiles(tool: str, path: str, content: bytes) -> ProfileFile:
    """Read the text of a file.

    Args:
        tool: Name of the tool.
        path: Where the file is.
        content: What is in it; may be hidden.

    Raises:
        ConfigError: It is no TOML; the error names the line and shows nothing of it.

    """
    document, line = _parse(unhide(content))
    if document is None:
        raise ConfigError(
            f"{path} is not valid TOML (line {line}): correct the line, or write the profile anew with {tool}"
        )
    members = {name.lower(): value for name, value in document.items()}
    shared = _settings(members)
    tables = {name: cast("dict[str, Any]", value) for name, value in members.items() if isinstance(value, dict)}
    profiles = {name: Profile(name, tool, path, _settings(table) | shared) for name, table in tables.items()}
    return ProfileFile(tool, path, profiles)


def choose_profile(files: Sequence[ProfileFile], name: str | None, environ: Mapping[str, str]) -> Profile:
    """Find the profile that is meant.

    Args:
        files: The files of all tools.
        name: Its name, ``atlascli:NAME`` or ``mongocli:NAME`` for the one of a tool. None: that of the environment,
            else the only one there is, else ``default``.
        environ: Variables by name.

    Raises:
        ConfigError: There is none, or both tools have one, and they differ.

    """
    asked = name or next(filter(None, map(environ.get, PROFILE_NAMES)), None)
    wanted, tools = (asked or _DEFAULT).lower(), [*TOOLS]
    tool, colon, rest = wanted.partition(":")
    if colon and tool in TOOLS:
        wanted, tools = rest, [tool]
    looked_at = [file for file in files if file.tool in tools]
    known = [profile for file in looked_at for profile in (file.profiles or {}).values()]
    found = [profile for profile in known if profile.name == wanted]
    if not found and asked is None and len(known) == 1:
        found = known
    if not found:
        where = " and ".join(map(str, looked_at)) or "no folder: neither HOME nor XDG_CONFIG_HOME is set"
        raise ConfigError(f"there is no profile {wanted!r}; looked in {where}")
    if len(found) > 1 and not _same(*found):
        names = " or ".join(f"{tool}:{wanted}" for tool in TOOLS)
        raise ConfigError(
            f"the profiles {wanted!r} in {' and in '.join(each.file for each in found)} differ: name one as {names}"
        )
    return found[0]


def _parse(content: bytes) -> tuple[dict[str, Any] | None, str]:
    """Parse TOML; None, and the number of the line, for what is none. An error of the parser would hold the text."""
    try:
        return tomllib.loads(content.decode("utf-8-sig")), ""
    except UnicodeDecodeError as error:
        return None, str(content.count(b"\n", 0, error.start) + 1)
    except tomllib.TOMLDecodeError as error:
        told = _LINE.search(str(error))
        return None, told[1] if told else str(content.count(b"\n") + 1)
    except (ValueError, RecursionError):  # a number of thousands of digits, or as many brackets
        return None, "not known"


def _settings(table: Mapping[str, Any]) -> dict[str, str]:
    """Take the settings of a table as texts; tables in it, and lists, are no settings."""
    found = {
        name.lower(): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in table.items()
        if (isinstance(value, int) and abs(value) < _TOO_LARGE) or (isinstance(value, str) and value)
    }
    return {_ALIASES.get(name, name): value for name, value in sorted(found.items())}


def _same(one: Profile, other: Profile) -> bool:
    """Whether two profiles make the same session: newer versions of the Atlas CLI took over those of mongocli."""
    names = {*VARIABLES_OF, "project_id"}
    return all(one.hidden(name) == other.hidden(name) for name in names)
