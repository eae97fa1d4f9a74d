"""Projects of either side, and all clusters at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.emulator.documents import ATLAS_API, project_document, project_with_clusters
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.places import project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Project

__all__ = ["all_clusters", "list_projects", "one_project"]


def _side(request: web.Request) -> Side:
    prefix = request.app[STAGE].settings.base_path
    return Side.ATLAS if request.path.startswith(prefix + ATLAS_API) else Side.MANAGER


def _page(request: web.Request, start: int, count: int) -> list[Project]:
    stage = request.app[STAGE]
    numbers = range(start, min(start + count, stage.settings.projects))
    return [stage.world.project(_side(request), number) for number in numbers]


async def list_projects(request: web.Request) -> web.Response:
    """``GET /groups``."""
    settings, links = request.app[STAGE].settings, make_links(request)
    clusters = settings.clusters_per_project
    return list_answer(
        request,
        settings.projects,
        lambda start, count: [
            project_document(one, clusters=clusters, links=links) for one in _page(request, start, count)
        ],
    )


async def one_project(request: web.Request) -> web.Response:
    """``GET /groups/{G}``."""
    stage = request.app[STAGE]
    project = project_of(stage.world, request.match_info["group"], _side(request))
    clusters = stage.settings.clusters_per_project
    return answer(request, project_document(project, clusters=clusters, links=make_links(request)), Shape.ENTITY)


async def all_clusters(request: web.Request) -> web.Response:
    """``GET /clusters``: one result per project."""
    stage = request.app[STAGE]
    return list_answer(
        request,
        stage.settings.projects,
        lambda start, count: [
            project_with_clusters(one, list(stage.world.clusters(one))) for one in _page(request, start, count)
        ],
    )
