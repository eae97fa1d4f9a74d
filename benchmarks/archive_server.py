"""A job whose archive may be fetched any number of times: the archive is a file, and the system sends it by itself.

``python benchmarks/archive_server.py DIRECTORY BYTES`` makes the file and prints its port; ends with standard input.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import answers

from mongorestore_async.emulator.downloads.generated_archive import Archive

__all__ = ["CLUSTER", "JOB", "NAME"]

CLUSTER = answers.cluster_id(1, 1)
JOB = f"{1:024x}"
NAME = "archive.tar.gz"

_PIECE = 1024 * 1024


def make_archive(path: Path, size: int) -> str:
    """Write a ``.tar.gz`` of so many bytes; gives its SHA-1."""
    archive = Archive("benchmark", size)
    found = hashlib.sha1(usedforsecurity=False)
    with path.open("wb") as file:
        for start in range(0, size, _PIECE):
            piece = archive.read(start, start + _PIECE)
            file.write(piece)
            found.update(piece)
    return found.hexdigest()


def a_job(url: str, sha1: str) -> dict[str, Any]:
    """Make the document of the job, as Cloud Manager shows it."""
    return {
        "batchId": "5f00000000000000000000bb",
        "clusterId": CLUSTER,
        "created": "2017-04-21T03:49:57Z",
        "delivery": {
            "expirationHours": 1,
            "expires": "2117-04-21T04:49:57Z",
            "maxDownloads": 2147483647,
            "methodName": "HTTP",
            "statusName": "READY",
            "url": f"{url}/{NAME}",
        },
        "encryptionEnabled": False,
        "groupId": answers.PROJECT,
        "hashes": [{"fileName": NAME, "hash": sha1, "typeName": "SHA1"}],
        "id": JOB,
        "links": [],
        "pointInTime": False,
        "snapshotId": "5f00000000000000000000cc",
        "statusName": "FINISHED",
        "timestamp": {"date": "2017-04-18T15:14:25Z", "increment": 1},
    }


class Handler(BaseHTTPRequestHandler):
    """Answers with the archive, and with the job to anything else; asks for no login."""

    protocol_version = "HTTP/1.1"
    path_of_archive: ClassVar[Path]
    sha1: ClassVar[str]

    def do_GET(self) -> None:
        """Answer."""
        if not self.path.endswith(NAME):
            port = self.connection.getsockname()[1]
            document = json.dumps(a_job(f"http://127.0.0.1:{port}", self.sha1)).encode()
            self._head("application/json", len(document))
            self.wfile.write(document)
            return
        with self.path_of_archive.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._head("application/gzip", size)
            self.connection.sendfile(file)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""

    def _head(self, kind: str, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()


def main(directory: str, size: str) -> None:
    """Serve until the standard input ends."""
    Handler.path_of_archive = Path(directory, NAME)
    Handler.sha1 = make_archive(Handler.path_of_archive, int(size))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
