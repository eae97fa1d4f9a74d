"""The journal of a drill: what a run that was killed left, on disk before it was done.

SQLite with a write-ahead log, each step synced (``synchronous=FULL``) before the call returns. The file is locked while
it is open, and the lock ends with the process. All of it blocks: it is called in a thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mongorestore_async.drills.converting import from_json, to_json
from mongorestore_async.drills.plan import DrillPlan
from mongorestore_async.drills.steps import History, JournalStep
from mongorestore_async.errors import ConfigError, RestoreError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from os import PathLike

    from mongorestore_async.drills.steps import StepName

__all__ = ["JOURNAL_FORMAT", "Head", "Journal", "Recorder"]

#: The version of the form of a journal.
JOURNAL_FORMAT = 1

_ALL = "SELECT id, run, at, cluster, step, requests, data FROM steps ORDER BY id"
_OPEN = "SELECT id, run, at, cluster, step, requests, data FROM steps WHERE recorded = 0 ORDER BY id"
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE steps (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at TEXT NOT NULL, cluster TEXT NOT NULL, step TEXT NOT NULL,
    requests INTEGER NOT NULL, data TEXT NOT NULL, recorded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE runs (run INTEGER PRIMARY KEY, at TEXT NOT NULL) STRICT;
"""


class Recorder(Protocol):
    """Where evidence goes: ``EvidenceLog`` is one."""

    def append(self, what: str, data: Mapping[str, Any], /) -> object:
        """Write one entry, on disk when it returns."""

    @property
    def head(self) -> Head:
        """The last entry."""
        ...


class Head(Protocol):
    """The last entry of evidence: what has to be kept elsewhere."""

    @property
    def hash(self) -> str:
        """Its hash."""
        ...

    @property
    def count(self) -> int:
        """How many entries there are."""
        ...


