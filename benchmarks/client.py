"""A client process: calls one function of a benchmark and prints what it returns, as JSON."""

from __future__ import annotations

import importlib
import json
import sys

__all__: list[str] = []

if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(":")
    print(json.dumps(getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))))
