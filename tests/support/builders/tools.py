"""Packages of others that only ``nox -s tools`` installs."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

__all__ = ["tool"]


def tool(name: str) -> Any:
    """Import a tool of others, or skip the test; ``nox -s tools`` installs all, and there none may be missing."""
    return importlib.import_module(name) if "TOOLS" in os.environ else pytest.importorskip(name)
