"""What a run has read, small enough to be kept: the resume token."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from mongorestore_async.errors import ConfigError, Hint, HintKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mongorestore_async.fleet.fleet_records import FleetCluster, FleetProject

__all__ = ["ResumeToken", "fingerprint", "read_token", "write_token"]

_VERSION = "fleet1"

#: Of each mark. That one of 10,000 clusters still to be read has the mark of one of 10,000 others by chance, so that
#: it would be skipped, happens once in three million runs.
_BYTES = 6


class ResumeToken:
    """The projects and clusters of one fleet that were read to their end.

    A mark is a hash of 6 bytes, so ids and names cannot be read from it. A project whose clusters were all read has
    one mark in place of theirs.

    Args:
        resume_token: Those of an earlier run.

    """

    def __init__(self, resume_token: Iterable[int] = ()) -> None:
        self._earlier = set(resume_token)
        self._projects: set[int] = set()
        self._clusters: dict[str, list[str]] = {}  # of projects in progress: their marks are made when asked for

    @property
    def data(self) -> bytes:
        """All marks, in ascending order."""
        clusters = {_mark(project, key) for project, keys in self._clusters.items() for key in keys}
        resume_token = self._earlier | self._projects | clusters
        return b"".join(mark.to_bytes(_BYTES) for mark in sorted(resume_token))

    def has_project(self, project: FleetProject) -> bool:
        """Whether the earlier run has read all its clusters."""
        return bool(self._earlier) and _mark(project.id) in self._earlier

    def has_cluster(self, cluster: FleetCluster) -> bool:
        """Whether the earlier run has read it."""
        return bool(self._earlier) and _mark(cluster.project.id, cluster.key) in self._earlier

    def add_cluster(self, cluster: FleetCluster) -> None:
        """Note that a cluster was read."""
        self._clusters.setdefault(cluster.project.id, []).append(cluster.key)

    def add_project(self, project: FleetProject, clusters: Iterable[FleetCluster] = ()) -> None:
        """Note that all clusters of a project were read.

        Args:
            project: The project.
            clusters: Those of them that the earlier run has read.

        """
        self._clusters.pop(project.id, None)
        self._earlier.difference_update(_mark(project.id, cluster.key) for cluster in clusters)
        self._projects.add(_mark(project.id))


def fingerprint(*words: str) -> str:
    """Name a fleet and what is asked of it, in 8 characters from which neither can be read."""
    return _write(_hash(*words))


def write_token(resume_token: Mapping[str, ResumeToken]) -> str:
    """Write what was read, by the fingerprints of the fleets: 8 characters a mark."""
    return ".".join((_VERSION, *(name + _write(found.data) for name, found in resume_token.items())))


def read_token(token: str, fleets: Iterable[str]) -> dict[str, ResumeToken]:
    """Read what :func:`write_token` wrote.

    Args:
        token: The token.
        fleets: Fingerprints of the fleets it may be about.

    Raises:
        ConfigError: It is no token, or that of another run.

    """
    version, *sections = token.split(".") if isinstance(token, str) else [""]  # pyright: ignore[reportUnnecessaryIsInstance]
    if version != _VERSION:
        raise ConfigError("resume is not a token that this version can read", hint=Hint(HintKind.PASS_RESUME_TOKEN))
    known = set(fleets)
    found: dict[str, ResumeToken] = {}
    for section in sections:
        name, text = section[:8], section[8:]
        if name not in known:
            raise ConfigError("resume is the token of a different query:", hint=Hint(HintKind.REPEAT_QUERY))
        found[name] = ResumeToken(_read(text))
    return found


def _hash(*words: str) -> bytes:
    text = "\0".join((str(len(words)), *words))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_BYTES).digest()


def _mark(*words: str) -> int:
    return int.from_bytes(_hash(*words))


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _read(text: str) -> Iterable[int]:
    try:
        data = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b"?"
    if len(data) % _BYTES:
        raise ConfigError("resume is a corrupt token", hint=Hint(HintKind.PASS_RESUME_TOKEN))
    return (int.from_bytes(data[start : start + _BYTES]) for start in range(0, len(data), _BYTES))
