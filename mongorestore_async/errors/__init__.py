"""The tree of errors, and what each kind means for the code that catches it.

::

    RestoreError
    ├── ConfigError             bad input or bad settings; raised before any I/O
    │   ├── Unsupported         the product family has no such verb, filter or variant
    │   ├── SessionClosed       the session was closed
    │   ├── WrongLoop           the session belongs to another event loop
    │   └── ProtectedTarget     a guarded cluster would be overwritten
    ├── TransportError          no usable HTTP answer arrived
    │   ├── ConnectFailed       no connection was made: nothing was sent
    │   │   ├── TLSFailed       TLS was not established
    │   │   └── ProxyFailed     the proxy did not connect to the server
    │   ├── RequestTimeout      the deadline of the call passed
    │   └── ProtocolError       the answer is not one of the API
    │       └── ConnectionBroken    the connection broke before the answer was complete
    ├── AuthError               the server does not accept the key
    ├── ApiError                the API answered with an error document
    │   ├── BadRequest          400
    │   ├── Forbidden           403, and 401 for a key that is right but has no rights here
    │   ├── NotFound            404, 410
    │   ├── Conflict            409
    │   ├── RateLimited         429, the coded 400, and calls held back until too late
    │   └── ServerError         5xx
    ├── DataError               the answer does not have the promised shape
    ├── PaginationError         the pages of a list contradict each other
    ├── NotUnique               several items, or several matching jobs, where one was expected
    ├── MaybeCreated            the outcome of a create is not known
    ├── NotRestorable           no snapshot fits, or the target takes no restore
    ├── WaitError               a wait ended without success
    │   ├── WaitTimeout         its time passed
    │   ├── JobVanished         a job that was read before cannot be found any more
    │   └── RestoreFailed       a restore ended badly
    │       └── RestoreIncomplete   not all that it named was restored
    └── DownloadError           an archive could not be fetched
        ├── DownloadExpired     its link has expired
        ├── DownloadUsedUp      its link has reached its maximum number of downloads
        ├── DownloadLost        its job failed or was cancelled
        ├── LinkRefused         the download host refuses the link that its job publishes
        ├── NothingToDownload   its job restores into a cluster
        ├── DownloadTruncated   it ended too early
        ├── NotAnArchive        what the link gave is no archive
        ├── HashMismatch        its SHA-1 does not match the published one
        └── DiskFull            it does not fit onto the disk

Every error says what to do next, carries the HTTP call it came from in ``request`` (None when there was none) and
never holds a secret: URLs and excerpts are redacted before they get here. The exception of the HTTP library is the
``__cause__``, never the type a user has to catch.

What to do next is a :class:`Hint` where it names parts of the Python interface: ``str(error)`` says it in Python's
words, and a program with an interface of its own (the command line is one) renders ``error.hint`` in its own.

What an error means for other code is said by attributes of its class only: whether it is temporary (waits continue),
is worth repeating at once (calls and transfers), certainly had no effect (creates), holds other calls back (rate
limits), concerns the whole run (fleets), comes from a gateway, or only says that there is no backup. See the attributes
of :class:`RestoreError` and :class:`ApiError`.

- ``base``: the root, its meanings, errors before any I/O and without an answer.
- ``api``: answers that are errors, the statuses and codes behind each meaning.
- ``restores``: choosing, creating, waiting, downloading.
- ``hints``: advice as data.
- ``findings``: values that errors carry. This room imports nothing above it, so a job is a :class:`JobLike` here.
"""

from mongorestore_async.errors.api import (
    ApiError,
    BadRequest,
    Conflict,
    DataError,
    Forbidden,
    NotFound,
    NotUnique,
    PaginationError,
    RateLimited,
    ServerError,
)
from mongorestore_async.errors.base import (
    AuthError,
    ConfigError,
    ConnectFailed,
    ConnectionBroken,
    ProtectedTarget,
    ProtocolError,
    ProxyFailed,
    RequestContext,
    RequestTimeout,
    RestoreError,
    ResumePoint,
    SessionClosed,
    TLSFailed,
    TransportError,
    Unsupported,
    WrongLoop,
)
from mongorestore_async.errors.findings import (
    Finding,
    OpenReconciliation,
    Reconciliation,
    Rule,
    TakenReconciliation,
    Verdict,
)
from mongorestore_async.errors.hints import Hint, HintKind
from mongorestore_async.errors.restores import (
    DiskFull,
    DownloadError,
    DownloadExpired,
    DownloadLost,
    DownloadTruncated,
    DownloadUsedUp,
    HashMismatch,
    JobLike,
    JobVanished,
    LinkRefused,
    MaybeCreated,
    NotAnArchive,
    NothingToDownload,
    NotRestorable,
    RestoreFailed,
    RestoreIncomplete,
    WaitError,
    WaitTimeout,
)

__all__ = [
    "ApiError",
    "AuthError",
    "BadRequest",
    "ConfigError",
    "Conflict",
    "ConnectFailed",
    "ConnectionBroken",
    "DataError",
    "DiskFull",
    "DownloadError",
    "DownloadExpired",
    "DownloadLost",
    "DownloadTruncated",
    "DownloadUsedUp",
    "Finding",
    "Forbidden",
    "HashMismatch",
    "Hint",
    "HintKind",
    "JobLike",
    "JobVanished",
    "LinkRefused",
    "MaybeCreated",
    "NotAnArchive",
    "NotFound",
    "NotRestorable",
    "NotUnique",
    "NothingToDownload",
    "OpenReconciliation",
    "PaginationError",
    "ProtectedTarget",
    "ProtocolError",
    "ProxyFailed",
    "RateLimited",
    "Reconciliation",
    "RequestContext",
    "RequestTimeout",
    "RestoreError",
    "RestoreFailed",
    "RestoreIncomplete",
    "ResumePoint",
    "Rule",
    "ServerError",
    "SessionClosed",
    "TLSFailed",
    "TakenReconciliation",
    "TransportError",
    "Unsupported",
    "Verdict",
    "WaitError",
    "WaitTimeout",
    "WrongLoop",
]
