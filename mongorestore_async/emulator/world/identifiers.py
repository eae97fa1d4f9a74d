"""Identifiers that can be read backwards: from an id to its place in the world, with nothing remembered."""

from __future__ import annotations

import hashlib
import re
from enum import IntEnum

import attrs

__all__ = ["IdKind", "Identifiers", "Place"]

_HEX24 = re.compile(r"[0-9a-f]{24}")


class IdKind(IntEnum):
    """What an id is the id of."""

    MANAGER_PROJECT = 1
    ATLAS_PROJECT = 2
    ORGANIZATION = 3
    MANAGER_CLUSTER = 4
    ATLAS_CLUSTER = 5
    MEMBER = 6
    MANAGER_JOB = 7
    ATLAS_JOB = 8
    SNAPSHOT = 9
    CHECKPOINT = 10
    BATCH = 11
    HOST = 12
    HOST_JOB = 13


@attrs.frozen
class Place:
    """What an id says.

    Attributes:
        kind: What it names.
        project: Number of the project among those of its side.
        cluster: Number of the cluster in its project.
        index: Number of the thing in its cluster.
        stamp: Seconds since 1970, the first four bytes of an object id.

    """

    kind: IdKind
    project: int = 0
    cluster: int = 0
    index: int = 0
    stamp: int = 0


class Identifiers:
    """Writes places as 24 hexadecimal characters and reads them back.

    The first eight are the stamp, as in MongoDB's object ids; the others are kind (4 bits), project (20),
    cluster (12) and index (28), mixed with the seed so that worlds of different seeds share no ids.
    """

    def __init__(self, seed: int) -> None:
        self._mask = int.from_bytes(hashlib.blake2b(f"ids {seed}".encode(), digest_size=8).digest())

    def write(self, place: Place) -> str:
        """The id of a place."""
        tail = place.kind << 60 | place.project << 40 | place.cluster << 28 | place.index
        return f"{place.stamp:08x}{tail ^ self._mask:016x}"

    def read(self, text: str) -> Place | None:
        """The place of an id; None for one that no world of this seed writes."""
        tail = int(text[8:], 16) ^ self._mask
        kind = tail >> 60
        if kind not in IdKind.__members__.values():
            return None
        return Place(IdKind(kind), tail >> 40 & 0xFFFFF, tail >> 28 & 0xFFF, tail & 0xFFFFFFF, stamp=int(text[:8], 16))

    @staticmethod
    def well_formed(text: str) -> bool:
        """Whether a text is 24 lower-case hexadecimal characters."""
        return _HEX24.fullmatch(text) is not None
