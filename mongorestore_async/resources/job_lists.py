"""The list of the restore jobs of a cluster or config server."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.codec.documents import read_batch, read_jobs
from mongorestore_async.errors import Hint, HintKind, Unsupported
from mongorestore_async.listing.page_reader import ListSource
from mongorestore_async.listing.pager import Pager
from mongorestore_async.protocol.urls import check_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.listing.page_reader import ListQuery
    from mongorestore_async.models import JobT
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["list_jobs"]

_ID = attrgetter("id")


def list_jobs(
    view: SessionView, family: Family[JobT], names: Mapping[str, str], query: ListQuery, *, batch_id: str | None
) -> Pager[JobT]:
    """List restore jobs; see :meth:`ClusterBase.restore_jobs`.

    Args:
        view: What to call the API with.
        family: The product family.
        names: Identifiers for the path.
        query: What to ask for.
        batch_id: Only the jobs of this batch, None for all.

    Returns:
        The list as a query.

    Raises:
        ConfigError: An identifier that could change the path.
        Unsupported: ``batch_id`` for a family whose lists have no such filter.

    """
    if batch_id is None:
        read = partial(read_jobs, family, **names)
    else:
        if "batchId" not in family.filters:
            raise Unsupported(
                f"{family.title} lists have no batch filter", hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"})
            )
        query = attrs.evolve(query, filters={"batchId": check_identifier("batch id", batch_id)})
        read = partial(read_batch, family, batch_id=batch_id, **names)
    return Pager(ListSource(view, family, family.jobs_path, names, read, _ID, model=family.job_type), query)
