"""What the families of the Atlas Administration API v2 have in common (API protocol, section 8)."""

import attrs

from mongorestore_async.families.rate_limit import (
    ATLAS_V2_CALLER,
    ATLAS_V2_CLUSTERS,
    ATLAS_V2_PROJECT,
    ATLAS_V2_PROJECTS,
    RateLimit,
)

__all__ = [
    "API_PATH",
    "CLUSTERS_MEDIA_TYPE",
    "COLLECTIONS_MEDIA_TYPE",
    "FLEX_MEDIA_TYPE",
    "MEDIA_TYPE",
    "NEIGHBOUR_RATES",
    "media_type_of",
    "rate_of",
]

API_PATH = "/api/atlas/v2"


def media_type_of(version: str) -> str:
    """Media type of a version: ``Accept``, and ``Content-Type`` of a body."""
    return f"application/vnd.atlas.{version}+json"


#: Restore jobs, snapshots, checkpoints, projects, and the clusters of all projects.
MEDIA_TYPE = media_type_of("2023-01-01")
#: Clusters of a project; the older versions are deprecated.
CLUSTERS_MEDIA_TYPE = media_type_of("2024-08-05")
#: Everything about flex clusters.
FLEX_MEDIA_TYPE = media_type_of("2024-11-13")
#: Restores of single databases and collections, and what a snapshot holds.
COLLECTIONS_MEDIA_TYPE = media_type_of("2025-03-12")

#: Limits of projects, clusters and the list of limits, whatever the family.
NEIGHBOUR_RATES = (
    ATLAS_V2_CLUSTERS,
    ATLAS_V2_PROJECTS,
    attrs.evolve(ATLAS_V2_CALLER, name="all clusters", paths=frozenset({"/clusters"})),
    attrs.evolve(ATLAS_V2_CALLER, name="rate limits", paths=frozenset({"/rateLimits"})),
)


def rate_of(endpoints: str, *paths: str) -> RateLimit:
    """Limit of one of the endpoint sets that are counted by project.

    Args:
        endpoints: Name of the set.
        paths: Paths that belong to it; none means all that no other limit fits.

    """
    return attrs.evolve(ATLAS_V2_PROJECT, name=endpoints, paths=frozenset(paths))
