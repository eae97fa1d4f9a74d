"""JSON Schemas of the answers of Atlas v2 (tests/schemas), and what of an answer does not keep to them."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "schemas"


class AnswerSchemas:
    """The schemas by their kind: the name of a file, or of the items of a list document with ``[]`` behind it."""

    def __init__(self, folder=SCHEMAS):
        documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
        resources = {f"{name}.json": Resource.from_contents(one) for name, one in documents.items()}
        self._registry = Registry().with_resources(resources.items())
        self._validators = {
            name: Draft202012Validator(one, registry=self._registry)
            for name, one in documents.items()
            if name != "common"
        }
        for one in documents.values():
            Draft202012Validator.check_schema(one)

    @property
    def kinds(self):
        """What answers can be."""
        return self._validators.keys() - {"list"}

    def problems(self, kind, document):
        """What is wrong with an answer, a line each."""
        if not kind.endswith("[]"):
            return _problems(self._validators[kind], document, "$")
        found = _problems(self._validators["list"], document, "$")
        if not found:
            item = self._validators[kind.removesuffix("[]")]
            for number, one in enumerate(document["results"]):
                found += _problems(item, one, f"$.results[{number}]")
        return found


def _problems(validator, document, place):
    return [f"{place}{error.json_path[1:]}: {error.message}"[:300] for error in validator.iter_errors(document)]
