"""Clusters of an Atlas project: dedicated and M2/M5, flex, serverless."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import atlas_cluster, atlas_cluster_v2, flex_cluster, serverless_instance
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.atlas_places import FLEX_KINDS, SERVERLESS_KINDS, atlas_place
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.places import project_of
from mongorestore_async.emulator.handlers.versions import version_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import ClusterKind, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster

__all__ = [
    "list_clusters",
    "list_flex_clusters",
    "list_serverless_instances",
    "one_cluster",
    "one_flex_cluster",
    "one_serverless_instance",
]

_CLUSTER_KINDS = frozenset(ClusterKind) - FLEX_KINDS - SERVERLESS_KINDS
#: From this version on ``backupEnabled`` is cloud backup.
_NEW_SHAPE = date(2023, 2, 1)


def _writer(request: web.Request) -> Callable[[Cluster], dict[str, Any]]:
    links, version = make_links(request), version_of(request)
    write = atlas_cluster if version is None or version.day < _NEW_SHAPE else atlas_cluster_v2
    return lambda cluster: write(cluster, links=links)


def _list(
    request: web.Request, kinds: frozenset[ClusterKind], write: Callable[[Cluster], dict[str, Any]]
) -> web.Response:
    world = request.app[STAGE].world
    project = project_of(world, request.match_info["group"], Side.ATLAS)
    found = [cluster for cluster in world.clusters(project) if cluster.kind in kinds]
    return list_answer(request, len(found), lambda start, count: [write(one) for one in found[start : start + count]])


async def list_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters``: no flex clusters, no serverless instances."""
    return _list(request, _CLUSTER_KINDS, _writer(request))


async def one_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}``."""
    return answer(request, _writer(request)(atlas_place(request)), Shape.ENTITY)


async def list_flex_clusters(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters``."""
    links = make_links(request)
    return _list(request, FLEX_KINDS, lambda cluster: flex_cluster(cluster, links=links))


async def one_flex_cluster(request: web.Request) -> web.Response:
    """``GET /groups/{G}/flexClusters/{N}``."""
    return answer(request, flex_cluster(atlas_place(request, FLEX_KINDS), links=make_links(request)), Shape.ENTITY)


async def list_serverless_instances(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless``."""
    links = make_links(request)
    return _list(request, SERVERLESS_KINDS, lambda cluster: serverless_instance(cluster, links=links))


async def one_serverless_instance(request: web.Request) -> web.Response:
    """``GET /groups/{G}/serverless/{N}``."""
    found = atlas_place(request, SERVERLESS_KINDS)
    return answer(request, serverless_instance(found, links=make_links(request)), Shape.ENTITY)
