"""What people see beside the results of a command: its help, the progress of its work, the log of its requests.

Nothing of it goes to standard output but the help. ``help_pages`` prints a help, ``progress_display`` shows waits,
downloads and fleets while they run, ``http_log`` writes a line for each call of the API.
"""

__all__: list[str] = []
