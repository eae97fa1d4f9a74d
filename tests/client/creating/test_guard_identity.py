"""A guard and the protection of the source know a cluster by every id and name the server has for it."""

from __future__ import annotations

import pytest

from builders.restore_server import RestoreServer
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY_V1,
    NO_RETRY,
    OPS_MANAGER,
    AuthError,
    AutomatedRestore,
    Options,
    ProtectedTarget,
    RestoreGuard,
    Snapshot,
    Target,
)

P, Q = "5" * 23 + "1", "5" * 23 + "2"
#: The ids of the list, and those that snapshots show and restores take.
ORDERS, ORDERS_RESTORED = "a" * 23 + "1", "b" * 23 + "1"
STAGING, STAGING_RESTORED = "a" * 23 + "2", "b" * 23 + "2"
SHARD, CONFIG = "c" * 23 + "1", "c" * 23 + "2"
UNKNOWN = "d" * 24

MANAGER = [
    {"id": ORDERS, "clusterName": "orders", "typeName": "SHARDED_REPLICA_SET"},
    {"id": SHARD, "clusterName": "orders", "typeName": "REPLICA_SET", "shardName": "s0", "replicaSetName": "orders-s0"},
    {"id": CONFIG, "clusterName": "orders", "typeName": "CONFIG_SERVER_REPLICA_SET", "replicaSetName": "orders-cfg"},
    {"id": STAGING, "clusterName": "staging", "typeName": "REPLICA_SET", "replicaSetName": "rs0"},
]
ATLAS = [
    {"id": ORDERS, "name": "orders", "clusterType": "SHARDED"},
    {"id": STAGING, "name": "staging", "clusterType": "REPLICASET"},
]
SNAPSHOTS = {
    (P, ORDERS): [{"id": "s1"}, {"id": "s2", "clusterId": ORDERS_RESTORED}],
    (P, STAGING): [{"id": "s3", "clusterId": STAGING_RESTORED}],
}
SOURCE_ONLY = RestoreGuard()


def into(cluster, project=P):
    return AutomatedRestore(Snapshot("s1"), Target(project, cluster))


@pytest.fixture
def place(connect, server):
    """Name a cluster of a server with one project, with a guard."""

    def make(guard, *, family=OPS_MANAGER, project=P, cluster=STAGING, clusters=MANAGER, options=None, **how):
        restores = RestoreServer(
            clusters={P: clusters},
            snapshots=SNAPSHOTS,
            projects={P: "Production", Q: "Staging"},
            atlas=family in {ATLAS_CLOUD_BACKUP, ATLAS_FLEX},
        )
        server.serve(restores)
        session = connect(
            base_url="https://om.example.com:8443", options=options or Options(retry=NO_RETRY, guard=guard), **how
        )
        return session.project(project, family).cluster(cluster), restores

    return make


PROTECTED = [
    # Ops Manager: what is protected, and the target
    ("the name, the id", Target(P, "orders"), ORDERS),
    ("the name in another case", Target(P.upper(), "Orders"), ORDERS.upper()),
    ("the id, that of its snapshots", Target(P, ORDERS), ORDERS_RESTORED),
    ("the name, that of its snapshots", Target(P, "orders"), ORDERS_RESTORED),
    ("that of its snapshots, the id", Target(P, ORDERS_RESTORED.upper()), ORDERS),
    ("a shard, the id", Target(P, SHARD), ORDERS),
    ("a shard, that of its snapshots", Target(P, SHARD), ORDERS_RESTORED),
    ("the config servers, the id", Target(P, CONFIG), ORDERS),
    ("the id, a shard", Target(P, ORDERS), SHARD),
    ("the replica set, the id", Target(P, "orders-s0"), ORDERS),
    ("the project's name", Target("production", "orders"), ORDERS),
    ("all of the project's name", Target("Production", "*"), ORDERS),
]


@pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore"])
@pytest.mark.parametrize(("entry", "target"), [case[1:] for case in PROTECTED], ids=[case[0] for case in PROTECTED])
async def test_a_guard_knows_a_cluster_by_any_of_its_ids(place, verb, entry, target):
    cluster, restores = place(RestoreGuard([entry]))

    with pytest.raises(ProtectedTarget, match=r"protected.*confirm with overwrite="):
        await getattr(cluster, verb)(into(target))
    assert restores.created == []

    await cluster.create_restore_job(into(target), overwrite=Target(P, target))
    assert len(restores.created) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (ORDERS, ORDERS_RESTORED),
        (ORDERS_RESTORED, ORDERS),
        (SHARD, ORDERS),
        (SHARD, ORDERS_RESTORED),
        (ORDERS, CONFIG),
        (STAGING.upper(), STAGING_RESTORED),
        (STAGING, "staging"),
    ],
)
async def test_the_source_is_protected_by_any_of_its_ids(place, source, target):
    cluster, restores = place(SOURCE_ONLY, cluster=source)

    with pytest.raises(ProtectedTarget, match="it is the source cluster of the backup"):
        await cluster.create_restore_job(into(target))
    assert restores.created == []


async def test_what_restore_target_gives_is_protected(place):
    cluster, restores = place(SOURCE_ONLY, cluster=ORDERS)
    target = await cluster.restore_target()

    assert target == Target(P, ORDERS_RESTORED)
    with pytest.raises(ProtectedTarget):
        await cluster.create_restore_job(AutomatedRestore(Snapshot("s1"), target))
    assert restores.created == []


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_LEGACY_V1])
@pytest.mark.parametrize("guard", [RestoreGuard([Target(P, ORDERS)]), RestoreGuard([Target("PRODUCTION", "ORDERS")])])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_on_atlas_an_id_protects_a_name(place, family, guard):
    cluster, restores = place(guard, family=family, cluster="staging", clusters=ATLAS)

    with pytest.raises(ProtectedTarget):
        await cluster.create_restore_job(into("orders"))
    assert restores.created == []


@pytest.mark.parametrize("entry", ["orders", ORDERS, ORDERS_RESTORED])
async def test_a_renamed_cluster_stays_protected(place, entry):
    renamed = [{**each, "clusterName": "orders-2"} if each["clusterName"] == "orders" else each for each in MANAGER]
    cluster, restores = place(RestoreGuard([Target(P, entry)]), clusters=renamed)

    with pytest.raises(ProtectedTarget):
        await cluster.create_restore_job(into(ORDERS))
    assert restores.created == []


async def test_an_entry_that_names_nothing_says_so(place):
    cluster, _ = place(RestoreGuard([Target(P, "oders")]))

    with pytest.raises(ProtectedTarget, match=r"the server lists no cluster oders .*protect it by its id"):
        await cluster.create_restore_job(into(ORDERS))


async def test_an_unlisted_target_is_not_told_from_an_id(place):
    """Such as a flex cluster restored into a dedicated one, which the list of flex clusters does not have."""
    cluster, restores = place(RestoreGuard([Target(P, UNKNOWN)]), family=ATLAS_FLEX, cluster="staging", clusters=ATLAS)

    with pytest.raises(ProtectedTarget, match=f"shows neither its id nor a cluster with the id {UNKNOWN}"):
        await cluster.create_restore_job(into("dedicated"))
    assert restores.created == []


