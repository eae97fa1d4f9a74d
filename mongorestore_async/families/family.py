"""What one product family is made of."""

from __future__ import annotations

from typing import Generic

import attrs

from mongorestore_async.families.rate_limit import RateLimit  # noqa: TC001 - a field type
from mongorestore_async.models.base import JobT

__all__ = ["Family"]


@attrs.frozen(kw_only=True)
class Family(Generic[JobT]):
    """One API of one product, as data: adding a family adds a file with one of these, never a class.

    Paths are templates below ``api_path`` with the fields ``{project}``, ``{cluster}`` and ``{job}``, each to be
    filled with one percent-encoded segment. A verb whose path is None does not exist in the family.

    Attributes:
        name: Short name, as it stands in a :class:`~mongorestore_async.models.JobRef`.
        title: Name for people.
        api_path: Path of the API below the base URL.
        job_type: Model of a job.
        jobs_path: List of the jobs of one cluster.
        job_path: One job.
        create_path: Where a create is sent, or None.
        cancel_path: Where a cancel is sent, or None.
        cluster_key: Whether paths take a cluster's ``"id"`` or its ``"name"``.
        clusters_path: List of the clusters of one project.
        projects_path: List of the projects a key sees.
        filters: Query parameters of the job list beyond the ones all lists have, as they stand on the wire.
        creates: Types of request (:class:`HttpRestore`) and of source of an automated restore that a create
            accepts; empty where nothing can be created.
        media_type: ``Accept``, and ``Content-Type`` of a body.
        has_public_host: Whether the default base URL reaches it.
        has_service_accounts: Whether OAuth 2.0 service accounts can log in.
        rates: The limits its calls fall under, the first that fits; empty where none is known.
        newest_first: Whether the vendor promises that order for the job list.
        deprecation: Sentence of the warning, or None.

    """

    name: str
    title: str
    api_path: str
    job_type: type[JobT]
    jobs_path: str
    job_path: str
    create_path: str | None = None
    cancel_path: str | None = None
    cluster_key: str
    clusters_path: str = "/groups/{project}/clusters"
    projects_path: str = "/groups"
    filters: frozenset[str] = frozenset()
    creates: frozenset[type] = frozenset()
    media_type: str = "application/json"
    has_public_host: bool = True
    has_service_accounts: bool = True
    rates: tuple[RateLimit, ...] = ()
    newest_first: bool = False
    deprecation: str | None = None

    def __repr__(self) -> str:
        return f"<Family {self.name}>"
