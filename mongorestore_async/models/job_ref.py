"""A job's address, to find it again from another process."""

from typing import Self
from urllib.parse import quote, unquote

import attrs

from mongorestore_async.errors import ConfigError, Hint, HintKind

__all__ = ["JobRef"]

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