ALLOWED = [
    # guard, the source, the target, and what is read before the create's own list
    (SOURCE_ONLY, {"project": Q}, ORDERS, []),
    (SOURCE_ONLY, {}, ORDERS, [f"{P}/clusters"]),
    (RestoreGuard([Target(Q, "*"), Target(Q, ORDERS)]), {"project": Q}, ORDERS, []),
    (RestoreGuard([Target(P, "staging"), Target(P, STAGING)]), {"project": Q}, ORDERS, [f"{P}/clusters"]),
    (RestoreGuard([Target("Staging", "*")], protect_source=False), {}, ORDERS, [P]),
    (
        RestoreGuard([Target(P, "staging")], protect_source=False),
        {},
        ORDERS_RESTORED,
        [f"{P}/clusters", f"{P}/clusters/{ORDERS_RESTORED}/snapshots", f"{P}/clusters/{STAGING}/snapshots"],
    ),
    (
        RestoreGuard([Target(P, UNKNOWN)], protect_source=False),
        {},
        ORDERS,
        [f"{P}/clusters", f"{P}/clusters/{ORDERS}/snapshots", f"{P}/clusters/{UNKNOWN}/snapshots"],
    ),
    (RestoreGuard(protect_source=False), {}, ORDERS, []),
    (None, {}, ORDERS, []),
]


@pytest.mark.parametrize(("guard", "where", "target", "reads"), ALLOWED)
async def test_others_pass_and_only_what_matters_is_read(place, guard, where, target, reads):
    cluster, restores = place(guard, **where)

    await cluster.create_restore_job(into(target))

    assert len(restores.created) == 1
    assert restores.reads[:-1] == reads


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{P}/clusters", r"the clusters of its project could not be read \(HTTP 403"),
        (f"{P}/clusters/{ORDERS}/snapshots", rf"the snapshots of cluster {ORDERS} in its project could not be read"),
    ],
)
async def test_what_cannot_be_read_is_refused(place, server, path, words):
    cluster, restores = place(RestoreGuard([Target(P, "orders")]), project=Q)
    restores.failing[path] = server.answer({"error": 403, "errorCode": "X", "detail": "no"}, status=403)

    with pytest.raises(ProtectedTarget, match=rf"not known: {words}") as caught:
        await cluster.create_restore_job(into(STAGING_RESTORED))
    assert "overwrite=" in str(caught.value)
    assert restores.created == []


@pytest.mark.parametrize("answer", [{"status": 502}, {"status": 404}, {"status": 200}])
async def test_a_page_of_a_gateway_lets_nothing_pass(place, server, answer):
    cluster, restores = place(RestoreGuard([Target(P, "orders")]))
    page = server.answer(body="<html>", content_type="text/html", **answer)
    restores.failing[f"{P}/clusters/{UNKNOWN}/snapshots"] = page

    with pytest.raises(ProtectedTarget, match="could not be read"):
        await cluster.create_restore_job(into(UNKNOWN))
    assert restores.created == []


async def test_the_name_of_the_project_must_be_known(place, server):
    cluster, restores = place(RestoreGuard([Target("Production", "*")]))
    restores.failing[P] = ConnectionResetError("reset")

    with pytest.raises(ProtectedTarget, match="the name of its project could not be read"):
        await cluster.create_restore_job(into(ORDERS))
    assert restores.created == []


async def test_a_refused_key_is_told_as_such(place, server):
    cluster, restores = place(SOURCE_ONLY)
    challenge = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'}
    restores.failing[f"{P}/clusters"] = server.answer(body="", status=401, headers=challenge)

    with pytest.raises(AuthError):
        await cluster.create_restore_job(into(ORDERS))


async def test_a_dry_run_asks_the_server_with_a_pre_check(place):
    cluster, restores = place(RestoreGuard([Target(P, "orders")]))

    assert (await cluster.dry_run(into(ORDERS))).findings == ()
    assert restores.reads == []
    restores.snapshots = {**SNAPSHOTS, (P, STAGING): [{"id": "s1", "complete": True}]}
    restores.failing[f"{P}/clusters/{STAGING}/snapshots/s1"] = RestoreServer._answer({"id": "s1", "complete": True})
    plan = await cluster.dry_run(into(ORDERS), precheck=True)

    assert "guard" in {str(finding.rule) for finding in plan.findings}
    assert plan.is_refused
