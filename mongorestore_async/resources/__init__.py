"""What users hold: the session, and below it projects, clusters, batches of jobs and lists of snapshots.

In come arguments of verbs, out go models, pagers and batches. A resource knows its address and the session's view,
keeps nothing else and does no I/O when it is made. It checks its arguments, names path and identifiers, and leaves
the rest to the rooms below: pages to ``listing``, creates to ``creating``, waits to ``waiting``, archives to
``downloading``.

Where to change what:

- settings and life of a session, lists over all projects: ``session``; the escape hatches ``request()`` and
  ``pages()``: ``raw_calls``;
- the verbs that clusters and config servers share (jobs, creates, cancels, snapshots): ``cluster_base``; what only
  one of them has (checkpoints, time ranges, the target of a restore): ``cluster``;
- lists of clusters and hosts: ``project``; choosing a snapshot: ``snapshots``; what became of single collections, and
  what a snapshot holds: ``collection_restores``;
- following jobs together: ``batch``; finding them again by their addresses: ``batch_lookup``.

The way of a call, for one page of a list: ``Cluster.restore_jobs()`` makes a ``Pager`` (no I/O) of a ``ListSource``
(where the list is, how its items are read) and a ``ListQuery`` (what is asked). Iterated, a ``PageReader`` asks the
``SessionView`` for one page after the other; the view adds the flags of the session and hands a ``Call`` to the
``Transport``. Nothing here is imported later than the session: a program that has one loads no module of ours.

``fleet`` uses ``session.view_of()`` and ``Pager.reader()``; users need neither.
"""

from mongorestore_async.resources.batch import RestoreBatch, Until
from mongorestore_async.resources.cluster import Cluster, ConfigServer
from mongorestore_async.resources.cluster_base import ClusterBase
from mongorestore_async.resources.project import Project
from mongorestore_async.resources.session import AsyncSession
from mongorestore_async.resources.snapshots import SnapshotPager

__all__ = [
    "AsyncSession",
    "Cluster",
    "ClusterBase",
    "ConfigServer",
    "Project",
    "RestoreBatch",
    "SnapshotPager",
    "Until",
]
