"""Names of databases and collections that MongoDB allows (MongoDB manual, "Naming Restrictions").

Only what the page forbids is refused. What it advises against, what depends on the server's version or on sharding (a
namespace of 235 bytes), and what only some drivers refuse is left to the server.
"""

from __future__ import annotations

import re

from mongorestore_async.errors import ConfigError, Hint, HintKind

__all__ = [
    "MOST_DATABASE_BYTES",
    "MOST_NAMESPACE_BYTES",
    "check_collection_suffix",
    "check_database",
    "check_database_suffix",
    "check_namespace",
    "shown",
    "split_namespace",
]

#: "Database names must be less than 64 bytes."
MOST_DATABASE_BYTES = 63
#: "The maximum length of the namespace is 255 bytes", database and dot included.
MOST_NAMESPACE_BYTES = 255

_IN_DATABASE = re.compile(r'[/\\. "$\0\ud800-\udfff]')
# A lone surrogate has no UTF-8 form at all.
_IN_COLLECTION = re.compile(r"[$\0\ud800-\udfff]")
_SYSTEM = "system."
_SHOWN = 80


def check_database(what: str, name: str) -> str:
    r"""Return a name that a database can have.

    Args:
        what: How the error calls it.
        name: The name.

    Raises:
        ConfigError: It is empty, longer than 63 bytes, or holds one of ``/\\. "$`` or a NUL.

    """
    if not name:
        raise ConfigError(f"{what} is empty: pass the name of a database")
    if (found := _IN_DATABASE.search(name)) is not None:
        problem = f"{what} {shown(name)} must not contain {found[0]!r}:"
        if found[0] == ".":
            raise ConfigError(problem, hint=Hint(HintKind.NAME_AS_COLLECTION))
        raise ConfigError(f"{problem} pass the bare name of a database")
    _check_length(what, name, MOST_DATABASE_BYTES, "the name of a database")
    return name


def check_namespace(what: str, namespace: str) -> str:
    """Return a namespace that a collection can have: ``database.collection``.

    Args:
        what: How the error calls it.
        namespace: The namespace.

    Raises:
        ConfigError: It has no dot, its database is none (see :func:`check_database`), its collection is empty, begins
            with ``system.``, or holds ``.system.``, a ``$`` or a NUL, or it is longer than 255 bytes.

    """
    database, dot, collection = namespace.partition(".")
    if not dot:
        raise ConfigError(f"{what} {shown(namespace)} has no dot:", hint=Hint(HintKind.NAME_AS_DATABASE))
    check_database(f"the database of {what}", database)
    if not collection:
        raise ConfigError(f"{what} {shown(namespace)} names no collection: pass database.collection")
    if (found := _IN_COLLECTION.search(collection)) is not None:
        raise ConfigError(f"{what} {shown(namespace)} must not contain {found[0]!r}: no collection has such a name")
    if collection.startswith(_SYSTEM) or f".{_SYSTEM}" in collection:
        raise ConfigError(f"{what} {shown(namespace)} is a system collection, which no restore names: leave it out")
    _check_length(what, namespace, MOST_NAMESPACE_BYTES, "a namespace")
    return namespace


def check_database_suffix(what: str, suffix: str) -> str:
    """Return what can stand behind the name of a database.

    Args:
        what: How the error calls it.
        suffix: The suffix.

    Raises:
        ConfigError: It is empty, or no database can have it in its name.

    """
    _check_suffix(what, suffix, _IN_DATABASE, MOST_DATABASE_BYTES - 1)
    return suffix


def check_collection_suffix(what: str, suffix: str) -> str:
    """Return what can stand behind the name of a collection; else as :func:`check_database_suffix`."""
    _check_suffix(what, suffix, _IN_COLLECTION, MOST_NAMESPACE_BYTES - len("d.c"))
    if f".{_SYSTEM}" in suffix:
        raise ConfigError(f"{what} {shown(suffix)} makes names of system collections: pass another one")
    return suffix


def split_namespace(namespace: str) -> tuple[str, str]:
    """Split a namespace at its first dot into database and collection; without a dot the latter is empty."""
    database, _, collection = namespace.partition(".")
    return database, collection


def shown(name: str) -> str:
    """Show a name in an error, shortened."""
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")


def _check_suffix(what: str, suffix: str, forbidden: re.Pattern[str], most: int) -> None:
    if not suffix:
        raise ConfigError(f"{what} is empty: leave it out")
    if (found := forbidden.search(suffix)) is not None:
        raise ConfigError(f"{what} {shown(suffix)} must not contain {found[0]!r}: no such name is allowed")
    _check_length(what, suffix, most, "a suffix")


def _check_length(what: str, name: str, most: int, kind: str) -> None:
    length = len(name.encode())
    if length > most:
        raise ConfigError(f"{what} {shown(name)} has {length} bytes, {kind} at most {most}: pass a shorter name")
