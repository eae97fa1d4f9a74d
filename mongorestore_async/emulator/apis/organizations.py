"""Organizations, their teams and users, and the version of the service: what real clients ask for first.

Both sides have them (``november-2026`` section 5); each side has one organization, and its key sees all of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from mongorestore_async.emulator.apis.answers import (
    SERVICE_VERSION,
    Shape,
    answer,
    common_headers,
    items_answer,
    make_links,
)
from mongorestore_async.emulator.apis.lookups import project_of
from mongorestore_async.emulator.apis.project_endpoints import list_projects
from mongorestore_async.emulator.apis.request_info import BASIC, api_of, atlas_routes, is_v2, manager_routes, side_of
from mongorestore_async.emulator.document_parts import UNAUTHENTICATED_API
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.emulator.world.organization import Organization, Team, User

__all__ = [
    "ROUTES",
    "list_organization_projects",
    "list_organization_users",
    "list_organizations",
    "list_project_teams",
    "list_project_users",
    "list_team_users",
    "list_teams",
    "one_organization",
    "one_team",
    "one_user",
    "service_version",
    "team_named",
    "user_named",
]

_FoundT = TypeVar("_FoundT")
_ORG_ROLES = {"owner": "ORG_OWNER", "operator": "ORG_MEMBER", "reader": "ORG_READ_ONLY"}
_TEAM_ROLES = ["GROUP_BACKUP_ADMIN", "GROUP_READ_ONLY"]


def _mine(request: web.Request) -> Organization:
    return request.app[SERVER_STATE].world.organization(side_of(request))


def _organization(request: web.Request) -> Organization:
    """The organization a path names; another one than that of the key is refused."""
    found = _mine(request)
    if request.match_info["org"] != found.id:
        raise ServiceError("USER_CANNOT_ACCESS_ORG", request.match_info["org"])
    return found


def _only(found: Iterable[_FoundT], code: str, asked: str) -> _FoundT:
    one = next(iter(found), None)
    if one is None:
        raise ServiceError(code, asked)
    return one


async def list_organizations(request: web.Request) -> web.Response:
    """``GET /orgs``: one, or none if ``name`` says so (how names begin, in any case)."""
    found, wanted = [_mine(request)], request.query.get("name", "").casefold()
    return items_answer(
        request, [one for one in found if one.name.startswith(wanted)], lambda one: _organization_document(request, one)
    )


async def one_organization(request: web.Request) -> web.Response:
    """``GET /orgs/{O}``."""
    return answer(request, _organization_document(request, _organization(request)), Shape.ENTITY)


async def list_organization_projects(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/groups``: all of them, for there is one organization."""
    _organization(request)
    return await list_projects(request)


