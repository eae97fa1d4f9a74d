"""The databases and collections of the clusters of Atlas: what there is now, and what a snapshot or a moment holds.

The start data is computed from the seed; what a test or a finished restore changed is stored with the moment of the
change, so that a later snapshot or point in time holds it.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.world.collection_words import CollectionKind
from mongorestore_async.emulator.world.entities import Cluster, random_bits
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mongorestore_async.emulator.flow_control import Clock
    from mongorestore_async.emulator.world.snapshot_store import Snapshot

__all__ = ["ID_INDEX", "Collection", "Index", "Namespaces", "require_namespace"]


@attrs.frozen
class Index:
    """An index of a collection.

    Attributes:
        name: As MongoDB names it: ``email_1``.
        ttl: Whether documents expire by it, so that ``ALL_EXCEPT_TTL`` leaves it out.

    """

    name: str
    ttl: bool = False


#: The index that every collection has.
ID_INDEX = Index("_id_")


@attrs.frozen
class Collection:
    """A collection, view or time series in a cluster or a snapshot.

    Attributes:
        namespace: ``database.collection``.
        kind: What it is.
        documents: How many documents it holds.
        indexes: Its indexes, ``_id_`` first; a view has none.
        restored_by: Id of the collection restore it came from, or None.
        restored_from: The namespace it had there, or None.

    """

    namespace: str
    kind: CollectionKind = attrs.field(default=CollectionKind.COLLECTION, converter=CollectionKind)
    documents: int = 1000
    indexes: tuple[Index, ...] = (ID_INDEX,)
    restored_by: str | None = None
    restored_from: str | None = None

    @property
    def database(self) -> str:
        """The part before the first dot."""
        return self.namespace.partition(".")[0]

    @property
    def name(self) -> str:
        """The part after it."""
        return self.namespace.partition(".")[2]


#: The start data of every cluster of Atlas; documents are multiplied by a number of the cluster.
_START = (
    Collection("shop.customers", documents=1_200, indexes=(ID_INDEX, Index("email_1"))),
    Collection("shop.open_orders", CollectionKind.VIEW, documents=0, indexes=()),
    Collection("shop.orders", documents=4_800, indexes=(ID_INDEX, Index("customer_1"), Index("placed_1"))),
    Collection("shop.sessions", documents=300, indexes=(ID_INDEX, Index("expires_1", ttl=True))),
    Collection("staff.people", documents=60),
    Collection("staff.salaries", CollectionKind.ENCRYPTED, documents=60),
    Collection("telemetry.devices", documents=240),
    Collection("telemetry.readings", CollectionKind.TIME_SERIES, documents=96_000),
)


def require_namespace(namespace: str) -> None:
    """Refuse what is not ``database.collection``.

    Raises:
        ConfigError: It is not.

    """
    database, _, name = namespace.partition(".")
    if not database or not name:
        raise ConfigError(f"{namespace!r} is no namespace; give 'database.collection'.")


@attrs.define
class _History:
    """The contents of a cluster since the start: moments of changes, and what there was from each on."""

    moments: list[float]
    contents: list[Mapping[str, Collection]]


class Namespaces:
    """Looks up, adds and drops collections. May be called from any thread.

    Args:
        seed: Of the settings.
        clock: The server's time.
        settle: Applies the restores that have ended; called before anything is read or changed.

    """

    def __init__(self, seed: int, clock: Clock, settle: Callable[[], None]) -> None:
        self._seed = seed
        self._clock = clock
        self._settle = settle
        self._start = clock.start.timestamp()
        self._histories: dict[str, _History] = {}
        self._in_snapshots: dict[str, dict[str, Collection | None]] = {}
        self._lock = threading.RLock()

    def of(self, cluster: Cluster) -> list[Collection]:
        """The collections of a cluster now, by namespace."""
        self._settle()
        return self._sorted(self.present(cluster).values())

    def find(self, cluster: Cluster, namespace: str) -> Collection | None:
        """The collection of a namespace in a cluster now; None if there is none."""
        self._settle()
        return self.present(cluster).get(namespace)

    def add(
        self,
        cluster: Cluster,
        namespace: str,
        kind: CollectionKind | str = CollectionKind.COLLECTION,
        *,
        documents: int = 1000,
        indexes: Iterable[Index] = (ID_INDEX,),
        in_snapshots: bool = True,
    ) -> Collection:
        """Add a collection to a cluster, or replace it, now and in the snapshots that it has.

        Args:
            cluster: The cluster.
            namespace: ``database.collection``.
            kind: What it is.
            documents: How many documents it holds.
            indexes: Its indexes.
            in_snapshots: Whether the snapshots from before the start of the clock hold it as well.

        Returns:
            The collection.

        Raises:
            ConfigError: That is no namespace, or no kind.

        """
        require_namespace(namespace)
        try:
            made = Collection(namespace, CollectionKind(kind), documents, tuple(indexes))
        except ValueError:
            raise ConfigError(f"{kind!r} is no CollectionKind; choose from {', '.join(CollectionKind)}.") from None
        self._settle()
        with self._lock:
            self.change(cluster, self._clock.now().timestamp(), put=(made,))
            if in_snapshots:
                self._in_snapshots.setdefault(cluster.id, {})[namespace] = made
        return made

    def drop(self, cluster: Cluster, namespace: str, *, in_snapshots: bool = False) -> None:
        """Drop a collection from a cluster; its snapshots keep it.

        Args:
            cluster: The cluster.
            namespace: ``database.collection``, or a database to drop all of it.
            in_snapshots: Whether the snapshots from before the start of the clock lack it as well.

        Raises:
            ConfigError: The cluster has nothing of that name.

        """
        self._settle()
        with self._lock:
            known = {**self._start_contents(cluster, 0), **self.present(cluster)}
            gone = [name for name in known if name == namespace or known[name].database == namespace]
            if not gone:
                raise ConfigError(f"Cluster {cluster.name} has no collection and no database {namespace!r}.")
            self.change(cluster, self._clock.now().timestamp(), drop=gone)
            if in_snapshots:
                self._in_snapshots.setdefault(cluster.id, {}).update(dict.fromkeys(gone))

    def in_snapshot(self, snapshot: Snapshot) -> list[Collection]:
        """What a snapshot holds, by namespace. Older ones hold fewer documents of the same collections."""
        if snapshot.taken < self._start:
            return self._sorted(self._start_contents(snapshot.cluster, 1 + snapshot.number).values())
        return self.at(snapshot.cluster, snapshot.taken)

    def at(self, cluster: Cluster, moment: float) -> list[Collection]:
        """What a cluster held at a moment; before the start of the clock, the start data.

        Args:
            cluster: The cluster.
            moment: The moment, seconds since 1970.

        Returns:
            The collections, by namespace.

        """
        self._settle()
        with self._lock:
            history = self._histories.get(cluster.id)
            if history is None or moment < self._start:
                return self._sorted(self._start_contents(cluster, 0).values())
            return self._sorted(history.contents[bisect_right(history.moments, moment) - 1].values())

    def present(self, cluster: Cluster) -> Mapping[str, Collection]:
        """What a cluster holds by what was applied so far; for the restores themselves."""
        history = self._histories.get(cluster.id)
        return self._start_contents(cluster, 0) if history is None else history.contents[-1]

    def change(
        self, cluster: Cluster, moment: float, *, put: Iterable[Collection] = (), drop: Iterable[str] = ()
    ) -> None:
        """Change what a cluster holds from a moment on; for the restores themselves.

        Args:
            cluster: The cluster.
            moment: When, seconds since 1970.
            put: Collections that are there from then on.
            drop: Namespaces that are gone from then on.

        """
        with self._lock:
            before = self.present(cluster)
            contents = dict(before)
            for namespace in drop:
                contents.pop(namespace, None)
            contents |= {made.namespace: made for made in put}
            history = self._histories.setdefault(cluster.id, _History([self._start], [before]))
            history.moments.append(moment)
            history.contents.append(contents)

    def _start_contents(self, cluster: Cluster, age: int) -> dict[str, Collection]:
        factor = 1 + random_bits(f"{self._seed} {cluster.id} namespaces", 1) % 5
        found: dict[str, Collection] = {
            one.namespace: attrs.evolve(one, documents=one.documents * factor * 50 // (50 + age)) for one in _START
        }
        for namespace, made in self._in_snapshots.get(cluster.id, {}).items():
            if made is None:
                found.pop(namespace, None)
            else:
                found[namespace] = made
        return found

    @staticmethod
    def _sorted(found: Iterable[Collection]) -> list[Collection]:
        return sorted(found, key=lambda one: one.namespace)
