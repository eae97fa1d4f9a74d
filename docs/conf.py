"""How the pages are built: with every warning an error, and without a network."""

from __future__ import annotations

import inspect
import re
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from docutils.nodes import literal
from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyObject
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import stringify_annotation

from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docutils.nodes import Element, document
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "mongorestore_async"
author = "The mongorestore_async founders"
copyright = "the mongorestore_async founders"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"mongorestore-async {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_show_sourcelink = False
html_copy_source = False
copybutton_exclude = ".linenos, .gp"

# Types stand beside what is said of each argument: a signature with all of them is long, above all on a phone.
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
maximum_signature_line_length = 88
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Members", "params_style")]

nitpicky = True
# There are no inventories of other projects, for building needs no network: their names are plain text.
nitpick_ignore_regex = [("py:.*", rf"({'|'.join(sys.stdlib_module_names)}|aiohttp|attrs|multidict|yarl)\..*")]

#: What has this in its docstring is no part of the reference.
INTERNAL = "for the rooms of this library, not for users"


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> Element | None:
    """Find a target of ours by its last name.

    Docstrings and annotations name things by the module they live in; the reference has them under the package
    they are imported from. The emulator has a Cluster, a Project and an Outcome of its own. A type in an annotation
    that is not ours, or not public, is plain text; what prose names has to be there.
    """
    target = node["reftarget"]
    emulated = re.search(r"\.(emulator|testing)\b", f"{target} {node.get('py:module')}") is not None
    name = target.rpartition(".")[2]
    named = [
        (known, entry)
        for known, entry in env.domains.python_domain.objects.items()
        if known.rpartition(".")[2] == name and not entry.aliased
    ]
    found = [(known, entry) for known, entry in named if ("emulator" in known) == emulated]
    if emulated and not found:
        found = named
    if len(found) > 1:  # a method of several classes
        found = [(known, entry) for known, entry in found if known.endswith(f".{target}")]
    if len(found) != 1:
        return None if isinstance(content, literal) else content
    known, entry = found[0]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, [content], known)


def ask_exactly(_app: Sphinx, document: document) -> None:
    """Let Sphinx find types by their whole name only, and the above the others: it takes any class of that name."""
    for node in document.findall(pending_xref):
        if node.get("refdomain") == "py":
            node.attributes.pop("refspecific", None)


def add_attribute_types(_app: Sphinx, what: str, _name: str, value: Any, _options: Any, lines: list[str]) -> None:
    """Write the types of attributes that are no annotated fields: properties, and what ``__init__`` sets."""
    if what not in {"class", "exception"} or "Attributes:" not in lines:
        return
    analyzer = ModuleAnalyzer.for_module(value.__module__)
    analyzer.analyze()
    start = lines.index("Attributes:") + 1
    for number, line in enumerate(lines[start:], start):
        found = re.match(r"    (\w+): ", line)
        if found and (kind := type_of(value, found[1], analyzer.annotations)):
            lines[number] = f"    {found[1]} ({kind}): {line[found.end() :]}"


def type_of(kind: type[Any], name: str, assigned: Mapping[tuple[str, str], str]) -> str | None:
    """Find the type of an attribute; None where the class has an annotation, which Sphinx reads itself."""
    if any(name in vars(each).get("__annotations__", ()) for each in kind.__mro__):
        return None
    member = inspect.getattr_static(kind, name, None)
    if isinstance(member, property):
        return stringify_annotation(member.fget.__annotations__["return"], "smart")
    for each in kind.__mro__:
        if (each.__qualname__, name) in assigned:
            return assigned[each.__qualname__, name]
        if (told := getattr(vars(each).get("__init__"), "__annotations__", {}).get(name)) is not None:
            return stringify_annotation(told, "smart")
    return None


def leave_out(_app: Sphinx, _what: str, _name: str, value: Any, _skip: bool, _options: Any) -> bool | None:
    """Leave out what other rooms of the library need and users do not."""
    return True if INTERNAL in (getattr(value, "__doc__", None) or "") else None


def hide_constructor(
    _app: Sphinx, what: str, _name: str, value: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Leave out the arguments of classes that users do not make: those which do not describe them."""
    told = getattr(value, "__doc__", None) or ""
    if what not in {"class", "exception"} or not signature or "Args:" in told:
        return None
    return None if hasattr(value, "__attrs_attrs__") or issubclass(value, Enum) else ("", returned)


def setup(app: Sphinx) -> None:
    """Connect the above."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"  # as in the docstrings; Sphinx has Variables
    app.connect("doctree-read", ask_exactly)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", add_attribute_types, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", leave_out)
    app.connect("autodoc-process-signature", hide_constructor)
