"""What all received documents have in common."""

import abc
from typing import Any, TypeVar, cast

import attrs

from mongorestore_async.models.job_ref import JobRef
from mongorestore_async.models.secret import RawDocument, UndecodedItem
from mongorestore_async.models.states import JobState

__all__ = ["Document", "JobDocument", "JobT", "attach", "stamp", "wire", "wire_names"]

_WIRE = "mongorestore_async.wire"
_NOTHING_RECEIVED = RawDocument({})


def wire(name: str, *aliases: str) -> dict[str, Any]:
    """Name the JSON member of a field, as attrs ``metadata``, where the rule of :func:`wire_names` does not hold.

    Args:
        name: The documented member. It wins if an alias is there as well.
        aliases: Other spellings the vendor's examples and clients use.

    """
    return {_WIRE: (name, *aliases)}


def wire_names(field: "attrs.Attribute[Any]") -> tuple[str, ...]:
    """JSON members a field is read from, the documented one first: by default the attribute in camel case."""
    head, *tail = (field.alias or field.name).split("_")
    default = (head + "".join(word.capitalize() for word in tail),)
    return cast("tuple[str, ...]", field.metadata.get(_WIRE, default))


@attrs.frozen(kw_only=True)
class Document:
    """A received document. Equality and hash compare the typed fields, not ``raw``."""

    _received: RawDocument | UndecodedItem = attrs.field(default=_NOTHING_RECEIVED, eq=False, repr=False, alias="raw")

    @property
    def raw(self) -> RawDocument:
        """The document as received, read-only. Members no field is made for are found here, secrets included.

        Its ``repr`` and its pickle are redacted. The items of a list may be decoded only when this is asked for.
        """
        received = self._received
        if not isinstance(received, RawDocument):
            received = received.opened()
            attach(self, received)
        return received

    def to_dict(self, *, redacted: bool = True) -> dict[str, Any]:
        """Copy the document as received into plain dictionaries; secrets are replaced unless told otherwise."""
        return self.raw.to_dict(redacted=redacted)


@attrs.frozen(kw_only=True)
class JobDocument(Document, abc.ABC):
    """A received restore job of any family.

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


JobT = TypeVar("JobT", bound=JobDocument)
DocumentT = TypeVar("DocumentT", bound=Document)


def attach(document: DocumentT, raw: RawDocument) -> DocumentT:
    """Set ``raw`` of a document that was just made, or decoded late."""
    object.__setattr__(document, "_received", raw)
    return document


def stamp(job: JobT, origin: JobRef) -> JobT:
    """Set where a job was found: at the origin, which names no job."""
    object.__setattr__(job, "_origin", origin)
    return job
