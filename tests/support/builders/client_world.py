"""What is in the world of an emulator, as plain data for clients of others (tests/clients)."""

from datetime import timedelta

from mongorestore_async.emulator import ClusterKind, Side
from mongorestore_async.emulator.world.entities import Order

#: A moment that a point-in-time restore can ask for.
AGO = timedelta(hours=2)


def describe(emulator):
    """Name what a client needs to make its calls: where, with which keys, and one of everything."""
    world = emulator.world
    atlas, other = (world.project(Side.ATLAS, number) for number in (0, 1))
    manager = world.project(Side.MANAGER, 0)
    moment = int((emulator.clock.now() - AGO).timestamp())
    there = next(one for one in world.clusters(other) if one.kind is ClusterKind.CLOUD_BACKUP)
    return {
        "url": emulator.url,
        "public_key": emulator.public_key,
        "private_key": emulator.private_key,
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "manager": {
            "org": manager.org_id,
            "project": {"id": manager.id, "name": manager.name},
            "host": world.hosts.of(world.first("replica-set"))[0].id,
            "clusters": places(emulator, manager),
        },
        "atlas": {
            "org": atlas.org_id,
            "org_name": "atlas-organization",
            "project": {"id": atlas.id, "name": atlas.name},
            "other_project": {"id": other.id, "name": other.name, "cluster": there.name},
            "clusters": places(emulator, atlas),
            "moment": moment,
            "limit": "cloudBackups",
            "database": "shop",
            "collection": "orders",
        },
    }


def places(emulator, project):
    """The first cluster of each kind in a project, with a snapshot, a job, a checkpoint."""
    world = emulator.world
    found = {}
    for cluster in world.clusters(project):
        checkpoints = world.checkpoints.of(cluster)
        found.setdefault(
            str(cluster.kind),
            {
                "kind": str(cluster.kind),
                "id": cluster.id,
                "name": cluster.name,
                "snapshot": world.snapshots.id(cluster),
                "job": world.jobs.at(cluster, 0).id,
                "checkpoint": checkpoints[0].id if checkpoints else None,
                "running_download": running_download(world, cluster),
                "collection_job": next((job.id for job in world.collection_restores.of(cluster)), None),
            },
        )
    return found


def running_download(world, cluster):
    """The id of a download that is under way, where downloads can be cancelled."""
    if cluster.kind is not ClusterKind.CLOUD_BACKUP:
        return None
    return world.jobs.create(cluster, Order(over_http=True, snapshot_id=world.snapshots.id(cluster, 2)))[0].id
