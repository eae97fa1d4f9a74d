"""``mongorestore-async emulator``."""

from typing import Annotated

from cyclopts import Parameter

__all__ = ["emulator"]


def emulator(*options: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> int:
    """Run a server for tests until it is interrupted.

    The same as python -m mongorestore_async.emulator, which has error messages
    and exit codes of its own.
    """
    from mongorestore_async.emulator.__main__ import main  # loads the HTTP library, which --help does not need

    return main(options, prog="mongorestore-async emulator")
