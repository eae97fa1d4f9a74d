"""The extra: what is said where it is not installed."""

from __future__ import annotations

import importlib
import sys

import pytest


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    monkeypatch.delitem(sys.modules, "mongorestore_async.otel", raising=False)

    with pytest.raises(ModuleNotFoundError, match=r"install mongorestore-async\[otel\]") as caught:
        importlib.import_module("mongorestore_async.otel")
    assert caught.value.name == "opentelemetry.trace"
