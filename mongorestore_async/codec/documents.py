"""Jobs out of the documents of a family: one job, the items of a list, the answer to a create."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from mongorestore_async.codec.list_documents import DecodedItems, decode_list, identities
from mongorestore_async.codec.structuring import contradicts, require_id, structure, structure_each
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import RawDocument, attach, conceal, reveal
from mongorestore_async.models.job import JobRef, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mongorestore_async.codec.list_documents import PageForm
    from mongorestore_async.families.family import Family
    from mongorestore_async.models.job import JobT

__all__ = ["load_job", "load_jobs", "read_batch", "read_created", "read_ids", "read_job", "read_jobs"]

_RESULTS = "results"


def load_job(
    family: Family[JobT],
    document: Any,
    *,
    project: str | None = None,
    cluster: str | None = None,
    host: str | None = None,
) -> JobT:
    """Make a job of a document, also of one that was recorded elsewhere.

    ``raw`` is a copy: changing ``document`` afterwards does not change the job.

    Args:
        family: Where the document comes from.
        document: The job, as a JSON decoder made it.
        project: Project the job was found in; with ``cluster`` or ``host``, the job gets a ``ref``.
        cluster: Cluster the job was found in, by id or by name as the family addresses clusters.
        host: Instead of a cluster, the config server host the job was found at.

    Returns:
        The job.

    Raises:
        DataError: The document is no job of this family.

    """
    document = conceal(document)
    origin = None if project is None or cluster is host is None else _origin_of(family.name, project, cluster, host)
    found = _decode(family.job_type, [document])
    if found is not None:
        return found.found_at(origin)[0]
    job = structure(family.job_type, document)
    attach(job, RawDocument(job.raw.to_dict(redacted=False)))
    return job if origin is None else stamp(job, origin)


def load_jobs(
    family: Family[JobT],
    documents: Iterable[Any],
    *,
    project: str | None = None,
    cluster: str | None = None,
    host: str | None = None,
) -> tuple[JobT, ...]:
    """Make jobs of many documents; as :func:`load_job` for each of them, several times as fast.

    Args:
        family: Where the documents come from.
        documents: The jobs, as a JSON decoder made them.
        project: Project the jobs were found in; with ``cluster`` or ``host``, each gets a ``ref``.
        cluster: Cluster the jobs were found in, by id or by name as the family addresses clusters.
        host: Instead of a cluster, the config server host the jobs were found at.

    Returns:
        The jobs, in the order of the documents.

    Raises:
        DataError: A document is no job of this family; its path begins with the index, as in ``$[3].created``.

    """
    documents = [conceal(document) for document in documents]
    origin = None if project is None or cluster is host is None else _origin_of(family.name, project, cluster, host)
    found = _decode(family.job_type, documents)
    if found is not None:
        return tuple(found.found_at(origin))
    jobs = structure_each(family.job_type, documents, origin=origin)
    for job in jobs:
        attach(job, RawDocument(job.raw.to_dict(redacted=False)))
    return jobs


#: The order of members in documents that were loaded.
_loaded: dict[Any, PageForm] = {}


def _decode(model: type[JobT], documents: Sequence[Any]) -> DecodedItems[JobT] | None:
    """Decode documents as the items of a list are; None for what is left to the converter, be it right or wrong.

    What is no JSON, such as NaN, cannot be written as JSON, or is not decoded again.
    """
    try:
        results = json.dumps([reveal(document) for document in documents], ensure_ascii=False, separators=(",", ":"))
        found = decode_list(model, b'{"results":%b}' % results.encode(), _loaded)
    except (TypeError, ValueError, RecursionError):
        return None
    return None if found is None else cast("DecodedItems[JobT]", found.results)


def read_jobs(
    family: Family[JobT],
    content: Any,
    *,
    project: str,
    cluster: str | None = None,
    host: str | None = None,
    path: str = "$.results",
) -> Sequence[JobT]:
    """Make jobs of the ``results`` of a list document, each with its ``ref``.

    Raises:
        DataError: ``content`` is no array, or an item is no job of this family; the path begins with ``path``.

    """
    origin = _origin_of(family.name, project, cluster, host)
    if isinstance(content, DecodedItems):
        return cast("DecodedItems[JobT]", content).found_at(origin)
    content = conceal(content)
    return structure_each(family.job_type, content, path=path, origin=origin)


def read_job(family: Family[JobT], document: Any, *, job: str, **place: str) -> JobT:
    """Make the job that was asked for by its id; as :func:`load_job`.

    Raises:
        DataError: The document is no job of this family, or another job.

    """
    document = conceal(document)
    return require_id(load_job(family, document, **place), job)


def read_batch(family: Family[JobT], content: Any, *, batch_id: str, **place: str) -> Sequence[JobT]:
    """Make jobs of the ``results`` of a list that was asked for the jobs of one batch; as :func:`read_jobs`.

    Raises:
        DataError: One of them names another batch.

    """
    jobs = read_jobs(family, content, **place)
    names = cast("list[str | None]", identities(jobs, attrgetter("batch_id")))
    for index, named in enumerate(names):
        if named is not None and contradicts(named, batch_id):
            raise DataError(
                f"$.{_RESULTS}[{index}].batchId: a job of another batch than the one asked for, so the list may not be"
                f" the batch's; ask again, and look for a cache or gateway that mixes up answers",
                path=f"$.{_RESULTS}[{index}].batchId",
            )
    return jobs


def read_ids(content: Iterable[Any]) -> tuple[str, ...]:
    """Give the ids in the ``results`` of a list document, whatever else is right or wrong with its items."""
    items = (cast("Mapping[str, Any]", item) for item in content if isinstance(item, Mapping))
    ids = (item.get("id") for item in items)
    return tuple(text for text in ids if isinstance(text, str))


def read_created(
    family: Family[JobT], content: Any, *, project: str, cluster: str | None = None, host: str | None = None
) -> tuple[JobT, ...]:
    """Make jobs of the answer to a create: a list document, or a bare job ("Create: answer").

    The restore of a sharded cluster is a batch of several jobs, although the vendor's page promises one.

    Raises:
        DataError: The answer is neither, or holds no job at all.

    """
    content = conceal(content)
    if not isinstance(content, RawDocument) or _RESULTS not in content:
        return (stamp(structure(family.job_type, content), _origin_of(family.name, project, cluster, host)),)
    jobs = read_jobs(family, content[_RESULTS], project=project, cluster=cluster, host=host)
    if not jobs:
        raise DataError(
            "the answer to the create is an empty list, so there is no job to follow:"
            " check the job list of the cluster before you create again",
            path=f"$.{_RESULTS}",
        )
    return tuple(jobs)


@functools.lru_cache(maxsize=1024)
def _origin_of(family: str, project: str, cluster: str | None, host: str | None) -> JobRef:
    return JobRef(family=family, project=project, cluster=cluster, host=host, job="")
