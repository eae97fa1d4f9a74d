"""Projects of either side, and all clusters at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator.documents import Refusal, project_document, project_with_clusters
from mongorestore_async.emulator.handlers.answers import answer, list_answer, make_links
from mongorestore_async.emulator.handlers.apis import is_v2, side_of
from mongorestore_async.emulator.handlers.envelope import Shape
from mongorestore_async.emulator.handlers.places import project_by_name, project_of
from mongorestore_async.emulator.stage import STAGE
from mongorestore_async.emulator.world import ClusterKind

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Project

__all__ = ["all_clusters", "list_organization_projects", "list_projects", "one_project", "project_named"]

#: What has an API of its own, and is in its lists only.
_APART = frozenset({ClusterKind.FLEX, ClusterKind.SERVERLESS})


def _page(request: web.Request, start: int, count: int) -> list[Project]:
    stage = request.app[STAGE]
    numbers = range(start, min(start + count, stage.settings.projects))
    return [stage.world.project(side_of(request), number) for number in numbers]


def _document(request: web.Request, project: Project) -> dict[str, Any]:
    stage = request.app[STAGE]
    return project_document(
        project,
        clusters=stage.settings.clusters_per_project,
        links=make_links(request),
        now=stage.clock.now(),
        odd=stage.settings.oddities,
    )


async def list_projects(request: web.Request) -> web.Response:
    """``GET /groups``."""
    return list_answer(
        request,
        request.app[STAGE].settings.projects,
        lambda start, count: [_document(request, one) for one in _page(request, start, count)],
    )


async def list_organization_projects(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/groups``: all of them, for there is one organisation; another one is nobody's business."""
    stage = request.app[STAGE]
    if stage.settings.projects and request.match_info["org"] != stage.world.project(side_of(request), 0).org_id:
        raise Refusal("USER_CANNOT_ACCESS_ORG", request.match_info["org"])
    return await list_projects(request)


async def one_project(request: web.Request) -> web.Response:
    """``GET /groups/{G}``."""
    project = project_of(request.app[STAGE].world, request.match_info["group"], side_of(request))
    return answer(request, _document(request, project), Shape.ENTITY)


async def project_named(request: web.Request) -> web.Response:
    """``GET /groups/byName/{NAME}``."""
    project = project_by_name(request.app[STAGE].world, request.match_info["name"], side_of(request))
    return answer(request, _document(request, project), Shape.ENTITY)


async def all_clusters(request: web.Request) -> web.Response:
    """``GET /clusters``: one result per project, without flex clusters and serverless instances."""
    stage, v2 = request.app[STAGE], is_v2(request)
    return list_answer(
        request,
        stage.settings.projects,
        lambda start, count: [
            project_with_clusters(
                one,
                [found for found in stage.world.clusters(one) if found.kind not in _APART],
                v2=v2,
                without_backup=stage.world.backups.all_off,
            )
            for one in _page(request, start, count)
        ],
    )
