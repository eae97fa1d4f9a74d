"""What the restore jobs of all families have in common: their words, and an address to find one again."""

import abc
from datetime import datetime
from typing import Self, TypeVar
from urllib.parse import quote, unquote

import attrs

from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.models.document import Document
from mongorestore_async.models.requests import Target
from mongorestore_async.models.rows import JobRow, pairs_table, text_cell
from mongorestore_async.models.states import OVER, JobState

__all__ = ["JobDocument", "JobRef", "JobT", "JobT_co", "stamp", "told_target"]

# Ids of answers are opaque and may hold anything; with this even half a surrogate pair survives the round trip.
_ANYTHING = "surrogatepass"
_HOST = "host:"
_PIECES = 4


@attrs.frozen(kw_only=True)
class JobRef:
    """Where a job is found. Holds no secret; ``str(ref)`` is made to be stored and read with :meth:`parse`.

    Attributes:
        family: Name of the product family, such as ``"ops-manager"``.
        project: Project (group) id.
        cluster: Cluster id, or name where the family addresses clusters by name; None for a config server job.
        host: Host id of a config server (SCCC) job, None for every other job.
        job: Job id.

    Raises:
        ConfigError: Not exactly one of ``cluster`` and ``host`` is given.

    """

    family: str
    project: str
    cluster: str | None = None
    host: str | None = None
    job: str

    def __attrs_post_init__(self) -> None:
        if (self.cluster is None) == (self.host is None):
            raise ConfigError("a JobRef requires either a cluster or a host: pass exactly one")

    def __str__(self) -> str:
        """``family/project/cluster/job`` or ``family/project/host:H/job``, every piece percent-encoded."""
        place = _HOST + _quote(self.host) if self.host is not None else _quote(str(self.cluster))
        return "/".join((_quote(self.family), _quote(self.project), place, _quote(self.job)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str(ref)`` wrote.

        Args:
            text: The text.

        Returns:
            The address.

        Raises:
            ConfigError: ``text`` is not of that form.

        """
        pieces = text.split("/")
        if len(pieces) == _PIECES and all(pieces) and pieces[2] != _HOST:
            # A colon inside a piece is percent-encoded, so a cluster called "host:x" is not taken for a host.
            is_host = pieces[2].startswith(_HOST)
            try:
                family, project, place, job = map(_unquote, (*pieces[:2], pieces[2].removeprefix(_HOST), pieces[3]))
            except UnicodeDecodeError:
                pass
            else:
                where = {"host" if is_host else "cluster": place}
                return cls(family=family, project=project, job=job, **where)
        raise ConfigError(
            "not a job reference: expected family/project/cluster/job or family/project/host:H/job",
            hint=Hint(HintKind.PASS_WHOLE_REFERENCE),
        )


def _quote(piece: str) -> str:
    return quote(piece, safe="", errors=_ANYTHING)


def _unquote(piece: str) -> str:
    return unquote(piece, errors=_ANYTHING)


@attrs.frozen(kw_only=True)
class JobDocument(Document, abc.ABC):
    """A received restore job of any family.

    Every family answers the same questions. Nothing is made up: None is what the API does not tell.

    Attributes:
        id: Job id. Opaque: the vendor's own examples hold ids that are not hexadecimal.

    """

    id: str
    _origin: JobRef | None = attrs.field(default=None, eq=False, repr=False, alias="ref")

    @property
    def ref(self) -> JobRef | None:
        """Where the job was found, to find it again; None for a document of unknown origin."""
        # All jobs of a page share one origin, which names no job.
        origin = self._origin
        return origin if origin is None or origin.job else attrs.evolve(origin, job=self.id)

    @property
    @abc.abstractmethod
    def state(self) -> JobState:
        """Where the job stands, in the words all families share."""

    @property
    @abc.abstractmethod
    def requested_at(self) -> datetime | None:
        """When the job was requested (UTC)."""

    @property
    @abc.abstractmethod
    def finished_at(self) -> datetime | None:
        """When the job was over (UTC), well or badly."""

    @property
    @abc.abstractmethod
    def expires_at(self) -> datetime | None:
        """When the download is gone (UTC). Some jobs without a download have it too, and there it says nothing."""

    @property
    @abc.abstractmethod
    def target(self) -> Target | None:
        """The cluster that is restored into, None unless project and cluster are told; a download has none."""

    @property
    @abc.abstractmethod
    def downloadable(self) -> bool | None:
        """Whether all of its archive can be fetched, by what the job says; :attr:`expires_at` is not compared.

        None where the job is in a state that this version does not know, or does not speak of a delivery at all.
        """

    @property
    def over(self) -> bool:
        """Whether the job has ended, by its :attr:`state`. One in an unknown state has not."""
        return self.state in OVER

    @property
    def ok(self) -> bool | None:
        """Whether it ended well; None before its end, and where more has to be read to know.

        An unknown state is never a good end. The link of a job that is ok may have expired: see :attr:`downloadable`.
        """
        state = self.state
        return state is JobState.FINISHED if state in OVER else None

    @property
    def snapshot_moment(self) -> datetime | None:
        """When the restored data were current (UTC)."""
        return None

    def to_row(self) -> JobRow:
        """Make a flat row of it, with the same names and types for the jobs of all families, without secrets."""
        ref, target = self.ref, self.target
        key = None if ref is None else text_cell(ref.cluster)
        # Atlas addresses clusters by name.
        by_name = ref is not None and ref.family.startswith("atlas-")
        return {
            "id": text_cell(self.id) or "",
            "state": self.state.value,
            "status": None,
            "ok": self.ok,
            "delivery": None,
            "delivery_status": None,
            "downloadable": self.downloadable,
            "requested_at": self.requested_at,
            "finished_at": self.finished_at,
            "expires_at": self.expires_at,
            "snapshot_moment": self.snapshot_moment,
            "snapshot_id": None,
            "batch_id": None,
            "target_project_id": None if target is None else text_cell(target.project_id),
            "target_cluster": None if target is None else text_cell(target.cluster),
            "restored_documents": None,
            "total_documents": None,
            "error_message": None,
            "ref": None if ref is None else str(ref),  # percent-encoded, so printable
            "family": None if ref is None else text_cell(ref.family),
            "project_id": None if ref is None else text_cell(ref.project),
            "cluster_id": None if by_name else key,
            "cluster_name": key if by_name else None,
            "host_id": None if ref is None else text_cell(ref.host),
            "fleet": None,
            "project_name": None,
        }

    def _repr_html_(self) -> str:
        """Show it in a notebook: what its row has, without links and secrets."""
        return pairs_table(type(self).__name__, self.to_row().items())


JobT = TypeVar("JobT", bound=JobDocument)
#: Of what only gives jobs: a cluster of one kind of job can stand where one of any kind is wanted.
JobT_co = TypeVar("JobT_co", bound=JobDocument, covariant=True)


def stamp(job: JobT, origin: JobRef) -> JobT:
    """Set where a job was found: at the origin, which names no job."""
    object.__setattr__(job, "_origin", origin)
    return job


def told_target(project_id: str | None, cluster: str | None) -> Target | None:
    """Make the target of a job, None unless both are told as they could be sent again."""
    if not project_id or not cluster:
        return None
    try:
        return Target(project_id, cluster)
    except ConfigError:
        return None
