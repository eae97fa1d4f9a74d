"""Restores of single databases and collections of Atlas: what is asked for, and what is received.

- ``request``: :class:`CollectionRestore`, which checks itself when it is made; ``namespaces``: names MongoDB allows.
- ``restored``: the job; ``parts``: what became of each collection, and the contents of a snapshot.
- ``outcome``: what all collections of a job tell together.
"""

from mongorestore_async.models.collections.outcome import CollectionsOutcome
from mongorestore_async.models.collections.parts import (
    FailedIndex,
    IndexState,
    IndexStatus,
    RestoredCollection,
    RestoredCollectionState,
    SnapshotCollection,
    SnapshotDatabase,
)
from mongorestore_async.models.collections.request import (
    CollectionRestore,
    IndexStrategy,
    Renamed,
    RestoreRequest,
    WriteStrategy,
    overwritten_by,
)
from mongorestore_async.models.collections.restored import (
    CollectionRestoreJob,
    CollectionRestoreState,
    RequestedNamespace,
)

__all__ = [
    "CollectionRestore",
    "CollectionRestoreJob",
    "CollectionRestoreState",
    "CollectionsOutcome",
    "FailedIndex",
    "IndexState",
    "IndexStatus",
    "IndexStrategy",
    "Renamed",
    "RequestedNamespace",
    "RestoreRequest",
    "RestoredCollection",
    "RestoredCollectionState",
    "SnapshotCollection",
    "SnapshotDatabase",
    "WriteStrategy",
    "overwritten_by",
]
