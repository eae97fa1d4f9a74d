"""The words one can choose from when setting up the emulator."""

from __future__ import annotations

from enum import StrEnum

import attrs

__all__ = ["ChallengeForm", "EnvelopeStyle", "Manager", "NoncePolicy", "Oddity", "OverMax", "QopForm"]


class Manager(StrEnum):
    """Which product answers below ``/api/public/v1.0``; the two differ as ``restore-jobs`` section 3.7 says."""

    CLOUD_MANAGER = "cloud-manager"
    OPS_MANAGER = "ops-manager"


class NoncePolicy(StrEnum):
    """How long, and in which order, the server takes a nonce it gave out.

    Members:
        REUSABLE: Any number of requests, ``nc`` in any order, but each ``nc`` once.
        RISING: Any number of requests; each ``nc`` must be greater than all before it.
        ONE_USE: Good for one request.
        LIMITED: Good for ``nonce_life_uses`` requests.
        SPURIOUS: As REUSABLE, but every ``spurious_every``-th right answer is refused with ``stale=false``, which
            Atlas has been seen to do under concurrency.
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
    """What becomes of ``itemsPerPage`` above the server's maximum."""

    ERROR = "error"
    CLAMP = "clamp"


class Oddity(StrEnum):
    """Shapes that documents or recordings show now and then; the number is the one in ``restore-jobs`` section 10.

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
        EXTRA_FIELDS: D39, members nobody has heard of.
        AUTOMATED_EXPIRY: 5.3, automated cloud backup jobs carry ``expiresAt`` as in 2018.
        LISTED_CREATES: D4, a create of one job on Atlas legacy v1.0 answers a list document, not the job itself.
        EMPTY_CANCELS: D6, a cancel on Atlas v1.0 answers 204 without a body.
        UNPAGED_TENANTS: The list of M2/M5 jobs on Atlas v2 is one page, whatever page was asked for.
        HOST_AS_CLUSTER: D15, jobs of a config server in lists have its id as ``clusterId`` and no ``hostId``.
        EMPTY_SNAPSHOTS: Lists of snapshots begin with an empty object.
        PLACEHOLDER_KEYS: Snapshots of a config server have ``CLUSTER-ID``, ``GROUP-ID`` and ``HOST-ID`` as names.
        OLD_FILTERS: ``filterType`` in the older words, ``blacklist`` and ``whitelist``.
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
    PLACEHOLDER_KEYS = "placeholder-keys"
    OLD_FILTERS = "old-filters"
    AGENT_KEYS = "agent-keys"
