"""What a download has on disk: the part, the record of it, the archive it becomes.

- ``partial_file``: all files of one archive, and what becomes of them. Open this one first.
- ``resume_record``: the ``NAME.part.json`` that makes a download continue in another process.
- ``hashed_file``: writes, and hashes what was written.
- ``locks``: keeps two downloads from one part.
- ``file_system``: room, syncing; what a file system does not tell or cannot do is no reason to fail.

Everything here blocks, so all of it is called in threads.
"""

__all__: list[str] = []
