"""An OpenAPI 3 document as Atlas writes it: a media type for each version of an operation, with its end of life."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Document", "Member", "Operation", "Version"]

_API = "/api/atlas/v2"
_MEDIA = re.compile(r"application/vnd\.atlas\.(\d{4}-\d\d-\d\d)\+json")
_METHODS = ("get", "post", "put", "patch", "delete")
_DEPTH = 8


@attrs.frozen
class Member:
    """A member of an object.

    Attributes:
        schema: As written, the first of its variants.
        words: Its enumeration; empty without one.

    """

    schema: Any
    words: frozenset[str] = frozenset()


@attrs.frozen
class Version:
    """One version of an operation.

    Attributes:
        date: Its name.
        sunset: The day it ends, as written; None without one.
        schema: Of the answer, as written; None without one.

    """

    date: str
    sunset: str | None
    schema: Mapping[str, Any] | None


@attrs.frozen
class Operation:
    """One operation.

    Attributes:
        method: In capitals.
        path: Below the API, with its parameters as ``{}``.
        query: Names of its query parameters.
        versions: Newest first; of a success.
        status: Of a success.

    """

    method: str
    path: str
    query: frozenset[str]
    versions: tuple[Version, ...]
    status: str

    @property
    def name(self) -> str:
        """As in ``GET /groups/{}/clusters``."""
        return f"{self.method} {self.path}"


class Document:
    """The document.

    Args:
        tree: What its file says.

    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree
        found = self._operations()
        self.operations: dict[str, Operation] = {operation.name: operation for operation in found}

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a YAML or JSON file.

        Raises:
            ValueError: It is no OpenAPI document.

        """
        with path.open(encoding="utf-8") as file:
            # The C loader, where it was built: the vendor's document has megabytes.
            tree = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        if not isinstance(tree, dict) or "openapi" not in tree or not isinstance(tree.get("paths"), dict):
            raise ValueError(f"{path} is no OpenAPI document")
        return cls(tree)

    def resolve(self, value: Any) -> Any:
        """Follow a reference inside the document."""
        for _ in range(_DEPTH):
            if not isinstance(value, dict) or "$ref" not in value:
                return value
            target: Any = self.tree
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            value = target
        raise ValueError(f"the references of {value} go in circles")

    def members(self, schema: Any, depth: int = 0) -> dict[str, Member]:
        """Members of an object, those of its variants (``allOf``, ``oneOf``, ``anyOf``) included."""
        schema = self.resolve(schema)
        if not isinstance(schema, dict) or depth > _DEPTH:
            return {}
        found: dict[str, Member] = {}
        for word in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(word, ()):
                _join(found, self.members(part, depth + 1))
        mapped = schema.get("discriminator", {}).get("mapping", {}) if depth == 0 else {}
        for target in mapped.values():
            _join(found, self.members({"$ref": target}, depth + 1))
        _join(found, {name: Member(one, self._words(one)) for name, one in schema.get("properties", {}).items()})
        return found

    def item(self, schema: Any) -> Any:
        """The schema of the items of an array or of a list document; the schema itself where it is neither."""
        schema = self.resolve(schema)
        results = self.resolve(schema.get("properties", {}).get("results", schema))
        return self.resolve(results.get("items", schema))

    def _words(self, schema: Any) -> frozenset[str]:
        schema = self.resolve(schema)
        if not isinstance(schema, dict):
            return frozenset()
        parts = [schema, *(self.resolve(one) for word in ("allOf", "oneOf", "anyOf") for one in schema.get(word, ()))]
        return frozenset(str(word) for part in parts for word in part.get("enum", ()) if word is not None)

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.tree["paths"].items():
            shared = methods.get("parameters", [])
            for method in _METHODS:
                if method in methods:
                    yield self._operation(method, path, methods[method], shared)

    def _operation(self, method: str, path: str, written: Mapping[str, Any], shared: list[Any]) -> Operation:
        parameters = [self.resolve(one) for one in (*shared, *written.get("parameters", ()))]
        answers = {status: self.resolve(one) for status, one in written.get("responses", {}).items()}
        status = next((str(one) for one in answers if str(one).startswith("2")), "")
        content = next((one for name, one in answers.items() if str(name) == status), {}).get("content", {})
        versions = [
            Version(found[1], media.get("x-sunset"), media.get("schema"))
            for name, media in content.items()
            if (found := _MEDIA.match(name))
        ]
        return Operation(
            method=method.upper(),
            path=re.sub(r"\{[^}]*\}", "{}", path).removeprefix(_API),
            query=frozenset(one["name"] for one in parameters if one["in"] == "query"),
            versions=tuple(sorted(versions, key=lambda one: one.date, reverse=True)),
            status=status,
        )


def _join(found: dict[str, Member], more: Mapping[str, Member]) -> None:
    for name, member in more.items():
        found[name] = Member(found[name].schema, found[name].words | member.words) if name in found else member
