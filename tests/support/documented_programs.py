"""Writes each Python block of the README and of docs/ as a file of its own, for type checkers.

A block may use what earlier blocks of its page define, as in the tests that run them: the latest statements that define
it are put before the block. Below them the block has the line numbers it has in the page.
"""

from __future__ import annotations

import ast
import symtable
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sybil.document import Document
from sybil.parsers.rest import PythonCodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["programs", "write_programs"]

#: What conftest.py hands to every block.
_GIVEN = "from mongorestore_async.emulator import ThreadedEmulator\nserver = ThreadedEmulator()\n"


def _split(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Split an import into one for each name: a strict checker refuses those that a block does not use."""
    if isinstance(statement, ast.Import):
        yield from (ast.Import([name]) for name in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        yield from (ast.ImportFrom(statement.module, [name], statement.level) for name in statement.names)
    else:
        yield statement


def _defined(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {name.asname or name.name.partition(".")[0] for name in names}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case _:
            return {
                each.id
                for each in ast.walk(statement)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }


def _needed(code: ast.AST) -> set[str]:
    """Names of the module that the code uses: those that are local to a function are not."""

    def used(table: symtable.SymbolTable) -> Iterator[str]:
        top = table.get_type() == "module"
        yield from (
            name.get_name() for name in table.get_symbols() if name.is_referenced() and (top or name.is_global())
        )
        for inner in table.get_children():
            yield from used(inner)

    return set(used(symtable.symtable(ast.unparse(code), "block", "exec")))


def _preamble(block: ast.Module, earlier: Iterable[ast.stmt]) -> str:
    """Give those of the earlier statements that the block cannot do without, as text."""
    defined = set[str]().union(*map(_defined, block.body))
    needed = _needed(block) - defined
    chosen: list[ast.stmt] = []
    for statement in reversed(list(earlier)):
        if gives := needed & _defined(statement):
            chosen.append(statement)
            needed = (needed - gives) | (_needed(statement) - defined)
    return "".join(f"{ast.unparse(statement)}\n" for statement in reversed(chosen))


def programs(page: Path) -> Iterator[tuple[int, str]]:
    """Give the line of each block that readers see, and a file that has what the block needs.

    Args:
        page: A page in reStructuredText.

    """
    document = Document.parse(str(page), PythonCodeBlockParser())
    earlier = ast.parse(_GIVEN).body
    for example in document.examples():
        code = str(example.parsed)
        block = ast.parse(code)
        line = example.line + 1 + example.parsed.line_offset
        if "invisible" not in document.text[example.region.start :].partition("\n")[0]:
            preamble = _preamble(block, earlier)
            yield line, preamble + "\n" * (line - 1 - preamble.count("\n")) + code
        earlier += [part for statement in block.body for part in _split(statement)]


def _missing(code: str) -> set[str]:
    """Names of packages that the code imports and that are not installed."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    return {name for name in imported if find_spec(name) is None}


def write_programs(root: Path, folder: Path) -> int:
    """Write the blocks of all pages into an empty folder, each to ``PAGE_LINE.py``; returns how many there are.

    Those that import what is not installed here (docs/data.rst is run by ``nox -s tools``) are named and left out.

    Args:
        root: Folder of the project.
        folder: Where to write them.

    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    count = 0
    for page in (root / "README.rst", *sorted((root / "docs").glob("*.rst"))):
        for line, text in programs(page):
            name = f"{page.stem.replace('-', '_')}_{line}.py"
            if missing := _missing(text):
                print(f"{page.name}, line {line} is left out: {', '.join(sorted(missing))} not installed")  # noqa: T201
                continue
            (folder / name).write_text(text, encoding="utf-8")
            count += 1
    return count


if __name__ == "__main__":
    written = write_programs(Path(__file__).parents[2], Path(sys.argv[1]))
    sys.exit(None if written else "no Python block was found")
