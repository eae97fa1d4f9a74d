"""The members of a JSON object somebody sent, taken out with the API's complaints."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.world.identifiers import Identifiers

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Members", "parsed_object"]

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def parsed_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object.

    Raises:
        Refusal: It is none.

    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal("MALFORMED_JSON") from None
    if not isinstance(document, dict):
        raise Refusal("INVALID_JSON")
    return cast("dict[str, Any]", document)


class Members:
    """Reads members of one object by name. Numbers may come as numbers or as strings of digits (D9).

    Args:
        document: The object.
        known: Names it may have.
        read_only: Names that exist in answers only.
        prefix: Where it stands, for complaints.

    Raises:
        Refusal: It has other names, or nulls: unset members must be left out.

    """

    def __init__(
        self, document: Mapping[str, Any], *, known: frozenset[str], read_only: frozenset[str], prefix: str = ""
    ) -> None:
        self._document = document
        self._prefix = prefix
        for name, value in document.items():
            if name in read_only:
                raise Refusal("ATTRIBUTE_READ_ONLY", prefix + name)
            if name not in known or value is None:
                raise Refusal("INVALID_ATTRIBUTE", prefix + name)

    def __contains__(self, name: str) -> bool:
        return name in self._document

    def require(self, *names: str) -> None:
        """Complain about members that are missing."""
        missing = [self._prefix + name for name in names if name not in self._document]
        if missing:
            raise Refusal("MISSING_ATTRIBUTE" if len(missing) == 1 else "MISSING_ATTRIBUTES", *missing)

    def refuse(self, *names: str, because: str) -> None:
        """Complain about members that do not belong into this kind of request."""
        for name in names:
            if name in self._document:
                full = self._prefix + name
                raise Refusal("INVALID_ATTRIBUTE", full, detail=f"{full} is not allowed here: {because}.")

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object."""
        value = self._required(name)
        if not isinstance(value, dict):
            self._misfit(name)
        return cast("dict[str, Any]", value)

    def text(self, name: str) -> str:
        """A string."""
        value = self._required(name)
        if not isinstance(value, str):
            self._misfit(name)
        return value

    def identifier(self, name: str, code: str) -> str:
        """A string of 24 hexadecimal characters, or the complaint with this code."""
        value = self.text(name)
        if not Identifiers.well_formed(value):
            raise Refusal(code, value)
        return value

    def count(self, name: str, least: int = 1) -> int:
        """A whole number from 1 up; from ``least`` up where a schema says so (v2)."""
        value = self._required(name)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self._misfit(name)
        if value < 1:
            raise Refusal("ATTRIBUTE_NEGATIVE_OR_ZERO", self._prefix + name)
        if value < least:
            raise Refusal("VALIDATION_ERROR", fields={self._prefix + name: f"must be greater than or equal to {least}"})
        return value

    def moment(self, name: str) -> datetime:
        """A date in ISO 8601; without a zone it is UTC."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise Refusal("INVALID_DATE_FORMAT", self._document[name]) from None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found

    def _required(self, name: str) -> Any:
        self.require(name)
        return self._document[name]

    def _misfit(self, name: str) -> NoReturn:
        raise Refusal("INVALID_JSON_ATTRIBUTE", self._prefix + name)
