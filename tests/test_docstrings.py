"""What docstrings of public names tell: each parameter, the unit of each number, what is returned, what is raised."""

from __future__ import annotations

import ast
import builtins
import enum
import importlib
import inspect
import re
import textwrap

import attrs
import pytest
from griffe import Docstring

import mongorestore_async
from mongorestore_async import drills, errors, evidence
from mongorestore_async.models.secret import Secret

ROOMS = ("board", "doctor", "drills", "emulator", "errors", "evidence", "models", "otel", "reports", "testing")

#: Rooms that are mostly values. A call that does no I/O, raises nothing and takes no number may be told in one line.
BRIEF = ("emulator", "errors", "families", "models", "settings")

#: What has this in its docstring is there for other rooms, and is no part of the reference.
INTERNAL = "for the rooms of this library, not for users"

PUBLIC = [
    getattr(module, name)
    for module in (mongorestore_async, *(importlib.import_module(f"mongorestore_async.{room}") for room in ROOMS))
    for name in module.__all__
]

ERRORS = {name for room in (errors, drills, evidence) for name in room.__all__} | set(vars(builtins))

#: A number, or None: a ``timedelta`` has its unit in it.
NUMBER = re.compile(r"(timedelta \| )?(int|float)\b")

UNIT = re.compile(
    r"(?i)\b(seconds?|minutes?|hours?|days?|moment|UTC|bytes?|at most|at once|from \d+|\d+ to \d+|how (many|often|long)"
    r"|number|page|times|percent|share|part|(in|on) (all|which)|port|status|As for|of the other size|position)\b"
)


def is_ours(value):
    return value.__module__.startswith("mongorestore_async.") and INTERNAL not in (inspect.getdoc(value) or "")


def label(value):
    return f"{value.__module__.partition('.')[2]}:{value.__qualname__}"


def verbs(kind):
    for name, value in vars(kind).items():
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if not name.startswith("_") and inspect.isfunction(function) and is_ours(function):
            yield function


CLASSES = {
    label(kind): kind
    for value in PUBLIC
    if inspect.isclass(value) and not issubclass(value, enum.Enum)
    for kind in value.__mro__
    if is_ours(kind) and kind is not Secret
}
CALLS = {
    label(call): call
    for call in (
        *(value for value in PUBLIC if inspect.isfunction(value) and is_ours(value)),
        *(verb for kind in CLASSES.values() for verb in verbs(kind)),
    )
}
each_call = pytest.mark.parametrize("name", sorted(CALLS))
each_class = pytest.mark.parametrize("name", sorted(CLASSES))


def sections(value):
    """What the sections of a docstring tell, by their kind; of lists of names the text by its name."""
    found = Docstring(inspect.getdoc(value) or "").parse("google", warnings=False)
    lists = {section.kind.value: section.value for section in found if isinstance(section.value, list)}
    return {
        kind: {(getattr(each, "name", "") or str(each.annotation)).lstrip("*"): each.description for each in entries}
        for kind, entries in lists.items()
    }


def parameters(call):
    found = inspect.signature(call).parameters.values()
    return {
        each.name: each.annotation if isinstance(each.annotation, str) else inspect.formatannotation(each.annotation)
        for each in found
        if each.name not in {"self", "cls"} and not each.name.startswith("_")
    }


def raised(call):
    """Exceptions of the ``raise`` statements of a function itself."""
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(call))))
    found = (ast.unparse(node.exc).partition("(")[0] for node in nodes if isinstance(node, ast.Raise) and node.exc)
    return {name for name in found if name in ERRORS and name != "NotImplementedError"}


def has_unit(name, description):
    return UNIT.search(f"{name} {description}".replace("_", " ")) is not None


def is_brief(call):
    room = label(call).partition(".")[0].partition(":")[0]
    is_short = "\n" not in (inspect.getdoc(call) or "") and not inspect.iscoroutinefunction(call) and not raised(call)
    numbers = [name for name, kind in parameters(call).items() if NUMBER.match(kind)]
    return is_short and not numbers and (room in BRIEF or not parameters(call))


@each_call
def test_every_parameter_is_described(name):
    call = CALLS[name]
    if not is_brief(call):
        described = sections(call).get("parameters", ())
        assert [each for each in described if not each.startswith("_")] == list(parameters(call))


@each_call
def test_what_is_returned_is_described(name):
    call = CALLS[name]
    if not is_brief(call):
        returns_something = inspect.signature(call).return_annotation not in {"None", "Never", None}
        told = inspect.getdoc(call) or ""
        assert ("returns" in sections(call)) == returns_something
        assert not re.search(r"(?m)^Returns:\n    [^`\n]*:( |$)", told)  # before a colon Sphinx expects a type


@each_call
def test_what_is_raised_is_described(name):
    call = CALLS[name]
    described = set(sections(call).get("raises", ()))

    assert raised(call) <= described
    assert described <= ERRORS
    assert described or not inspect.iscoroutinefunction(call) or label(call).startswith("emulator")


@each_call
def test_every_number_has_its_unit(name):
    call = CALLS[name]
    described = sections(call).get("parameters", {})
    numbers = [each for each, kind in parameters(call).items() if NUMBER.match(kind)]
    assert [each for each in numbers if not has_unit(each, described.get(each, ""))] == []


@each_class
def test_every_field_and_argument_of_a_class_is_described(name):
    kind = CLASSES[name]
    found = sections(kind)
    if attrs.has(kind):
        fields = [field.name for field in attrs.fields(kind) if not field.inherited and not field.name.startswith("_")]
        described = dict(found.get("parameters", {}))
        for each in filter(is_ours, kind.__mro__):
            described |= sections(each).get("attributes", {})
        assert set(fields) <= described.keys()
        durations = {each for each in fields if "float" in str(getattr(attrs.fields(kind), each).type)}
        assert [each for each in durations if not has_unit(each, described[each])] == []
    elif "parameters" in found:
        assert list(found["parameters"]) == list(parameters(kind))
