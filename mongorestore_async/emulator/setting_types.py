"""The types of the settings: words to choose from, challenges, rate limits."""

from __future__ import annotations

from enum import StrEnum

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import RateLimit

__all__ = [
    "ChallengeForm",
    "CollectionLimit",
    "CreateFault",
    "EnvelopeStyle",
    "Manager",
    "NoncePolicy",
    "Oddity",
    "OverMax",
    "QopForm",
    "RateCode",
    "RateLimiting",
    "WaitForm",
]


class Manager(StrEnum):
    """The product below ``/api/public/v1.0``; the two differ as ``restore-jobs`` section 3.7 says."""

    CLOUD_MANAGER = "cloud-manager"
    OPS_MANAGER = "ops-manager"


class NoncePolicy(StrEnum):
    """How long, and in which order, the server takes a nonce it gave out.

    Members:
        REUSABLE: Any number of requests, ``nc`` in any order, but each ``nc`` once.
        RISING: Any number of requests; each ``nc`` must be greater than all before it.
        ONE_USE: Good for one request.
        LIMITED: Good for ``nonce_life_uses`` requests.
        SPURIOUS: As REUSABLE, but every ``spurious_every``-th right answer is refused, ``stale=false``; seen on Atlas.
    """

    REUSABLE = "reusable"
    RISING = "rising"
    ONE_USE = "one-use"
    LIMITED = "limited"
    SPURIOUS = "spurious"


class QopForm(StrEnum):
    """How a challenge names its quality of protection, and so how its answer is verified.

    Members:
        QOP: ``qop="auth"``, RFC 7616.
        OP_AS_QOP: ``op="auth"``, the misprint of the vendor's documents; the server means ``qop``.
        OP_AS_RFC2069: ``op="auth"`` from a server that takes it for an unknown directive: no ``qop``, RFC 2069.
        NONE: No directive at all: RFC 2069.
    """

    QOP = "qop"
    OP_AS_QOP = "op-as-qop"
    OP_AS_RFC2069 = "op-as-rfc2069"
    NONE = "none"


@attrs.frozen
class ChallengeForm:
    """One ``Digest`` challenge as it is offered.

    Attributes:
        algorithm: ``MD5``, ``SHA-256``, ``SHA-512-256`` or one of them with ``-sess``; None leaves the directive out,
            which means MD5. Any other word is sent too, but no answer to it is ever right.
        qop: How the quality of protection is spelt and verified.
        protections: The words of the ``qop`` (or ``op``) directive; ``auth-int`` is verified as well.

    """

    algorithm: str | None = "MD5"
    qop: QopForm = QopForm.QOP
    protections: str = "auth"


class EnvelopeStyle(StrEnum):
    """What ``envelope=true`` wraps an answer in; the documents name all of these (``protocol`` section 5).

    Members:
        DOCUMENTED: What the page of the endpoint says: CONTENT for lists of Ops Manager and Cloud Manager, RESULTS
            for lists of Atlas, ENVELOPE for single entities and creates.
        CONTENT: ``{"status": n, "content": {...}}``.
        ENVELOPE: ``{"status": n, "envelope": {...}}``.
        RESULTS: ``status`` beside ``results`` in a list; a single entity takes CONTENT.
    """

    DOCUMENTED = "documented"
    CONTENT = "content"
    ENVELOPE = "envelope"
    RESULTS = "results"


class OverMax(StrEnum):
    """How the server treats ``itemsPerPage`` above its maximum."""

    ERROR = "error"
    CLAMP = "clamp"


class CollectionLimit(StrEnum):
    """What stands in the way of collection restores; no error code is documented for any of it.

    Members:
        DISK_SHORT: A create is refused, the disk of the target is short.
        DISK_FULL: The disk fills up to 95 % half-way, without autoscaling: jobs fail and are rolled back.
        NVME: A create is refused, the clusters have NVMe disks.
        FALLBACK_SNAPSHOTS: A create that names a snapshot is refused, it is a fallback snapshot.
    """

    DISK_SHORT = "disk-short"
    DISK_FULL = "disk-full"
    NVME = "nvme"
    FALLBACK_SNAPSHOTS = "fallback-snapshots"