async def list_organization_users(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/users``."""
    return _users_answer(request, _organization(request).users)


async def list_teams(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/teams``."""
    return items_answer(request, _organization(request).teams, lambda team: _team_document(request, team))


async def one_team(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/teams/{T}``."""
    return answer(request, _team_document(request, _team(request)), Shape.ENTITY)


async def team_named(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/teams/byName/{NAME}``."""
    name = request.match_info["name"]
    team = _only((one for one in _organization(request).teams if one.name == name), "TEAM_NOT_FOUND", name)
    return answer(request, _team_document(request, team), Shape.ENTITY)


async def list_team_users(request: web.Request) -> web.Response:
    """``GET /orgs/{O}/teams/{T}/users``."""
    return _users_answer(request, _team(request).users)


async def list_project_teams(request: web.Request) -> web.Response:
    """``GET /groups/{G}/teams``: what each team may do there."""
    _require_project(request)
    return items_answer(
        request,
        _mine(request).teams,
        lambda team: {"teamId": team.id, "roleNames": _TEAM_ROLES, "links": _links(request, f"/teams/{team.id}")},
    )


async def list_project_users(request: web.Request) -> web.Response:
    """``GET /groups/{G}/users``."""
    _require_project(request)
    return _users_answer(request, _mine(request).users)


async def one_user(request: web.Request) -> web.Response:
    """``GET /users/{U}``."""
    wanted = request.match_info["user"]
    user = _only((one for one in _mine(request).users if one.id == wanted), "USER_NOT_FOUND", wanted)
    return answer(request, _user_document(request, user), Shape.ENTITY)


async def user_named(request: web.Request) -> web.Response:
    """``GET /users/byName/{NAME}``."""
    wanted = request.match_info["name"]
    user = _only((one for one in _mine(request).users if one.username == wanted), "USERNAME_NOT_FOUND", wanted)
    return answer(request, _user_document(request, user), Shape.ENTITY)


async def service_version(request: web.Request) -> web.Response:
    """``GET /api/private/unauth/version``: the Git hash as text, without a login; the header has more."""
    git_hash = SERVICE_VERSION.partition(";")[0].partition("=")[2]
    headers = common_headers(request) | {"X-MongoDB-Service-Version": SERVICE_VERSION}
    return web.Response(text=git_hash, headers=headers)


def _require_project(request: web.Request) -> None:
    project_of(request.app[SERVER_STATE].world, request.match_info["group"], side_of(request))


def _team(request: web.Request) -> Team:
    wanted = request.match_info["team"]
    return _only((one for one in _organization(request).teams if one.id == wanted), "TEAM_NOT_FOUND", wanted)


def _users_answer(request: web.Request, users: tuple[User, ...]) -> web.Response:
    return items_answer(request, users, lambda user: _user_document(request, user))


def _links(request: web.Request, path: str, *below: str) -> list[dict[str, str]]:
    links = make_links(request)
    here = f"{links.root}{api_of(request)}{path}"
    return [links.link(here), *(links.link(f"{here}/{name}", name) for name in below)]


def _organization_document(request: web.Request, found: Organization) -> dict[str, Any]:
    document: dict[str, Any] = {"id": found.id, "name": found.name}
    if found.side is Side.ATLAS:
        document["isDeleted"] = False
    if is_v2(request):
        document["skipDefaultAlertsSettings"] = False
    return document | {"links": _links(request, f"/orgs/{found.id}", "groups", "teams", "users")}


def _team_document(request: web.Request, team: Team) -> dict[str, Any]:
    path = f"/orgs/{_mine(request).id}/teams/{team.id}"
    return {"id": team.id, "name": team.name, "links": _links(request, path, "users")}


def _user_document(request: web.Request, user: User) -> dict[str, Any]:
    found = _mine(request)
    return {
        "id": user.id,
        "username": user.username,
        "emailAddress": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "country": "IE",
        "mobileNumber": "",
        "roles": [{"orgId": found.id, "roleName": _ORG_ROLES[user.role]}],
        "teamIds": [team.id for team in found.teams if user in team.users],
        "links": _links(request, f"/users/{user.id}"),
    }


_ORG = "/orgs/{org}"
_PATHS = (
    ("GET", "/orgs", list_organizations),
    ("GET", _ORG, one_organization),
    ("GET", _ORG + "/groups", list_organization_projects),
    ("GET", _ORG + "/users", list_organization_users),
    ("GET", _ORG + "/teams", list_teams),
    ("GET", _ORG + "/teams/byName/{name}", team_named),
    ("GET", _ORG + "/teams/{team}", one_team),
    ("GET", _ORG + "/teams/{team}/users", list_team_users),
    ("GET", "/groups/{group}/teams", list_project_teams),
    ("GET", "/groups/{group}/users", list_project_users),
    ("GET", "/users/byName/{name}", user_named),
    ("GET", "/users/{user}", one_user),
)
ROUTES = (
    *manager_routes(*_PATHS),
    *atlas_routes(*_PATHS, versions=BASIC),
    ("GET", UNAUTHENTICATED_API + "/version", service_version),
)
