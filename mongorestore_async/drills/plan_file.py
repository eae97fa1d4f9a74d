"""A plan as a TOML file. Every refusal names the table and the key that it is about."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mongorestore_async.drills.durations import parse_duration
from mongorestore_async.drills.plan import (
    PLAN_FORMAT,
    DrillCheck,
    DrillCluster,
    DrillPlan,
    DrillServer,
    DrillTarget,
    SnapshotRule,
)
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.urls import check_identifier

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["parse_plan", "read_plan"]

_ValueT = TypeVar("_ValueT")
_WORDS: dict[type[object], str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
}
#: What one mongod needs; WiredTiger's own log is played back by opening it.
_MONGOD = ("--dbpath", "{directory}", "--port", "{port}", "--bind_ip", "127.0.0.1", "--nounixsocket")


class _Table:
    """A table of the file, which knows its name and which of its keys were read."""

    def __init__(self, values: dict[str, Any], name: str) -> None:
        self.name = name
        self._left = dict(values)

    def error(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.name}{'.' if self.name else ''}{key}: {problem}")

    def take(self, key: str, kind: type[_ValueT], default: _ValueT | None = None) -> _ValueT | None:
        """Take a value out; None is no value of TOML."""
        if key not in self._left:
            return default
        value = self._left.pop(key)
        if type(value) is not kind:
            raise self.error(key, f"must be {_WORDS[kind]}, not {_spoken(value)}")
        return value

    def need(self, key: str, kind: type[_ValueT]) -> _ValueT:
        value = self.take(key, kind)
        if value is None or value == "":
            raise self.error(key, "is missing" if value is None else "is empty")
        return value

    def identifier(self, key: str) -> str:
        """Take an id or a name, which becomes part of paths."""
        value = self.need(key, str)
        try:
            return check_identifier("an id", value)
        except ConfigError as error:
            raise self.error(key, error.problem) from None

    def whole(self, key: str, default: int | None = None, *, least: int = 1) -> int | None:
        value = self.take(key, int, default)
        if value is not None and value < least:
            raise self.error(key, f"must be at least {least}, not {value}")
        return value

    def duration(self, key: str, default: float | None = None) -> float | None:
        text = self.take(key, str)
        if text is None:
            return default
        try:
            return parse_duration(text)
        except ConfigError as error:
            raise self.error(key, error.problem) from None

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, []) or []
        if not all(isinstance(value, str) for value in values):
            raise self.error(key, "must be an array of texts")
        return tuple(cast("list[str]", values))

    def table(self, key: str) -> _Table | None:
        values = cast("dict[str, Any] | None", self.take(key, dict))
        return None if values is None else _Table(values, self._below(key))

    def tables(self, key: str) -> list[_Table]:
        found: list[_Table] = []
        for place, values in enumerate(self.take(key, list, []) or [], start=1):
            if not isinstance(values, dict):
                raise self.error(key, f"must be an array of tables: [[{self._below(key)}]]")
            found.append(_Table(cast("dict[str, Any]", values), f"{self._below(key)}[{place}]"))
        return found

    def counts(self, key: str) -> dict[str, int]:
        table = self.table(key)
        if table is None:
            return {}
        return {name: table.whole(name, least=0) or 0 for name in list(table._left)}  # noqa: SLF001 - of this class

    def end(self) -> None:
        """Refuse keys that nobody read: a misspelt goal would never be missed."""
        for key in self._left:
            raise self.error(key, "is no key of this table")

    def _below(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def _spoken(value: object) -> str:
    found: type[object] = type(value)
    return _WORDS.get(found, found.__name__)


def read_plan(path: str | PathLike[str]) -> DrillPlan:
    """Read a plan from a file. Blocks: use a thread.

    Args:
        path: The TOML file.

    Returns:
        The plan.

    Raises:
        ConfigError: The file cannot be read, or is no plan; the message names the table and the key.

    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # editors of Windows begin files with a mark
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise ConfigError(f"the plan {path} cannot be read: {words}") from None
    return parse_plan(text)


