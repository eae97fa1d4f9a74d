"""The checks after a restore: what an archive holds, and what the user wants to know.

- ``inspecting``: fetches the archives of a restore, runs every check of it, cleans up.
- ``archive_check``: unpacks safely, looks at the files of WiredTiger. What it finds never verifies an archive.
- ``server_check``: a server opens a copy and its documents are counted.
- ``comparing``: the counts against what is known, of the plan or of the last drill.
- ``needs``: whether servers, programs and functions of a plan are on this machine, before anything is started.
- ``user_checks``: async functions and commands of the user.
"""

from __future__ import annotations

__all__: list[str] = []
