"""Fetching the archives of jobs: resumable, hashed, under their names only when whole.

Jobs and a directory come in; :class:`DownloadedFile` values go out. Each file goes through four steps: planned and
locked before the first request (``download``), fetched by ranges (``transfer``, with ``archive_fetcher`` for HTTP),
checked (``verification``), renamed (``disk.partial_file``).

- ``links``: which archives a job has, where its links stand, and what a refusal of a host becomes.
- ``link_use``: whether a request that failed is followed by another one, and what the job says of a refused link.
- ``ranges``: what an answer to a range request means: continue, start again, complete, or unfit because it contradicts
  what is known.
- ``published_hashes`` and ``sniffing``: which published hash is that of the file, and what its first bytes show.
- ``receiving``: what comes in is written and synced at the same time, in threads; how much is held, and may be lost.
- ``disk/``: the files. The record beside a part is on disk before a request is sent, because every request counts
  against ``maxDownloads``; it knows how much of the part is safe on disk.
- ``file_names``: safe names of what a server calls a file.
- ``download_types``: progress, results and settings.

Whether a failed request is worth repeating says ``RestoreError.repeatable``; when, the session's retry rule. An answer
that repeating does not cure makes ``link_use`` read the job again: it may have another link, or say why there is none.
A download that is cancelled awaits nothing: it marks its archives as being left, and a thread of its own closes them
when what it writes is written. The next download of the same part, in this process, waits for that in a thread.
No request here carries a login or a cookie of the API.
"""

__all__: list[str] = []
