"""``python -m mongorestore_async.cli``: the same as ``mongorestore-async``."""

from mongorestore_async.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    raise SystemExit(main())
