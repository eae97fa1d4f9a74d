"""Everything one emulated server consists of, but the HTTP: its parts, its log of requests, and the hooks of a test."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from mongorestore_async.emulator.digest_server import DigestServer
from mongorestore_async.emulator.download_state import Archives, Downloads
from mongorestore_async.emulator.emulator_settings import EmulatorSettings
from mongorestore_async.emulator.faults.fault_plan import FaultParts
from mongorestore_async.emulator.faults.fault_player import Faults
from mongorestore_async.emulator.flow_control import Clock, Gate, RateLimitCounter
from mongorestore_async.emulator.request_log import RequestLog
from mongorestore_async.emulator.setting_types import CreateFault
from mongorestore_async.emulator.token_server import TokenServer
from mongorestore_async.emulator.world.collection_restores import CollectionRestore
from mongorestore_async.emulator.world.collection_words import CollectionOutcome
from mongorestore_async.emulator.world.entities import Cluster, Job, JobOutcome, random_bits
from mongorestore_async.emulator.world.world import World
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from mongorestore_async.emulator.request_log import BeforeAnswer, Counts, CreateRecord, FaultHook, RequestRecord

__all__ = ["SERVER_STATE", "ServerState"]

#: Moments are rounded to microseconds: so much later what is due has certainly come, seconds.
_ROUNDING = 0.001


class ServerState:
    """The state of an emulated server.

    Attributes:
        settings: As given.
        clock: The server's time.
        world: Its projects, clusters and jobs.
        guard: Its login.
        tokens: Its tokens of service accounts.
        rate_limit_counter: Its rate limit.
        log: Its log of requests and creates.
        faults: Breaks calls by name, as in ``faults.play("lost_answer")``.
        archives: The archives its jobs deliver.
        downloads: How they are handed out, and the requests for them.
        gate: Holds requests back while closed.
        working: The tasks of the requests in progress.
        fault: Called with each request before its login; see :data:`Fault` for what it may return.
        fault_after_login: The same for requests that were let in, before they are processed.
        before_answer: Awaited with each request when its answer is ready (``status`` is known), before it is sent;
            may take its time, and may return what ``fault`` may. Downloads are sent before: break them with
            ``downloads.fault``.

    """

    def __init__(self, settings: EmulatorSettings | None = None) -> None:
        self.settings: EmulatorSettings = EmulatorSettings() if settings is None else settings
        self.clock: Clock = Clock(self.settings.start, self.settings.speed)
        self.world: World = World(self.settings, self.clock)
        self.guard: DigestServer = DigestServer(self.settings)
        self.tokens: TokenServer = TokenServer(self.settings, self.clock)
        self.rate_limit_counter: RateLimitCounter = RateLimitCounter(self.settings.rate_limiting)
        self.log: RequestLog = RequestLog(self.settings.request_log_size)
        self.archives: Archives = Archives(self.settings.seed, self.settings.archive_bytes)
        self.downloads: Downloads = Downloads(self.settings.downloads, self.settings.request_log_size)
        self.faults: Faults = Faults(FaultParts(self.world, self.tokens, self.downloads, self.archives))
        self.gate: Gate = Gate()
        self.working: set[asyncio.Task[Any]] = set()
        self._looks: dict[str, int] = {}
        self._create_faults = list(self.settings.create_faults)
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
    def today(self) -> date:
        """The day by which versions of Atlas v2 end, from ``EmulatorSettings.today`` on, or that of the clock."""
        if self.settings.today is None:
            return self.clock.now().date()
        return (datetime.combine(self.settings.today, time(), UTC) + timedelta(seconds=self.clock.elapsed)).date()

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The last requests in the order they arrived, at most ``request_log_size``."""
        return self.log.records

    @property
    def creates(self) -> tuple[CreateRecord, ...]:
        """The last creates that reached the server, in the order they arrived, those that were refused included."""
        return tuple(self.log.creates)

    @property
    def counts(self) -> Counts:
        """Totals since the start."""
        return self.log.counts

    def add_jobs(self, cluster: Cluster, restores: int = 1) -> list[Job]:
        """Add new jobs at the front of a cluster's list, as if somebody else had created them.

        One job per restore, or a batch of three if the cluster is sharded (Ops Manager, Cloud Manager).

        Args:
            cluster: The cluster.
            restores: How many restores were created.

        Returns:
            The jobs.

        """
        return self.world.jobs.create(cluster, restores=restores)

    def look_at(self, *jobs: Job | CollectionRestore) -> None:
        """Note that a client saw these jobs, and push the clock as ``EmulatorSettings.polls_per_restore`` says."""
        polls = self.settings.polls_per_restore
        if polls is None:
            return
        for job in jobs:
            now = self.clock.now().timestamp()
            if now < job.finished:
                seen = self._looks[job.id] = self._looks.get(job.id, 0) + 1
                due = job.created + min(1.0, seen / polls) * (job.finished - job.created) + _ROUNDING
                self.clock.advance(max(0.0, due - now))

    def expire_jobs(self, cluster: Cluster, count: int = 1, *, at: int | None = None) -> None:
        """Remove jobs from a cluster's list: the oldest ones (all, if there are fewer), or those from ``at`` on.

        Args:
            cluster: The cluster.
            count: How many jobs are removed.
            at: Position of the first of them, from 0: the newest. None removes the oldest ones.

        Raises:
            ConfigError: There are fewer from position ``at`` on (0: the newest).

        """
        self.world.jobs.remove(cluster, count, at=at)

    def end_next_jobs(self, *outcomes: JobOutcome | str) -> None:
        """Choose the outcomes of the jobs that are created or added next: one word for each job.

        Jobs after those end well again. The jobs of a batch take their words in the order of the shards, the config
        set last. Calling it again forgets the words that are left.

        Example: ``end_next_jobs("failed", "cancelled")``.

        Args:
            outcomes: The outcome of each job.

        Raises:
            ConfigError: A word is no :class:`JobOutcome`.

        """
        try:
            words = [JobOutcome(outcome) for outcome in outcomes]
        except ValueError:
            raise ConfigError(f"Jobs end {', '.join(JobOutcome)}; that is not among {outcomes!r}.") from None
        self.world.jobs.end_next(words)

    def fail_next_creates(self, *faults: CreateFault | str) -> None:
        """Answer the creates that come next with 500 ``UNEXPECTED_ERROR``: one word for each create.

        A create that is refused for its body or path takes no word. Creates after those are answered as ever. Calling
        it again forgets the words that are left.

        Example: ``fail_next_creates("taken", "not-taken")``.

        Args:
            faults: What becomes of each create.

        Raises:
            ConfigError: A word is no :class:`CreateFault`.

        """
        try:
            self._create_faults = [CreateFault(fault) for fault in faults]
        except ValueError:
            raise ConfigError(f"Creates fail {', '.join(CreateFault)}; that is not among {faults!r}.") from None

    def next_create_fault(self) -> CreateFault | None:
        """Take the next word of those, which is never EITHER; None for a create that is answered."""
        fault = self._create_faults.pop(0) if self._create_faults else None
        if fault is not CreateFault.EITHER:
            return fault
        taken = random_bits(f"{self.settings.seed} create {self.counts.creates_received}", 1) % 2
        return CreateFault.TAKEN if taken else CreateFault.NOT_TAKEN

    def end_next_collections(self, endings: Mapping[str, CollectionOutcome | str]) -> None:
        """Choose how collections of the collection restore end that is created next, by namespace in the backup.

        The job ends as its collections let it; ``end_next_jobs("done")`` beside it makes it end well all the same.
        Calling it again forgets what was said before.

        Example: ``end_next_collections({"shop.orders": "INDEX_BUILD_FAILED"})``.

        Args:
            endings: The outcome by the namespace in the backup.

        Raises:
            ConfigError: A word is no :class:`CollectionOutcome`.

        """
        try:
            words = {namespace: CollectionOutcome(word) for namespace, word in endings.items()}
        except ValueError:
            known = ", ".join(CollectionOutcome)
            raise ConfigError(f"Collections end {known}; that is not among {dict(endings)!r}.") from None
        self.world.collection_restores.end_next(words)

    def patch_job(self, job: Job | CollectionRestore, changes: dict[str, Any]) -> None:
        """Change a job's document from now on: members are replaced, objects merged, ``...`` removes a member.

        Args:
            job: The job.
            changes: The members to change.

        """
        if isinstance(job, CollectionRestore):
            self.world.collection_restores.patch(job, changes)
        else:
            self.world.jobs.patch(job, changes)


#: Where an application keeps its state: ``create_app(settings)[SERVER_STATE]``.
SERVER_STATE = web.AppKey("state", ServerState)
