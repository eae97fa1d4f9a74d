"""Answers beside the schemas of the vendor's OpenAPI document, where one is given."""

import re

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_NAME = "document"
#: Members that the vendor's document describes wrongly: recorded answers have the frequency ``ondemand``, and the least
#: increment was copied from the seconds beside it.
_MISTAKES = {"frequencyType", "increment"}
#: A word of the document of August 2026 that the next one lacks; the emulator plays both.
_DROPPED = {"INDEX_BUILD_FAILED"}


class OpenApiSchemas:
    """What an OpenAPI document says of the answers.

    Args:
        document: A ``Document`` of api_drift.

    """

    def __init__(self, document):
        self._operations = document.operations
        contents = _translated(document.tree)
        self._registry = Registry().with_resource(_NAME, Resource.from_contents(contents, DRAFT202012))
        self._validators = {}

    def problems(self, answer):
        """What is wrong with an answer, a line each; None where the document says nothing about it."""
        name = re.sub(r"\{[^}]*\}", "{}", answer.call)
        operation = self._operations.get(name)
        if operation is None or answer.status >= 400:
            return None
        version = next((one for one in operation.versions if one.date <= answer.version), None)
        if version is None or version.schema is None:
            return None
        key = name, version.date
        if key not in self._validators:
            schema = _translated(version.schema)
            self._validators[key] = Draft202012Validator(schema, registry=self._registry)
        errors = self._validators[key].iter_errors(answer.document)
        return [f"{error.json_path}: {error.message}"[:300] for error in errors if str(error.instance) not in _DROPPED]


def _translated(value):
    """A schema of OpenAPI 3.0 in the words of JSON Schema."""
    if isinstance(value, list):
        return [_translated(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return {"$ref": value["$ref"].replace("#/", f"{_NAME}#/", 1)}
    found = {}
    for word, one in value.items():
        if word == "properties":
            found[word] = {name: {} if name in _MISTAKES else _translated(schema) for name, schema in one.items()}
        elif word != "pattern" or r"\p" not in one:  # classes of Unicode, which Python has not
            # Variants that a discriminator tells apart may fit more than one.
            found["anyOf" if word == "oneOf" else word] = _translated(one)
    if found.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, found]}
    return found