class Journal:
    """The journal of one drill; made by :meth:`create` or :meth:`open`.

    Attributes:
        plan: The plan of the drill, as it was when it began.
        run: The number of this run, from 1.
        started_at: When the first run began.

    """

    def __init__(self, database: sqlite3.Connection, recorder: Recorder | None) -> None:
        self._database = database
        self._recorder = recorder
        about = dict(database.execute("SELECT name, value FROM about"))
        if about.get("format") != str(JOURNAL_FORMAT):
            raise ConfigError(
                f"format of the journal is {about.get('format')}: this version reads {JOURNAL_FORMAT}, so resume the"
                f" drill with the version that began it"
            )
        self.plan: DrillPlan = from_json(json.loads(about["plan"]), DrillPlan, "plan in the journal")
        with _writing(database):
            cursor = database.execute("INSERT INTO runs (at) VALUES (?)", (_now(),))
        self.run: int = cursor.lastrowid or 1
        (first,) = database.execute("SELECT at FROM runs ORDER BY run LIMIT 1").fetchone()
        self.started_at: datetime = datetime.fromisoformat(first)
        if recorder is not None and not recorder.head.count:  # new evidence: it lacks all that was done before
            with _writing(database):
                database.execute("UPDATE steps SET recorded = 0")
        self.note("run", {"plan": to_json(self.plan)})

    @classmethod
    def create(cls, path: str | PathLike[str], plan: DrillPlan, *, recorder: Recorder | None = None) -> Journal:
        """Begin a drill.

        Raises:
            ConfigError: There is a journal already.
            OSError: It cannot be written.

        """
        database = _connect(path)
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            database.close()
            raise ConfigError(f"{path} is the journal of a drill that has begun: resume it, or choose another folder")
        try:
            with _writing(database):
                database.execute("BEGIN")  # all of it or nothing: a run may be killed here, too
                for statement in _TABLES.strip().split(";\n"):
                    database.execute(statement)
                about = {"format": str(JOURNAL_FORMAT), "plan": json.dumps(to_json(plan))}
                database.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            return cls(database, recorder)
        except BaseException:
            database.close()
            raise

    @classmethod
    def open(cls, path: str | PathLike[str], *, recorder: Recorder | None = None) -> Journal:
        """Go on with a drill. What the evidence may lack of it is written there: at worst a step is there twice.

        Raises:
            ConfigError: It is no journal, or another run has it.

        """
        if not Path(path).exists():
            raise ConfigError(f"{path} is not there: no drill has begun in this folder")
        database = _connect(path)
        try:
            journal = cls(database, recorder)
            journal._record_rest()
        except BaseException as error:
            database.close()
            if isinstance(error, sqlite3.DatabaseError):
                raise ConfigError(f"{path} is no journal of a drill") from None
            raise
        return journal

    def note(self, what: str, data: Mapping[str, Any]) -> None:
        """Write what is about the whole drill into the evidence.

        Args:
            what: What it is about: ``run`` or ``report``.
            data: JSON.

        """
        if self._recorder is not None:
            _tell(self._recorder, f"drill.{what}", {"drill": self.plan.name, "run": self.run, **data})

    def close(self) -> None:
        """Let go of it."""
        self._database.close()

    def add(self, cluster: str, step: StepName, requests: int, data: Mapping[str, Any]) -> JournalStep:
        """Write a step, and then the evidence of it; both are on disk when it returns.

        Args:
            cluster: Name of the cluster in the plan.
            step: Which step.
            requests: Requests sent by this run so far.
            data: JSON; see :class:`JournalStep`.

        Raises:
            OSError: It cannot be written.

        """
        row = (self.run, _now(), cluster, step, requests, json.dumps(data))
        with _writing(self._database):
            cursor = self._database.execute(
                "INSERT INTO steps (run, at, cluster, step, requests, data) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        written = _step((cursor.lastrowid or 0, *row))
        self._record(written)
        return written

    def steps(self) -> Iterator[JournalStep]:
        """Read all steps, in the order they were made."""
        yield from map(_step, self._database.execute(_ALL))

    def histories(self) -> dict[str, History]:
        """Read what is known of each cluster of the plan."""
        found: defaultdict[str, History] = defaultdict(History)
        for step in self.steps():
            found[step.cluster].add(step)
        return {cluster.name: found[cluster.name] for cluster in self.plan.clusters}

    def requests(self) -> int:
        """Count the requests of all runs, up to their last steps."""
        (total,) = self._database.execute(
            "SELECT coalesce(sum(most), 0) FROM (SELECT max(requests) AS most FROM steps GROUP BY run)"
        ).fetchone()
        return int(total)

    def _record(self, step: JournalStep) -> None:
        if self._recorder is None:
            return
        entry = {
            "drill": self.plan.name,
            "cluster": step.cluster,
            "step": step.id,
            "run": step.run,
            "at": step.at.isoformat(),
            **step.data,
        }
        _tell(self._recorder, f"drill.{step.step}", entry)
        with _writing(self._database):
            self._database.execute("UPDATE steps SET recorded = 1 WHERE id = ?", (step.id,))

    def _record_rest(self) -> None:
        rows = self._database.execute(_OPEN).fetchall()
        for row in rows:
            self._record(_step(row))


@contextmanager
def _writing(database: sqlite3.Connection) -> Generator[None]:
    """Write in one transaction."""
    try:
        with database:
            yield
    except sqlite3.OperationalError as error:  # a full disk, in most cases
        raise OSError(f"the journal of the drill cannot be written: {error}") from None


def _tell(recorder: Recorder, what: str, data: Mapping[str, Any]) -> None:
    try:
        recorder.append(what, data)
    except RestoreError as error:  # no failure of a restore: it must end the run, and not be taken for an outcome
        raise OSError(f"the evidence cannot be written: {error}") from error


def _connect(path: str | PathLike[str]) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=0, check_same_thread=False)
    try:
        # The lock that the first write takes is kept to the end: two runs of one drill would restore twice.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN EXCLUSIVE")
        database.rollback()
    except sqlite3.OperationalError as error:
        database.close()
        if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ConfigError(f"{path} is in use: another run of this drill is going on") from None
        raise OSError(f"{path} cannot be opened: {error}") from None
    except sqlite3.DatabaseError:
        database.close()
        raise ConfigError(f"{path} is no journal of a drill") from None
    return database


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _step(row: tuple[Any, ...]) -> JournalStep:
    number, run, at, cluster, step, requests, data = row
    return JournalStep(
        id=number,
        run=run,
        at=datetime.fromisoformat(at),
        cluster=cluster,
        step=step,
        requests=requests,
        data=json.loads(data),
    )
