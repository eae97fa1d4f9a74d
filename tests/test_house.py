"""The rules the house is built by: exports, sizes, docstrings, cheap imports, one version.

What may import what is kept by the contracts in ``pyproject.toml`` (``nox -s lint``).
"""

from __future__ import annotations

import ast
import csv
import functools
import graphlib
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import attrs
import pytest

import mongorestore_async
from mongorestore_async import AsyncSession, Cluster, ConfigServer, DigestAuth, Options, Project, RestoreBatch
from mongorestore_async.transport.options import OptionChanges

PACKAGE = Path(mongorestore_async.__file__).parent
PROJECT = PACKAGE.parent
OURS = PACKAGE.name

MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
each_module = pytest.mark.parametrize("name", MODULES)


@functools.cache
def parse(name):
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def dotted(name):
    parts = (OURS, *name.removesuffix(".py").split("/"))
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


DOTTED = {dotted(name) for name in MODULES}


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def executed(tree):
    """Every node below ``tree`` except the bodies of ``if TYPE_CHECKING:``."""
    for node in ast.iter_child_nodes(tree):
        below = ast.Module(node.orelse, []) if is_type_checking(node) else node
        if below is node:
            yield node
        yield from executed(below)


def imports(tree):
    """Full names of all a module imports when it runs, wherever in it that is."""
    for node in executed(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(name):
    """Modules of ours that a module names anywhere, for type checkers included."""
    for node in ast.walk(parse(name)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == OURS:
            yield from (
                next(each for each in (f"{node.module}.{alias.name}", node.module) if each in DOTTED)
                for alias in node.names
            )


def exports(tree):
    """Names in ``__all__``; None without one."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if ast.unparse(target) == "__all__":
                return ast.literal_eval(node.value)
    return None


def order(name):
    """Constants, then classes, then the rest: the order ruff writes."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def where_airflow_is(test):
    """Skip modules that need Airflow where it is not installed: ``nox -s airflow_units``."""

    @functools.wraps(test)
    def wrapped(name):
        try:
            test(name)
        except ModuleNotFoundError as missing:
            if missing.name != "airflow":
                raise
            pytest.skip("needs Airflow")

    return wrapped


@each_module
@where_airflow_is
def test_all_is_there_sorted_and_true(name):
    tree = parse(name)
    module = importlib.import_module(dotted(name))
    if module is mongorestore_async:
        return  # lazy_loader makes it from the stub
    names = exports(tree)

    assert names is not None
    assert names == sorted(set(names), key=order)
    assert [each for each in names if not hasattr(module, each)] == []


@each_module
def test_what_a_module_defines_in_public_is_in_its_all(name):
    tree = parse(name)
    defined = {label for label, _ in public_definitions(tree) if "." not in label}

    assert defined - set(exports(tree) or ()) == set()


def test_the_front_door_gives_all_its_names_and_no_others():
    given = {}
    exec(f"from {OURS} import *", given)  # noqa: S102 - allowed at the top of a module only

    assert given.keys() - {"__builtins__"} == set(mongorestore_async.__all__)
    assert dir(mongorestore_async) == sorted(mongorestore_async.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        mongorestore_async.no_such_name  # noqa: B018 - the access is the test


def test_no_circle_of_modules_passes_through_a_door():
    """The contracts see circles below a package, not those in which its ``__init__`` takes part."""
    graph = {dotted(name): set(imported_modules(name)) for name in MODULES if "/" in name}

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@each_module
def test_a_module_is_one_noun(name):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 350


def public_definitions(tree, prefix=""):
    """Public classes, functions and methods with their names; setters and overloads share a docstring."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if not {f"{node.name}.setter", "overload"} & set(map(ast.unparse, node.decorator_list)):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node, f"{prefix}{node.name}.")


@each_module
def test_public_definitions_have_docstrings(name):
    tree = parse(name)

    assert ast.get_docstring(tree)
    assert [label for label, node in public_definitions(tree) if not ast.get_docstring(node)] == []


def imported_by(*arguments):
    """Top-level packages that a fresh interpreter imports while it runs."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import mongorestore_async"),
        ("-c", "from mongorestore_async import __version__, RestoreJob, RestoreError, OPS_MANAGER"),
        ("-c", "from mongorestore_async.models import RestoreJob"),
        ("-m", "mongorestore_async.cli", "--version"),
    ],
    ids=["package", "names", "models", "version"],
)
def test_what_needs_no_http_costs_none(arguments):
    found = imported_by(*arguments)

    assert OURS in found
    assert found & {"aiohttp", "cattrs"} == set()


