"""Commands that go on for long, or write files: reports, drills, evidence, the board. One file per command.

They are made like those of ``commands/``: options are checked before any I/O, one session is opened, results go to
standard output and everything else to standard error.
"""

__all__: list[str] = []
