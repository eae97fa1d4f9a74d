"""Projects, as lists of projects show them."""

from datetime import datetime

import attrs

from mongorestore_async.models.base import Document
from mongorestore_async.models.link import Link
from mongorestore_async.models.secret import Secret

__all__ = ["ProjectSummary"]


@attrs.frozen(kw_only=True)
class ProjectSummary(Document):
    """One project (the paths call it group). Counts of hosts, tags and the like are in ``raw``.

    Attributes:
        id: Project id.
        name: Name people gave it.
        org_id: Organization it belongs to.
        created: Creation (UTC); Atlas only.
        cluster_count: Number of clusters; Atlas only.
        agent_api_key: Key of the project's agents; older Ops Manager only.
        links: Related documents, for information.

    """

    id: str
    name: str | None = None
    org_id: str | None = None
    created: datetime | None = None
    cluster_count: int | None = None
    agent_api_key: Secret | None = None
    links: tuple[Link, ...] = ()
