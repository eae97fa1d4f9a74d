"""``mongorestore-async emulator``."""

from typing import Annotated

from cyclopts import Parameter

__all__ = ["emulator"]


def emulator(*options: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> int:
    """Run a server to test against, until it is interrupted (--help tells its options).

    The same as python -m mongorestore_async.emulator, which tells all errors and exit codes of its own.
    """
    from mongorestore_async.emulator.__main__ import main

    return main(options)
