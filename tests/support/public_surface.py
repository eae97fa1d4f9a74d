"""Compares the public interface of two trees of sources: ``python public_surface.py OLD NEW``.

griffe imports both and looks at what is there: read as text only, fields of attrs, names of the stub and what functions
return are missing. Public is what stands in ``__all__`` of the package and of the rooms that the documentation names.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["breaking_changes", "inspect_package"]

PACKAGE = "mongorestore_async"

#: The rooms whose names users import.
ROOMS = frozenset(
    {"board", "drills", "emulator", "errors", "evidence", "families", "fleet", "models", "otel", "reports", "testing"}
)


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for found in module.modules.values():
        if not found.is_alias:
            yield from _modules(found)


def _hide_machinery(module: griffe.Module) -> None:
    """Take the data that classes carry about themselves out of the comparison: docstrings, slots, what attrs keeps."""
    for found in module.classes.values():
        if not found.is_alias:
            for name, member in found.members.items():
                if name == "__getattr__" or (name.startswith("__") and not member.is_alias and member.is_attribute):
                    member.public = False


def inspect_package(root: Path) -> griffe.Module:
    """Import the package from a tree of sources, and take down what is public.

    Args:
        root: The folder that has the package.

    """
    sys.path.insert(0, str(root))
    rooms = [room for room in sorted(ROOMS) if (root / PACKAGE / room).is_dir()]
    for module in map(importlib.import_module, (PACKAGE, *(f"{PACKAGE}.{room}" for room in rooms))):
        for name in module.__all__:
            setattr(module, name, getattr(module, name))  # griffe sees no name that is loaded when it is first used
    package = griffe.GriffeLoader(force_inspection=True).load(PACKAGE)
    if not isinstance(package, griffe.Module) or Path(str(package.filepath)).parent.parent != root:
        raise SystemExit(f"{PACKAGE} was not imported from {root}")
    for module in _modules(package):
        if module is not package:
            module.public = module.parent is package and module.name in ROOMS
        if (imported := sys.modules.get(module.path)) is not None:
            module.exports = set(imported.__all__)
        _hide_machinery(module)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.path.remove(str(root))
    return package


def _types(package: griffe.Module) -> Iterator[tuple[str, str]]:
    """Name the types that callers get, which griffe passes over: what functions return, the fields of attrs."""
    seen = set[str]()  # what a room and the package both export is told once
    for module in (package, *(package.modules[room] for room in sorted(ROOMS & package.modules.keys()))):
        for exported in sorted(map(str, module.exports or ())):
            found = module.members[exported]
            target = found.final_target if found.is_alias and found.target_path.startswith(PACKAGE) else found
            if target.path in seen:
                continue
            seen.add(target.path)
            members = target.members if not target.is_alias and target.is_class else {"": target}
            for name, member in members.items():
                if member.is_alias or not member.is_function or (name.startswith("_") and name != "__init__"):
                    continue
                place = f"{module.path}.{exported}".partition(".")[2]
                if name == "__init__" and "__attrs_attrs__" in members:
                    yield from ((f"{place}.{each.name}", str(each.annotation)) for each in member.parameters)
                else:
                    yield f"{place}.{name}".rstrip(".") + "()", str(member.returns)


def breaking_changes(old: Path, new: Path) -> list[str]:
    """Tell what callers of the old tree would miss in the new one, one line each.

    Args:
        old: The folder that has the older package.
        new: The folder that has the newer one.

    """
    before, now = inspect_package(old), inspect_package(new)
    lines = {each.explain(griffe.ExplanationStyle.MARKDOWN) for each in griffe.find_breaking_changes(before, now)}
    types = dict(_types(now))
    lines |= {
        f"- `{path}`: *Type was changed*: `{told}` -> `{types[path]}`"
        for path, told in _types(before)
        if types.get(path, told) != told
    }
    return sorted(lines)


if __name__ == "__main__":
    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # what needs Airflow cannot be imported here
    changes = breaking_changes(*(Path(root).resolve() for root in sys.argv[1:]))
    print("\n".join(changes) or "Nothing public is gone or different.")  # noqa: T201
    sys.exit(bool(changes))