class Oddity(StrEnum):
    """Unusual forms that documents or recordings show; the number is the one in ``restore-jobs`` section 10.

    Members:
        STRING_INCREMENTS: D1, ``timestamp.increment`` as a string of digits.
        BARE_CREATES: D4, a create of one job answers the job itself, not a list document.
        NULL_TIMESTAMPS: D3, ``desiredTimestamp`` with all members null on cloud backup jobs.
        FOREIGN_LINKS: D14 and D20, links name another host and, on creates, the cluster by name.
        BATCH_EVERYWHERE: D16, jobs of a replica set carry a ``batchId`` as well.
        PLACEHOLDER_IDS: D17, a ``snapshotId`` that is not hexadecimal on every third job.
        EMPTY_LINKS: D19, ``links`` is ``[{}]`` on single entities.
        NUMERIC_EXPIRY: D23, ``expiresAt`` of a cloud backup job in epoch seconds.
        NO_CREATED_AT: D24, every other cloud backup job lacks ``createdAt`` and the ``failed`` flag.
        TABLE_DATE_NAMES: D25, tenant jobs with the date names of the tables instead of those of the examples.
        ECHOED_TARGETS: D13 turned round, automated jobs say ``AUTOMATED_RESTORE`` and where they go.
        UNKNOWN_WORDS: D31, every fifth job has state words no document lists.
        NO_LIST_LINKS: D36, list documents without ``links``.
        EXTRA_FIELDS: D39, undocumented members.
        AUTOMATED_EXPIRY: 5.3, automated cloud backup jobs carry ``expiresAt`` as in 2018.
        LISTED_CREATES: D4, a create of one job on Atlas legacy v1.0 answers a list document, not the job itself.
        EMPTY_CANCELS: D6, a cancel on Atlas v1.0 answers 204 without a body.
        UNPAGED_TENANTS: The list of M2/M5 jobs on Atlas v2 is one page, whatever page was asked for.
        HOST_AS_CLUSTER: D15, jobs of a config server in lists have its id as ``clusterId`` and no ``hostId``.
        EMPTY_SNAPSHOTS: Lists of snapshots begin with an empty object.
        PLACEHOLDER_KEYS: Snapshots of a config server have ``CLUSTER-ID``, ``GROUP-ID`` and ``HOST-ID`` as names.
        OLD_FILTERS: ``filterType`` in the older words, ``blacklist`` and ``whitelist``.
        RESTORE_IDS: 3.3, restores take an id that only the snapshots of a cluster show; the list has another.
        AGENT_KEYS: Projects carry their ``agentApiKey``, as on older releases of Ops Manager.
    """

    STRING_INCREMENTS = "string-increments"
    BARE_CREATES = "bare-creates"
    NULL_TIMESTAMPS = "null-timestamps"
    FOREIGN_LINKS = "foreign-links"
    BATCH_EVERYWHERE = "batch-everywhere"
    PLACEHOLDER_IDS = "placeholder-ids"
    EMPTY_LINKS = "empty-links"
    NUMERIC_EXPIRY = "numeric-expiry"
    NO_CREATED_AT = "no-created-at"
    TABLE_DATE_NAMES = "table-date-names"
    ECHOED_TARGETS = "echoed-targets"
    UNKNOWN_WORDS = "unknown-words"
    NO_LIST_LINKS = "no-list-links"
    EXTRA_FIELDS = "extra-fields"
    AUTOMATED_EXPIRY = "automated-expiry"
    LISTED_CREATES = "listed-creates"
    EMPTY_CANCELS = "empty-cancels"
    UNPAGED_TENANTS = "unpaged-tenants"
    HOST_AS_CLUSTER = "host-as-cluster"
    EMPTY_SNAPSHOTS = "empty-snapshots"
    RESTORE_IDS = "restore-ids"
    PLACEHOLDER_KEYS = "placeholder-keys"
    OLD_FILTERS = "old-filters"
    AGENT_KEYS = "agent-keys"


class CreateFault(StrEnum):
    """A create that is answered 500 ``UNEXPECTED_ERROR``; whether a real server took it nobody knows.

    Members:
        TAKEN: The restore was started all the same.
        NOT_TAKEN: It was not.
        EITHER: One of the two, chosen by the seed.
    """

    TAKEN = "taken"
    NOT_TAKEN = "not-taken"
    EITHER = "either"


class RateCode(StrEnum):
    """The error code for a request beyond the limit.

    Members:
        RATE_LIMITED: 429.
        RATE_LIMITED_TOKEN_BUCKET: 429, with the bucket in its parameters (Atlas v2).
        RATE_LIMITED_IP: 400. Meant for a limit per caller.
    """

    RATE_LIMITED = "RATE_LIMITED"
    RATE_LIMITED_TOKEN_BUCKET = "RATE_LIMITED_TOKEN_BUCKET"  # noqa: S105 - a word of the API
    RATE_LIMITED_IP = "RATE_LIMITED_IP"


class WaitForm(StrEnum):
    """How ``Retry-After`` is sent: not at all, in whole seconds, or as a date on the emulator's clock."""

    NONE = "none"
    SECONDS = "seconds"
    DATE = "date"


def _limit(_instance: object, _attribute: attrs.Attribute[RateLimit], value: object) -> None:
    if not isinstance(value, RateLimit):
        raise ConfigError(f"RateLimiting.limit is {value!r}; give a RateLimit such as RateLimit(100, 100, 60).")


@attrs.frozen(kw_only=True)
class RateLimiting:
    """A limit, and how requests beyond it are refused.

    Attributes:
        limit: The limit: a bucket that refills evenly, or a counter that restarts (``window=True``); one for each
            project, to which requests without a project do not count, or one for all requests. Seconds are those
            of the emulator's clock.
        code: What is answered.
        retry_after: The form of ``Retry-After``; its seconds are those of the emulator's clock.
        headers: Whether every answer has ``RateLimit-Limit`` and ``RateLimit-Remaining``.

    Raises:
        ConfigError: A value is none of these.

    """

    limit: RateLimit = attrs.field(validator=_limit)
    code: RateCode = attrs.field(default=RateCode.RATE_LIMITED, converter=RateCode)
    retry_after: WaitForm = attrs.field(default=WaitForm.SECONDS, converter=WaitForm)
    headers: bool = False
