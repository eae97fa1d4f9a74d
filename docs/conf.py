"""How the pages are built: with every warning an error, and without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from sphinx.util.nodes import make_refnode

from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
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

# The docstrings tell arguments and attributes with their types; a signature with types would say it twice.
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Members", "Attributes")]

nitpicky = True
nitpick_ignore_regex = [
    # There are no inventories of other projects, for building needs no network: their names are plain text.
    ("py:.*", rf"({'|'.join(sys.stdlib_module_names)}|aiohttp|attrs|multidict|yarl)\..*"),
    ("py:.*", r"CIMultiDictProxy|JobChangeKind|Path|RateRule|Redis|URL|date|datetime"),
    # Type variables are no part of the reference.
    ("py:.*", r"(.*\.)?\w+T(_co)?"),
]


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> Element | None:
    """Find a target of ours by its last name.

    Docstrings and annotations name things by the module they live in; the reference has them under the package
    they are imported from. The emulator has a Cluster, a Project and an Outcome of its own.
    """
    emulated = "emulator" in (f"{node['reftarget']} {node.get('py:module')}")
    name = node["reftarget"].rpartition(".")[2]
    found = [
        (known, entry)
        for known, entry in env.domains.python_domain.objects.items()
        if known.rpartition(".")[2] == name and not entry.aliased and ("emulator" in known) == emulated
    ]
    if len(found) != 1:
        return None
    known, entry = found[0]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, [content], known)


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("missing-reference", resolve)
