"""What a named fault may do, and which requests it strikes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import attrs
from aiohttp import web

from mongorestore_async.emulator.document_parts import PULL_PATH, STORAGE_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.emulator.download_state import Archives, DownloadRecord, Downloads
    from mongorestore_async.emulator.downloads.download_play import DownloadPlay
    from mongorestore_async.emulator.request_log import Fault, RequestRecord
    from mongorestore_async.emulator.token_server import TokenServer
    from mongorestore_async.emulator.world import Job, World

__all__ = ["PLAYED_FAULT", "FaultParts", "FaultPlan", "Strikes"]

_API = r"/api/(?:public|atlas)/"
_DOWNLOAD = rf"^(?!.*/api/).*(?:{PULL_PATH}|{STORAGE_PATH})/"
#: Paths of restores: of a cluster, of one of its jobs.
_JOBS = _API + r".*/(?:restoreJobs|collectionRestoreJobs|restores)"
_LIST = _JOBS + r"/?(?:\?|$)"


class Strikes(StrEnum):
    """Which requests a fault strikes. All are requests that were let in.

    Members:
        CALL: Any call of the API.
        READ: A GET of the API.
        CREATE: A create of a restore.
        LIST: A page of a list of restore jobs.
        LATER_PAGE: The same from the second page on.
        JOB: The reading of one restore job.
        TOKEN: A request for a token of a service account.
        DOWNLOAD: A download of an archive.
        ANY: A call of the API, or a download.
    """

    CALL = "call"
    READ = "read"
    CREATE = "create"
    LIST = "list"
    LATER_PAGE = "later-page"
    JOB = "job"
    TOKEN = "token"  # noqa: S105 - a word
    DOWNLOAD = "download"
    ANY = "any"

    def match(self, record: RequestRecord) -> bool:
        """Whether this request is one of them."""
        methods, path = _STRUCK[self]
        return record.method in methods and path.search(record.path) is not None


_READS = frozenset({"GET", "HEAD"})
_METHODS = frozenset({*_READS, "POST", "DELETE", "PUT", "PATCH"})
#: Methods, and what stands in path and query.
_STRUCK: Mapping[Strikes, tuple[frozenset[str], re.Pattern[str]]] = {
    Strikes.CALL: (_METHODS, re.compile(_API)),
    Strikes.READ: (_READS, re.compile(_API)),
    Strikes.CREATE: (
        frozenset({"POST"}),
        re.compile(_API + r".*/(?:restoreJobs|collectionRestoreJobs|restore|download)/?(?:\?|$)"),
    ),
    Strikes.LIST: (_READS, re.compile(_LIST)),
    Strikes.LATER_PAGE: (_READS, re.compile(_LIST + r"(?<=\?)(?:.*&)?pageNum=(?!1(?:&|$))")),
    Strikes.JOB: (_READS, re.compile(_JOBS + r"/[^/?]+/?(?:\?|$)")),
    Strikes.TOKEN: (frozenset({"POST"}), re.compile(r"/api/oauth/token/?$")),
    Strikes.DOWNLOAD: (_READS, re.compile(_DOWNLOAD)),
    Strikes.ANY: (_METHODS, re.compile(f"{_API}|{_DOWNLOAD}")),
}


@attrs.frozen
class FaultParts:
    """The parts of a server that faults act on.

    Attributes:
        world: Its projects, clusters and jobs.
        tokens: Its tokens of service accounts.
        downloads: How its archives are handed out.
        archives: Its archives.

    """

    world: World
    tokens: TokenServer
    downloads: Downloads
    archives: Archives


@attrs.frozen(kw_only=True)
class FaultPlan:
    """What one fault does with a request. The fields are asked in this order; most faults set one.

    Attributes:
        strikes: Which requests it strikes, unless the test says something else.
        times: How often, unless the test says something else; infinite: always.
        act: Called before anything else, with the parts of the server and the request.
        challenge: Answer 401 and a new challenge in place of the call: ``stale``, or ``refused``.
        answer: Makes the answer.
        reached: Whether the server processes the call before ``answer`` takes the place of its own answer.
        cut: Breaks the connection: see :data:`~mongorestore_async.emulator.Fault`.
        wait: Seconds, in real time, before the answer is sent; infinite: until the client goes.
        change: Changes the body of the answer.
        bytes_per_second: Sends the body of the answer at this speed.
        play: Changes how a download is answered; or answers it.

    """

    strikes: Strikes = Strikes.CALL
    times: float = 1
    act: Callable[[FaultParts, RequestRecord], None] | None = None
    challenge: Literal["stale", "refused"] | None = None
    answer: Callable[[], web.StreamResponse] | None = None
    reached: bool = False
    cut: Literal["drop", "drop-answer", "truncate"] | None = None
    wait: float = 0.0
    change: Callable[[bytes], bytes] | None = None
    bytes_per_second: float | None = None
    play: Callable[[FaultParts, DownloadRecord, Job], DownloadPlay | web.StreamResponse | None] | None = None

    def early(self) -> Fault:
        """What takes the place of the call: an answer, or a way to cut; None where the server processes it first."""
        if self.cut is not None:
            return self.cut
        return self.answer() if self.answer is not None and not self.reached else None

    def late(self, response: web.StreamResponse) -> web.StreamResponse:
        """The answer that is sent in place of that of the server."""
        if self.answer is not None and self.reached:
            return self.answer()
        if self.change is None or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
            return response
        changed: Any = response.headers.copy()
        changed.popall("Content-Length", None)
        return web.Response(status=response.status, headers=changed, body=self.change(response.body))


#: Where a request has the fault that is played for it, if one is.
PLAYED_FAULT = web.RequestKey("fault", FaultPlan)
