"""What a run has read, small enough to be kept: the resume token."""

from __future__ import annotations

import base64
import binascii
import hashlib
from itertools import chain
from typing import TYPE_CHECKING

from mongorestore_async.errors import ConfigError, Hint, HintKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject

__all__ = ["ResumeToken", "fingerprint", "read_token", "write_token"]

_VERSION, _OLD_VERSION = "fleet2", "fleet1"

#: Of each mark. That one of 10,000 clusters still to be read has the mark of one of 10,000 others by chance, so that
#: it would be skipped, happens once in three million runs.
_BYTES = 6
#: Between the finished projects of a fleet and the clusters of the others.
_THEN = "~"


class ResumeToken:
    """The projects and clusters of one fleet that were read to their end.

    A mark is a hash of 6 bytes, so ids and names cannot be read from it. A project whose clusters were all read has
    two, whatever their number: its own, and the exclusive or of theirs. From that and the clusters that it has now
    follows which one or two of them are new. After any other change of its clusters all of them are read again.

    Args:
        projects: Finished projects of an earlier run: their marks, with those of their clusters.
        clusters: Marks of single clusters that it has read.

    """

    def __init__(self, projects: Mapping[int, int] | None = None, clusters: Iterable[int] = ()) -> None:
        self._projects = dict(projects or {})
        self._earlier = set(clusters)
        self._clusters: dict[
            str, list[FleetCluster]
        ] = {}  # of projects in progress: their marks are made when asked for

    @property
    def text(self) -> str:
        """All marks, in ascending order: 16 characters a finished project, and 8 a cluster of others."""
        clusters = self._earlier.union(map(_mark_of, chain.from_iterable(self._clusters.values())))
        return _join(chain.from_iterable(sorted(self._projects.items()))) + _THEN + _join(sorted(clusters))

    def unread(self, project: FleetProject, clusters: Iterable[FleetCluster]) -> list[FleetCluster]:
        """Choose the clusters that the earlier run has not read.

        Args:
            project: The project.
            clusters: All that it has now and that are asked for.

        """
        if not self._projects and not self._earlier:
            return list({_words_of(cluster): cluster for cluster in clusters}.values())
        marks = {_mark_of(cluster): cluster for cluster in clusters}
        new = _new(marks, self._projects.get(_mark(project.id)))
        return [cluster for mark, cluster in marks.items() if mark in new and mark not in self._earlier]

    def add_cluster(self, cluster: FleetCluster) -> None:
        """Note that a cluster was read."""
        self._clusters.setdefault(cluster.project.id, []).append(cluster)

    def add_project(self, project: FleetProject, clusters: Iterable[FleetCluster] = ()) -> None:
        """Note that all clusters of a project were read.

        Args:
            project: The project.
            clusters: Those of them that the earlier run has read.

        """
        own = _mark(project.id)
        marks = set(map(_mark_of, (*self._clusters.pop(project.id, ()), *clusters)))
        self._earlier -= marks | {own}  # the latter of a token of the old version
        self._projects[own] = _together(marks)


def _together(marks: Iterable[int]) -> int:
    """Give the exclusive or of marks, whatever their order."""
    found = 0
    for mark in marks:
        found ^= mark
    return found


def _new(marks: Iterable[int], together: int | None) -> set[int]:
    """Find which clusters a finished project did not have.

    Args:
        marks: Those of the clusters it has now.
        together: The exclusive or of those it had, None where it is not finished.

    Returns:
        None, one or two marks; all of them where no such change explains the difference.

    """
    now = set(marks)
    if together is None:
        return now
    difference = together ^ _together(now)
    if not difference or difference in now:
        return {difference} & now
    pair = next(({mark, mark ^ difference} for mark in now if mark ^ difference in now), None)
    return pair or now


def fingerprint(*words: str) -> str:
    """Name a fleet and what is asked of it, in 8 characters from which neither can be read."""
    return _write(_hash(*words))


def write_token(resume_token: Mapping[str, ResumeToken]) -> str:
    """Write what was read, by the fingerprints of the fleets; see :attr:`ResumeToken.text`."""
    return ".".join((_VERSION, *(name + found.text for name, found in resume_token.items())))


def read_token(token: str, fleets: Iterable[str]) -> dict[str, ResumeToken]:
    """Read what :func:`write_token` wrote.

    A token of the version before tells which projects were finished, but not which clusters they had. So those are
    read again, and only single clusters of the others are skipped.

    Args:
        token: The token.
        fleets: Fingerprints of the fleets it may be about.

    Raises:
        ConfigError: It is no token, or that of another run.

    """
    version, *sections = token.split(".") if isinstance(token, str) else [""]  # pyright: ignore[reportUnnecessaryIsInstance]
    if version not in {_VERSION, _OLD_VERSION}:
        raise ConfigError("resume is not a token that this version can read", hint=Hint(HintKind.PASS_RESUME_TOKEN))
    known = set(fleets)
    found: dict[str, ResumeToken] = {}
    for section in sections:
        name, text = section[:8], section[8:]
        if name not in known:
            raise ConfigError("resume is the token of a different query:", hint=Hint(HintKind.REPEAT_QUERY))
        projects, separator, clusters = text.rpartition(_THEN)
        if bool(separator) is not (version == _VERSION) or len(pairs := _read(projects)) % 2:
            raise _corrupt()
        found[name] = ResumeToken(dict(zip(pairs[::2], pairs[1::2], strict=True)), _read(clusters))
    return found


def _hash(*words: str) -> bytes:
    text = "\0".join((str(len(words)), *words))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_BYTES).digest()


def _mark(*words: str) -> int:
    return int.from_bytes(_hash(*words))


def _mark_of(cluster: FleetCluster) -> int:
    return _mark(*_words_of(cluster))


def _words_of(cluster: FleetCluster) -> tuple[str, ...]:
    # One that was deleted and made again has its name, where clusters are addressed by name, and another id.
    again = () if cluster.id in {None, cluster.key} else (str(cluster.id),)
    return cluster.project.id, cluster.key, *again


def _join(marks: Iterable[int]) -> str:
    return _write(b"".join(mark.to_bytes(_BYTES) for mark in marks))


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _read(text: str) -> list[int]:
    try:
        data = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b"?"
    if len(data) % _BYTES:
        raise _corrupt()
    return [int.from_bytes(data[start : start + _BYTES]) for start in range(0, len(data), _BYTES)]


def _corrupt() -> ConfigError:
    return ConfigError("resume is a corrupt token", hint=Hint(HintKind.PASS_RESUME_TOKEN))
