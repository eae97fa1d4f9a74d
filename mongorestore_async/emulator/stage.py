"""Everything one emulated server consists of, but the HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web

from mongorestore_async.emulator.archives import Archives
from mongorestore_async.emulator.clock import Clock
from mongorestore_async.emulator.downloads import Downloads
from mongorestore_async.emulator.gate import Gate
from mongorestore_async.emulator.limits import Turnstile
from mongorestore_async.emulator.login import Guard
from mongorestore_async.emulator.oauth import TokenOffice
from mongorestore_async.emulator.records import Counts, RequestLog, RequestRecord
from mongorestore_async.emulator.settings import EmulatorSettings
from mongorestore_async.emulator.world import Outcome as JobOutcome
from mongorestore_async.emulator.world import World
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    import asyncio

    from mongorestore_async.emulator.world import Cluster, Job

__all__ = ["STAGE", "BeforeAnswer", "Fault", "FaultHook", "Stage"]

#: What a hook makes of a request: nothing, an answer of its own, or a broken connection. ``drop`` cuts it without an
#: answer, ``drop-answer`` after the request was worked off, ``truncate`` in the middle of the answer's body.
Fault = web.StreamResponse | Literal["drop", "drop-answer", "truncate"] | None
FaultHook = Callable[[RequestRecord], Fault]
BeforeAnswer = Callable[[RequestRecord], Awaitable[Fault]]


class Stage:
    """The state of an emulated server.

    Attributes:
        settings: As given.
        clock: The server's time.
        world: Its projects, clusters and jobs.
        guard: Its login.
        tokens: Its tokens of service accounts.
        turnstile: Its rate limit.
        log: Its memory of requests.
        archives: What its jobs deliver.
        downloads: How that is handed out, and to whom it was.
        gate: Holds requests back while closed.
        working: The tasks of requests that are being worked off.
        fault: Called with each request before its login; see :data:`Fault` for what it may return.
        fault_after_login: The same for requests that were let in, before they are worked off.
        before_answer: Awaited with each request when its answer is ready (``status`` is known), before it is sent;
            may take its time, and may return what ``fault`` may. Downloads are sent before: break them with
            ``downloads.fault``.

    """

    def __init__(self, settings: EmulatorSettings | None = None) -> None:
        self.settings = EmulatorSettings() if settings is None else settings
        self.clock = Clock(self.settings.start, self.settings.speed)
        self.world = World(self.settings, self.clock)
        self.guard = Guard(self.settings)
        self.tokens = TokenOffice(self.settings)
        self.turnstile = Turnstile(self.settings.rate_limiting)
        self.log = RequestLog(self.settings.request_log_size)
        self.archives = Archives(self.settings.seed, self.settings.archive_bytes)
        self.downloads = Downloads(self.settings.downloads, self.settings.request_log_size)
        self.gate = Gate()
        self.working: set[asyncio.Task[Any]] = set()
        self.fault: FaultHook | None = None
        self.fault_after_login: FaultHook | None = None
        self.before_answer: BeforeAnswer | None = None

    @property
    def public_key(self) -> str:
        """The digest user name."""
        return self.settings.public_key

    @property
    def private_key(self) -> str:
        """The digest password."""
        return self.settings.private_key

    @property
    def client_id(self) -> str:
        """The id of the service account."""
        return self.settings.client_id

    @property
    def client_secret(self) -> str:
        """The secret of the service account."""
        return self.settings.client_secret

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The last requests in the order they arrived, at most ``request_log_size``."""
        return self.log.records

    @property
    def counts(self) -> Counts:
        """Totals since the start."""
        return self.log.counts

    def add_jobs(self, cluster: Cluster, restores: int = 1) -> list[Job]:
        """Put new jobs in front of a cluster's list, as creations by somebody else do.

        One job per restore, or a batch of three if the cluster is sharded (Ops Manager, Cloud Manager).
        """
        return self.world.jobs.create(cluster, restores=restores)

    def expire_jobs(self, cluster: Cluster, count: int = 1, *, at: int | None = None) -> None:
        """Take jobs off a cluster's list: the oldest ones (all, if there are fewer), or those from ``at`` on.

        Raises:
            ConfigError: There are not so many from position ``at`` on (0: the newest).

        """
        self.world.jobs.remove(cluster, count, at=at)

    def end_next_jobs(self, *outcomes: JobOutcome | str) -> None:
        """Choose how the jobs end that are created or added next: one word for each job.

        Jobs after those end well again. The jobs of a batch take their words in the order of the shards, the config
        set last. Calling it again forgets the words that are left.

        Example: ``end_next_jobs("failed", "cancelled")``.

        Raises:
            ConfigError: A word is no :class:`JobOutcome`.

        """
        try:
            words = [JobOutcome(outcome) for outcome in outcomes]
        except ValueError:
            raise ConfigError(f"Jobs end {', '.join(JobOutcome)}; that is not among {outcomes!r}.") from None
        self.world.jobs.end_next(words)

    def patch_job(self, job: Job, changes: dict[str, Any]) -> None:
        """Change a job's document from now on: members are replaced, objects merged, ``...`` takes a member away."""
        self.world.jobs.patch(job, changes)


#: Where an application keeps its stage: ``create_app(settings)[STAGE]``.
STAGE = web.AppKey("stage", Stage)
