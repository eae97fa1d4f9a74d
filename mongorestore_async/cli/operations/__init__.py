"""Commands about many restores, or about what became of them: one file each, as in ``commands/``.

Each function that :func:`~mongorestore_async.cli.entry.make_app` registers is a command; its docstring is the help.
It returns the exit code, or raises an error of the library, which ``entry`` prints.
"""

__all__: list[str] = []
