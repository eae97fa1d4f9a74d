"""What the protocol tests share: the documents of the vendor's pages."""

import json
import os
import pickle
from pathlib import Path

import pytest

from mongorestore_async.codec import list_documents, scalars, structs, structuring

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="session")
def seed():
    """Read a fixture by name, freshly each time: a test may change what it gets."""

    def read(name):
        return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def pickled():
    """Pickle a value and read it again: returns the bytes and what they become."""

    def dump_and_load(value, protocol=pickle.DEFAULT_PROTOCOL):
        stored = pickle.dumps(value, protocol)
        return stored, pickle.loads(stored)  # noqa: S301

    return dump_and_load


@pytest.fixture(autouse=True)
def hooks_made_anew():
    """Let each test make the converter's hooks itself while mutants run: cached ones are not changed by a mutant."""
    if os.environ.get("MUTANT_UNDER_TEST"):
        for module in (list_documents, scalars, structs, structuring):
            for cached in vars(module).values():
                if hasattr(cached, "cache_clear"):
                    cached.cache_clear()
