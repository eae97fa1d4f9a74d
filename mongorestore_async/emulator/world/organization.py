"""The organization that the projects of a side belong to, with its users and its team. All of it is computed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from mongorestore_async.emulator.world.entities import Side

__all__ = ["Organization", "Team", "User"]

_PEOPLE = (("Ada", "Marsh", "owner"), ("Ben", "Okafor", "operator"), ("Cleo", "Lindt", "reader"))
_IN_TEAM = 2


@attrs.frozen
class User:
    """A user of an organization.

    Attributes:
        id: 24 hexadecimal characters.
        username: An address at a host that does not exist.
        first_name: First name.
        last_name: Last name.
        role: ``owner``, ``operator`` or ``reader``.

    """

    id: str
    username: str
    first_name: str
    last_name: str
    role: str


@attrs.frozen
class Team:
    """A team of an organization, which all its projects have.

    Attributes:
        id: 24 hexadecimal characters.
        name: Unique in the organization.
        users: Its users.

    """

    id: str
    name: str
    users: tuple[User, ...]


@attrs.frozen
class Organization:
    """An organization.

    Attributes:
        id: 24 hexadecimal characters; the same on both sides.
        side: Which API.

    """

    id: str
    side: Side

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.side}-organization"

    @property
    def users(self) -> tuple[User, ...]:
        """Its users."""
        return tuple(
            User(self._id(f"user {first}"), f"{first.lower()}@{self.side}.example.invalid", first, last, role)
            for first, last, role in _PEOPLE
        )

    @property
    def teams(self) -> tuple[Team, ...]:
        """Its teams."""
        return (Team(self._id("team"), f"{self.side}-restorers", self.users[:_IN_TEAM]),)

    def _id(self, what: str) -> str:
        return hashlib.blake2b(f"{what} {self.side} {self.id}".encode(), digest_size=12).hexdigest()
