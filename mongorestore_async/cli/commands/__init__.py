"""The commands, one file each: its options, what it checks before any I/O, and what it does with the library.

Each function that :func:`~mongorestore_async.cli.entry.make_app` registers is a command; its docstring is the help.
It returns the exit code, or raises an error of the library, which ``entry`` prints.
"""

__all__: list[str] = []