def parse_plan(text: str) -> DrillPlan:
    """Read a plan from TOML.

    Args:
        text: The TOML document.

    Returns:
        The plan.

    Raises:
        ConfigError: It is no plan; the message names the table and the key, or the line.

    """
    try:
        root = _Table(tomllib.loads(text), "")
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits is a ValueError as well
        raise ConfigError(f"the plan is no TOML: {error}") from None
    form = root.take("format", int, PLAN_FORMAT)
    if form != PLAN_FORMAT:
        raise root.error("format", f"is {form}: this version reads {PLAN_FORMAT}")
    name, family = root.need("name", str), root.need("family", str)
    if family not in FAMILIES:
        raise root.error("family", f"is {family!r}; families are {', '.join(FAMILIES)}")
    goals = {key: root.duration(key) for key in ("rto", "rpo")}
    goals["timeout"] = root.duration("timeout", 86400.0)
    parallel, limit = root.whole("parallel", 4), root.whole("unpacked_limit", 1 << 40)
    stop_after, server = root.whole("stop_after"), _server(root.table("server"))
    clusters = tuple(_cluster(table, goals) for table in root.tables("cluster"))
    root.end()
    return DrillPlan(
        name=name,
        family=family,
        clusters=clusters,
        parallel=parallel or 4,
        stop_after=stop_after,
        server=server,
        unpacked_limit=limit or 1 << 40,
    )


def _server(table: _Table | None) -> DrillServer | None:
    if table is None:
        return None
    binary, arguments = table.need("binary", str), table.texts("arguments")
    timeout = table.duration("timeout", 300.0) or 300.0
    table.end()
    try:
        return DrillServer(command=(binary, *(arguments or _MONGOD)), timeout=timeout)
    except ConfigError as error:
        raise table.error("arguments", error.problem) from None


def _cluster(table: _Table, goals: dict[str, float | None]) -> DrillCluster:
    cluster = table.identifier("cluster")
    target = table.table("target")
    found = DrillCluster(
        name=table.take("name", str, cluster) or cluster,
        project=table.identifier("project"),
        cluster=cluster,
        target=None if target is None else _target(target),
        snapshot=_snapshot(table.table("snapshot")),
        sharded=table.take("sharded", bool, default=False) is True,
        rto=table.duration("rto", goals["rto"]),
        rpo=table.duration("rpo", goals["rpo"]),
        timeout=table.duration("timeout", goals["timeout"]) or 86400.0,
        after=table.texts("after"),
        archive=table.take("archive", bool, default=True) is True,
        namespaces=table.counts("namespaces"),
        at_least=table.take("at_least", bool, default=False) is True,
        may_shrink_percent=_percent(table),
        keep=table.take("keep", bool, default=False) is True,
        checks=tuple(_check(each) for each in table.tables("check")),
    )
    table.end()
    return found


def _percent(table: _Table) -> int:
    found = table.whole("may_shrink_percent", 5, least=0) or 0
    if found > 100:  # noqa: PLR2004 - percent
        raise table.error("may_shrink_percent", f"must be at most 100, not {found}")
    return found


def _target(table: _Table) -> DrillTarget:
    target = DrillTarget(table.identifier("project"), table.identifier("cluster"))
    table.end()
    return target


def _snapshot(table: _Table | None) -> SnapshotRule:
    if table is None:
        return SnapshotRule()
    which, older_than = table.take("which", str, "newest"), table.duration("older_than")
    snapshot_id = table.take("id", str)
    table.end()
    if snapshot_id is not None:
        which = "id"
    if which not in {"newest", "oldest", "id"} or (which == "id" and snapshot_id is None):
        raise table.error("which", f"is {which!r}: it is newest or oldest, or leave it out and name an id")
    try:
        return SnapshotRule(kind=cast("Any", which), id=snapshot_id, older_than=older_than)
    except ConfigError as error:
        raise table.error("id", error.problem) from None


def _check(table: _Table) -> DrillCheck:
    name, call = table.need("name", str), table.take("call", str)
    command, timeout = table.texts("command"), table.duration("timeout", 600.0)
    table.end()
    try:
        return DrillCheck(name=name, call=call, command=command, timeout=timeout or 600.0)
    except ConfigError as error:
        raise table.error("call" if call else "command", error.problem) from None