def test_the_session_does_import_the_http_library():
    assert {"aiohttp", OURS} <= imported_by("-c", "from mongorestore_async import AsyncSession")


def test_with_options_takes_every_option_with_its_type():
    # As text: some of the types are there for type checkers only.
    changes = {name: reference.__forward_arg__ for name, reference in OptionChanges.__annotations__.items()}

    assert changes == {field.name: field.type for field in attrs.fields(Options)}
    assert OptionChanges.__required_keys__ == frozenset()


def test_from_env_takes_every_argument_of_the_constructor():
    environ = {"MONGODB_ATLAS_PUBLIC_API_KEY": "public", "MONGODB_ATLAS_PRIVATE_API_KEY": "private"}
    parameters = inspect.signature(AsyncSession).parameters

    made = [
        AsyncSession.from_env(environ, **{name: each.default}) for name, each in parameters.items() if name != "auth"
    ]

    assert {parameter.kind for name, parameter in parameters.items() if name != "auth"} == {
        inspect.Parameter.KEYWORD_ONLY
    }
    assert len(made) == len(parameters) - 1
    assert AsyncSession.from_env(environ, auth=DigestAuth("other", "key")).options == Options()
    with pytest.raises(TypeError, match="no_such_argument"):
        AsyncSession.from_env(environ, no_such_argument=1)


@pytest.mark.parametrize("kind", [AsyncSession, Project, Cluster, ConfigServer, RestoreBatch])
def test_no_verb_takes_a_flag_of_the_session(kind):
    verbs = [verb for name, verb in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]

    assert verbs
    assert not [verb for verb in verbs if {"envelope", "pretty"} & set(inspect.signature(verb).parameters)]


@pytest.mark.parametrize("listing", [AsyncSession.projects, Project.clusters, Cluster.restore_jobs])
def test_lists_name_page_size_and_total_alike(listing):
    parameters = inspect.signature(listing).parameters

    assert [parameters[name].default for name in ("items_per_page", "limit", "starting_at")] == [None, None, 1]


def test_the_version_stands_in_one_place():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    literals = [
        name
        for name in MODULES
        for node in ast.walk(parse(name))
        if isinstance(node, ast.Constant) and node.value == mongorestore_async.__version__
    ]

    assert literals == ["version.py"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == f"{OURS}/version.py"
    assert Options().user_agent_header.startswith(f"mongorestore-async/{mongorestore_async.__version__} ")


def test_an_installed_package_tells_the_same_version():
    try:
        installed = metadata.version("mongorestore-async")
    except metadata.PackageNotFoundError:
        pytest.skip("run from the sources without an installation")

    assert installed == mongorestore_async.__version__


def test_every_test_file_can_be_collected_alone():
    """tests/ is no package: what test files share is in tests/support/builders, and nowhere else."""
    files = sorted((PROJECT / "tests").rglob("*.py"))
    stems = {path.stem for path in files if path.parent.name != "builders"}
    found = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in files
        for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        if name.partition(".")[0] in stems | {"tests"}
    }

    assert found == set()


#: A trigger and a fixture have to be async generators: Airflow and pytest say so.
GENERATORS = ("emulator/", "cli/", "airflow/restore_trigger.py", "pytest_plugin.py")


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(GENERATORS)])
def test_nothing_is_an_async_generator(name):
    """One that is cancelled is over: what users iterate is a ResumableIterator."""
    functions = [node for node in ast.walk(parse(name)) if isinstance(node, ast.AsyncFunctionDef)]
    found = [
        function.name
        for function in functions
        if any(isinstance(node, ast.Yield) for statement in function.body for node in ast.walk(statement))
    ]

    assert found == []


DEFINED = re.compile(r"(?m)^ *(?:async )?def (test_\w+)\(")
SITUATIONS = re.compile(r'(?m)^   :header: "case", "before", "now", "test"\n(?:   :.*\n)*\n((?:   ".*\n)+)')


def test_each_situation_in_the_docs_has_its_test():
    page = (PROJECT / "docs/reliability.rst").read_text(encoding="utf-8")
    tests = {name for path in (PROJECT / "tests").rglob("test_*.py") for name in DEFINED.findall(path.read_text())}
    rows = [row for table in SITUATIONS.findall(page) for row in csv.reader(map(str.strip, table.splitlines()))]
    assert [row for row in rows if len(row) != 4 or row[3] not in tests] == []
