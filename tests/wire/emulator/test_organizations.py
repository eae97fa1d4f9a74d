"""Organizations, teams and users, the version of the service: what real clients ask for first."""

from functools import partial

import aiohttp
import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import Side

MANAGER, ATLAS, V2 = "/api/public/v1.0", "/api/atlas/v1.0", "/api/atlas/v2"
SIDES = {MANAGER: Side.MANAGER, ATLAS: Side.ATLAS, V2: Side.ATLAS}
V2_ACCEPT = {"Accept": "application/vnd.atlas.2023-01-01+json"}
each_api = pytest.mark.parametrize("api", SIDES)

calling = partial(call_emulator, EmulatorCaller, start=NOW)


def headers_of(api):
    return {"headers": V2_ACCEPT} if api == V2 else {}


@each_api
async def test_the_organization_of_a_key_is_listed_and_found(api):
    async with calling() as caller:
        known = caller.world.organization(SIDES[api])
        read = partial(caller.ok, **headers_of(api))
        (listed,) = (await read(f"{api}/orgs"))["results"]
        one = await read(f"{api}/orgs/{known.id}")
        projects = await read(f"{api}/orgs/{known.id}/groups")
        everything = await read(f"{api}/groups")
        named = [
            (await read(f"{api}/orgs?name={name}"))["totalCount"] for name in ("", known.name[:4].upper(), "other")
        ]

    assert (listed, one["id"], one["name"]) == (one, known.id, f"{SIDES[api]}-organization")
    assert one.get("isDeleted") is (None if api == MANAGER else False)
    assert ("skipDefaultAlertsSettings" in one) is (api == V2)
    assert projects["results"] == everything["results"]
    assert {project["orgId"] for project in projects["results"]} == {one["id"]}
    assert [link["href"].partition(api)[2] for link in one["links"]] == [
        f"/orgs/{known.id}{tail}" for tail in ("", "/groups", "/teams", "/users")
    ]
    assert named == [1, 1, 0]


@each_api
async def test_there_is_an_organization_without_projects(api):
    async with calling(projects=0) as caller:
        (one,) = (await caller.ok(f"{api}/orgs", **headers_of(api)))["results"]
        projects = await caller.ok(f"{api}/orgs/{one['id']}/groups", **headers_of(api))

    assert (projects["results"], projects["totalCount"]) == ([], 0)


@pytest.mark.parametrize("tail", ["", "/groups", "/teams", "/users"])
@each_api
async def test_other_organizations_are_refused(api, tail):
    async with calling() as caller:
        for org in ("0" * 24, "x"):
            refusal = await caller.refused(f"{api}/orgs/{org}{tail}", **headers_of(api))
            assert refusal == (401, "USER_CANNOT_ACCESS_ORG")


@each_api
async def test_teams_have_users_and_projects_have_both(api):
    async with calling() as caller:
        read = partial(caller.ok, **headers_of(api))
        organization = caller.world.organization(SIDES[api])
        org, project = f"{api}/orgs/{organization.id}", caller.world.project(SIDES[api], 1)
        (team,) = (await read(f"{org}/teams"))["results"]
        assert team == await read(f"{org}/teams/{team['id']}") == await read(f"{org}/teams/byName/{team['name']}")
        members = (await read(f"{org}/teams/{team['id']}/users"))["results"]
        users = (await read(f"{org}/users"))["results"]
        (there,) = (await read(f"{api}/groups/{project.id}/teams"))["results"]
        assert (await read(f"{api}/groups/{project.id}/users"))["results"] == users
        for user in users:
            assert (
                user == await read(f"{api}/users/{user['id']}") == await read(f"{api}/users/byName/{user['username']}")
            )

    assert (len(users), members) == (3, users[:2])
    assert [user["teamIds"] for user in users] == [[team["id"]], [team["id"]], []]
    assert (there["teamId"], there["roleNames"]) == (team["id"], ["GROUP_BACKUP_ADMIN", "GROUP_READ_ONLY"])
    assert {role["orgId"] for user in users for role in user["roles"]} == {organization.id}
    assert all(user["emailAddress"].endswith(".invalid") for user in users)


@each_api
async def test_what_an_organization_lacks_is_not_found(api):
    async with calling() as caller:
        org, nothing = f"{api}/orgs/{caller.world.organization(SIDES[api]).id}", "0" * 24
        for target, code in {
            f"{org}/teams/{nothing}": "TEAM_NOT_FOUND",
            f"{org}/teams/{nothing}/users": "TEAM_NOT_FOUND",
            f"{org}/teams/byName/nobody": "TEAM_NOT_FOUND",
            f"{api}/users/{nothing}": "USER_NOT_FOUND",
            f"{api}/users/byName/nobody": "USERNAME_NOT_FOUND",
            f"{api}/groups/{nothing}/teams": "GROUP_NOT_FOUND",
            f"{api}/groups/{nothing}/users": "GROUP_NOT_FOUND",
        }.items():
            assert await caller.refused(target, **headers_of(api)) == (404, code), target


async def test_lists_of_people_have_pages_and_envelopes():
    async with calling() as caller:
        org = f"{MANAGER}/orgs/{caller.world.organization(Side.MANAGER).id}"
        pages = [await caller.ok(f"{org}/users?itemsPerPage=2&pageNum={number}") for number in (1, 2)]
        enveloped = await caller.ok(f"{org}?envelope=true")

    assert [(len(page["results"]), page["totalCount"]) for page in pages] == [(2, 3), (1, 3)]
    assert (enveloped["status"], enveloped["envelope"]["name"]) == (200, "manager-organization")


@pytest.mark.parametrize("path", ["/orgs", "/users/byName/x"])
async def test_they_want_a_login_and_a_version_like_everything(path):
    async with calling(auth_enabled=True) as caller:
        assert (await caller.refused(MANAGER + path))[0] == 401
    async with calling() as caller:
        assert await caller.refused(V2 + path) == (406, "INVALID_VERSION_DATE")


@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_version_of_the_service_is_told_without_a_login(manager, slash):
    async with calling(auth_enabled=True, manager=manager, base_path="/mms") as caller:
        url = f"{caller.emulator.url}/api/private/unauth/version{slash}"
        async with caller.client.get(url, headers={"Accept": "text/plain"}) as response:
            text = await response.text()
        async with caller.client.get(f"{caller.emulator.url}/api/private/unauth/users") as nothing:
            assert (nothing.status, (await nothing.json())["errorCode"]) == (404, "RESOURCE_NOT_FOUND")
        outcomes = [str(record.outcome) for record in caller.emulator.requests]

    assert (response.status, response.content_type, len(text)) == (200, "text/plain", 40)
    assert response.headers["X-MongoDB-Service-Version"].startswith(f"gitHash={text}; versionString=")
    assert "WWW-Authenticate" not in response.headers
    assert outcomes == ["accepted", "accepted"]


async def test_a_wrong_key_may_ask_for_the_version_too():
    async with calling(auth_enabled=True) as caller:
        login = aiohttp.DigestAuthMiddleware("nobody", "nothing")
        url = f"{caller.emulator.url}/api/private/unauth/version"
        async with aiohttp.ClientSession(middlewares=[login]) as client, client.get(url) as response:
            assert response.status == 200
