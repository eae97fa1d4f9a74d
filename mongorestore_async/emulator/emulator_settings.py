"""What kind of server the emulator plays: every setting, its default and its check."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from mongorestore_async.emulator.downloads.download_play import DownloadPlay
from mongorestore_async.emulator.downloads.generated_archive import SMALLEST
from mongorestore_async.emulator.setting_types import (
    ChallengeForm,
    CollectionLimit,
    CreateFault,
    EnvelopeStyle,
    Manager,
    NoncePolicy,
    Oddity,
    OverMax,
    RateLimiting,
)
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["EmulatorSettings"]

_WordT = TypeVar("_WordT", bound=StrEnum)
#: What the ids of the world have room for: see ``Identifiers``.
_MOST = {
    "projects": 1 << 20,
    "clusters_per_project": 1 << 12,
    "jobs_per_cluster": 1 << 27,
    "snapshots_per_cluster": 2000,
    "collection_restores_per_cluster": 10_000,
}
#: The data of the largest world start three years before the clock does.
_EARLIEST = datetime(1975, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ConfigError(
            "EmulatorSettings.start has no time zone; give an aware datetime, for example with tzinfo=UTC."
        )
    return value.astimezone(UTC)


def _day(value: date | str | None) -> date | None:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ConfigError(f"EmulatorSettings.today is {value!r}; give a date such as '2026-11-29'.") from None
    return found.date() if isinstance(found, datetime) else found


def _word(words: type[_WordT], value: str) -> _WordT:
    try:
        return words(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no {words.__name__}; choose from {', '.join(words)}.") from None


def _manager(value: str) -> Manager:
    return _word(Manager, value)


def _nonce_policy(value: str) -> NoncePolicy:
    return _word(NoncePolicy, value)


def _over_max(value: str) -> OverMax:
    return _word(OverMax, value)


def _envelope_style(value: str) -> EnvelopeStyle:
    return _word(EnvelopeStyle, value)


def _oddities(values: Iterable[str]) -> frozenset[Oddity]:
    return frozenset(_word(Oddity, value) for value in values)


def _create_faults(values: Iterable[str]) -> tuple[CreateFault, ...]:
    return tuple(_word(CreateFault, value) for value in values)


def _collection_limits(values: Iterable[str]) -> frozenset[CollectionLimit]:
    return frozenset(_word(CollectionLimit, value) for value in values)


def _challenges(values: Iterable[ChallengeForm]) -> tuple[ChallengeForm, ...]:
    return tuple(values)


def _endpoint_limits(values: Mapping[str, RateLimit]) -> Mapping[str, RateLimit]:
    limits: dict[Any, Any] = dict(values)
    if not all(isinstance(name, str) and isinstance(limit, RateLimit) for name, limit in limits.items()):
        raise ConfigError("EmulatorSettings.endpoint_limits must map ids of endpoint sets to a RateLimit.")
    return limits


def _prefix(value: str) -> str:
    cleaned = value.rstrip("/")
    if cleaned and (not cleaned.startswith("/") or any(mark in cleaned for mark in "{}?# ")):
        raise ConfigError(f"EmulatorSettings.base_path is {value!r}; give a plain path such as '/ops/manager'.")
    return cleaned


@attrs.frozen(kw_only=True)
class EmulatorSettings:
    """The settings of an emulator. Every setting has a default.

    Attributes:
        public_key: The digest user name.
        private_key: The digest password.
        auth_enabled: False takes every request without a login.

        client_id: Id of the service account; tokens are good on Cloud Manager and Atlas, not on Ops Manager.
        client_secret: Its secret.
        token_seconds: Life of a token on the emulator's clock.
        max_live_tokens: How many tokens may live at once; the next one is refused with 403 ``access_denied``.
        token_requests_per_minute: More are answered 429 ``rate_limited`` (the service takes 10); None: no limit.

        rate_limiting: How many requests it takes in a time; None: any number.
        endpoint_limits: Limits of endpoint sets of Atlas v2 by their ids, such as
            ``{"cloudBackups": RateLimit(20, 10, 1)}``, instead of the documented ones; ``GET /rateLimits`` tells them.

        seed: Same seed and sizes, same data.
        manager: The product below ``/api/public/v1.0``. Atlas is always there, below ``/api/atlas/v1.0`` and ``v2``.
        projects: Projects of the manager, and as many more of Atlas.
        clusters_per_project: Top-level clusters of each project; their kinds take turns (:class:`ClusterKind`), so
            that 3 have every kind of the manager, and 7 every kind of Atlas. None: one of each kind.
        jobs_per_cluster: Restore jobs of each cluster at the start. They are computed when asked for.
        snapshots_per_cluster: Snapshots of each cluster; see :class:`~mongorestore_async.emulator.Snapshots`.
        collection_restores_per_cluster: Collection restores of each cloud backup cluster at the start, all over.
        restore_seconds: How long a restore takes on the emulator's clock, in seconds.
        polls_per_restore: How often a client has to look at a running restore until it is over: each look pushes the
            clock so far that the n-th one sees it (n - 1)/``polls_per_restore`` done. Many restores of one time share
            the pushes. None: looks do not push the clock.
        start: Where the emulator's clock starts, UTC.
        speed: Seconds that pass on the emulator's clock in one real second; 0 stops it.
        base_path: Path prefix before ``/api``, as an Ops Manager behind a proxy has.

        nonce_policy: How long nonces live.
        nonce_life_uses: Requests a nonce is good for with ``NoncePolicy.LIMITED``.
        nonce_life_seconds: Age a nonce is good for on the emulator's clock; None: for ever.
        spurious_every: Which right answers ``NoncePolicy.SPURIOUS`` refuses: every n-th.
        stale_flag: What ``stale`` says when a right answer has a nonce that is too old, used up or not known here.
        stale_on_replay: What ``stale`` says when a right answer has an ``nc`` that was used or is too low.
        nextnonce: Whether accepted requests are answered with ``Authentication-Info: nextnonce="..."``.
        challenges: The challenges offered, strongest first or last as you like.
        challenges_in_one_header: Put several challenges into one header line instead of one line each.
        userhash: Whether challenges say ``userhash=true`` and hashed user names are understood.

        page_cap: Largest ``itemsPerPage`` allowed (Ops Manager 3.6: 100).
        over_max: Whether a larger one is an error (400 ``INVALID_QUERY_PARAMETER``) or is cut.
        page_clamp: Pages are silently never longer than this, whatever was asked; None: no such limit.
        clamp_past_end: Answer a page past the end with the last page instead of an empty one.
        include_next_links: Whether lists have ``next`` and ``previous`` links.
        include_total_count: Whether lists have ``totalCount`` (``includeCount=false`` leaves it out in any case).
        link_origin: Scheme and host of links; None: those of the request.
        download_origin: Scheme and host of download URLs; None: those of the request, where the emulator
            hands them out; elsewhere a :class:`DownloadHost` can.
        downloads: How they are handed out; ``Emulator.downloads.play`` changes it later.
        archive_bytes: Size of each archive; ``Emulator.archives.size_of`` chooses it per job.

        envelope_style: What an enveloped answer looks like.
        errors_in_envelope: Whether errors, when an envelope is asked for, come with HTTP status 200 outside.
        delivery_url_as_array: Whether ``deliveryUrl`` of a cloud backup job is an array of strings (D22).
        url_v2: Whether jobs carry ``urlV2`` and its token; None: on Ops Manager only, as documented.
        oddities: Unusual shapes to play.

        http_defaults: Whether an HTTP restore may leave out ``maxDownloads`` and the expiry, as vendor tools do.
        create_faults: How the first creates fail, one word for each, as with ``Emulator.fail_next_creates``.
        check_snapshots: Whether a create needs a snapshot or checkpoint of this world that can be restored (404, 409).
        wrong_content_type_status: 415 or 400, the status for a create that is not ``application/json``.
        download_limits: Whether Atlas cloud backup refuses a second active download of a snapshot, and a twenty-first
            one of a project.
        shard_cancels: Whether downloads of sharded clusters can be cancelled (405 otherwise; cloud backup).
        collection_limits: What stands in the way of collection restores.
        missing_version_status: 406 or 400, the status for a request to Atlas v2 that names no version of its resource.
        sunset_enforced: Whether resources of Atlas v2 answer 410 ``VERSION_GONE`` from their sunset on, by the clock.
        today: Play Atlas v2 as it is on this day (a date, or text such as ``"2026-11-29"``), which goes on with the
            clock: resources whose sunset has come answer 410, and answers have the rate-limit headers of their endpoint
            set, whose documented limits hold. None: old resources are served for ever, and there are no limits but
            ``rate_limiting``, which also holds instead of the documented ones.
        body_limit: Largest request body in bytes; more is answered 413.
        gzip: Whether bodies above 1 KiB are compressed for those who accept it.
        service_version_on_atlas: Whether Atlas v1.0 too sends ``X-MongoDB-Service-Version``, as all others do.
        request_log_size: How many requests are remembered in ``Emulator.requests``.

    Raises:
        ConfigError: A value is out of range.

    """

    public_key: str = "emulator"
    private_key: str = "b8a1f2a6-7a5c-4a57-9f0e-2c7d6d1f3e90"
    auth_enabled: bool = True

    client_id: str = "mdb_sa_id_5f1a2b3c4d5e6f7a8b9c0d1e"
    client_secret: str = "mdb_sa_sk_V7q-2eWmT0xYc9LrA4uZpB8sNd3KhFgJ6oRi1aQt"  # noqa: S105 - of the emulator
    token_seconds: int = 3600
    max_live_tokens: int = 100
    token_requests_per_minute: int | None = None

    rate_limiting: RateLimiting | None = None
    endpoint_limits: Mapping[str, RateLimit] = attrs.field(
        factory=dict[str, RateLimit], converter=_endpoint_limits, hash=False
    )

    seed: int = 0
    manager: Manager = attrs.field(default=Manager.CLOUD_MANAGER, converter=_manager)
    projects: int = 2
    clusters_per_project: int | None = None
    jobs_per_cluster: int = 25
    snapshots_per_cluster: int = 10
    collection_restores_per_cluster: int = 1
    restore_seconds: float = 600.0
    polls_per_restore: int | None = None
    start: datetime = attrs.field(default=datetime(2026, 11, 2, 12, 0, tzinfo=UTC), converter=_utc)
    speed: float = 1.0
    base_path: str = attrs.field(default="", converter=_prefix)

    nonce_policy: NoncePolicy = attrs.field(default=NoncePolicy.REUSABLE, converter=_nonce_policy)
    nonce_life_uses: int = 5
    nonce_life_seconds: float | None = None
    spurious_every: int = 7
    stale_flag: bool = True
    stale_on_replay: bool = False
    nextnonce: bool = False
    challenges: tuple[ChallengeForm, ...] = attrs.field(default=(ChallengeForm(),), converter=_challenges)
    challenges_in_one_header: bool = False
    userhash: bool = False

    page_cap: int = 500
    over_max: OverMax = attrs.field(default=OverMax.ERROR, converter=_over_max)
    page_clamp: int | None = None
    clamp_past_end: bool = False
    include_next_links: bool = True
    include_total_count: bool = True
    link_origin: str | None = None
    download_origin: str | None = None
    downloads: DownloadPlay = attrs.field(factory=DownloadPlay)
    archive_bytes: int = 256 * 1024

    envelope_style: EnvelopeStyle = attrs.field(default=EnvelopeStyle.DOCUMENTED, converter=_envelope_style)
    errors_in_envelope: bool = True
    delivery_url_as_array: bool = False
    url_v2: bool | None = None
    oddities: frozenset[Oddity] = attrs.field(default=frozenset(), converter=_oddities)

    http_defaults: bool = True
    create_faults: tuple[CreateFault, ...] = attrs.field(default=(), converter=_create_faults)
    check_snapshots: bool = False
    wrong_content_type_status: int = 415
    download_limits: bool = False
    shard_cancels: bool = True
    collection_limits: frozenset[CollectionLimit] = attrs.field(default=frozenset(), converter=_collection_limits)
    missing_version_status: int = 406
    sunset_enforced: bool = False
    today: date | None = attrs.field(default=None, converter=_day)
    body_limit: int = 64 * 1024
    gzip: bool = True
    service_version_on_atlas: bool = False
    request_log_size: int = 10_000

    def __attrs_post_init__(self) -> None:
        for name, most in _MOST.items():
            self._between(name, 0, most)
        self._between("nonce_life_uses", 1)
        self._between("spurious_every", 2)
        self._between("token_seconds", 1)
        self._between("max_live_tokens", 0)
        self._between("token_requests_per_minute", 0)
        self._between("page_cap", 1)
        self._between("archive_bytes", SMALLEST)
        self._between("body_limit", 1)
        self._between("request_log_size", 0)
        self._between("restore_seconds", 0)
        self._between("polls_per_restore", 1)
        self._between("speed", 0)
        self._between("page_clamp", 1)
        self._between("nonce_life_seconds", 0)
        if not self.challenges:
            raise ConfigError("EmulatorSettings.challenges is empty; offer one, or set auth_enabled=False.")
        if self.wrong_content_type_status not in {400, 415}:
            raise ConfigError("EmulatorSettings.wrong_content_type_status must be 400 or 415.")
        if self.missing_version_status not in {400, 406}:
            raise ConfigError("EmulatorSettings.missing_version_status must be 400 or 406.")
        if not _EARLIEST + timedelta(days=3 * 366) <= self.start <= _LATEST:
            raise ConfigError("EmulatorSettings.start must lie between 1978 and 2100.")

    def _between(self, name: str, least: int, most: int | None = None) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if value < least or (most is not None and value > most):
            limit = f"at least {least}" if most is None else f"from {least} to {most}"
            raise ConfigError(f"EmulatorSettings.{name} is {value!r}; it must be {limit}.")
