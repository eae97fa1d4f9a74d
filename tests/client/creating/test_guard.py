"""Guards: clusters that no restore may overwrite unless they are named."""

from __future__ import annotations

import attrs
import pytest

from builders.lists import EMPTY
from builders.restore_server import RestoreServer
from builders.restores import DOWNLOAD, RESTORE, TARGET
from mongorestore_async import OPS_MANAGER, AutomatedRestore, ConfigError, Options, Snapshot, Target
from mongorestore_async.errors import ProtectedTarget
from mongorestore_async.models import RestoreGuard

ONTO_ITSELF = AutomatedRestore(Snapshot("s1"), Target("p", "c"))
CREATED = {"results": [{"id": "new", "snapshotId": "s1"}], "totalCount": 1}


@pytest.fixture
def place(connect):
    """Name a cluster, with a guard if there is one."""

    def name(guard=None):
        return connect(options=Options.for_tests(guard=guard)).project("p", OPS_MANAGER).cluster("c")

    return name


class TestGuard:
    @pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore"])
    @pytest.mark.parametrize(
        ("guard", "request_", "words"),
        [
            (RestoreGuard([TARGET]), RESTORE, "cluster c2 of project p2, and it is protected"),
            (RestoreGuard([Target("p2", "*")]), RESTORE, "all clusters of its project are protected"),
            (RestoreGuard(), ONTO_ITSELF, "it is the source cluster of the backup"),
            (RestoreGuard([Target("p", "c")], protect_source=False), ONTO_ITSELF, "it is protected"),
        ],
    )
    async def test_refuses_before_anything_is_sent(self, place, server, verb, guard, request_, words):
        with pytest.raises(ProtectedTarget, match=words) as caught:
            await getattr(place(guard=guard), verb)(request_)

        assert f"overwrite={request_.target!r}" in str(caught.value)
        assert server.sent == []

    @pytest.mark.parametrize("verb", ["create_restore_job", "ensure_restore"])
    async def test_lets_a_target_be_overwritten_that_is_named(self, place, server, verb):
        server.will_read(EMPTY)
        server.will(CREATED)

        batch = await getattr(place(guard=RestoreGuard([TARGET])), verb)(RESTORE, overwrite=Target("p2", "c2"))

        assert [job.id for job in batch] == ["new"]
        assert len(server.posts) == 1

    @pytest.mark.parametrize("guard", [None, RestoreGuard([TARGET])])
    async def test_naming_another_target_is_refused_even_without_a_guard(self, place, server, guard):
        with pytest.raises(ProtectedTarget, match="overwrite names cluster c3 of project p2"):
            await place(guard=guard).create_restore_job(RESTORE, overwrite=Target("p2", "c3"))
        assert server.sent == []

    @pytest.mark.parametrize(("request_", "overwrite"), [(RESTORE, "c2"), (RESTORE, True), (DOWNLOAD, TARGET)])
    async def test_what_may_be_overwritten_is_the_target_of_a_restore(self, place, server, request_, overwrite):
        with pytest.raises(ConfigError, match="overwrite"):
            await place().create_restore_job(request_, overwrite=overwrite)
        assert server.sent == []

    @pytest.mark.parametrize(
        ("guard", "request_"),
        [
            (None, ONTO_ITSELF),
            (RestoreGuard(protect_source=False), ONTO_ITSELF),
            (RestoreGuard(), RESTORE),
            (RestoreGuard([Target("p2", "c3"), Target("p3", "*")]), RESTORE),
            (RestoreGuard([Target("p", "c"), Target("p", "*")]), DOWNLOAD),
        ],
    )
    async def test_lets_everything_else_pass(self, place, server, guard, request_):
        server.serve(RestoreServer(clusters={"p2": [{"id": "c2"}, {"id": "c3"}]}, projects={"p2": "Staging"}))

        assert len(await place(guard=guard).create_restore_job(request_)) == 1

    async def test_belongs_to_a_view(self, connect, server):
        session = connect(options=Options.for_tests(guard=RestoreGuard([TARGET])))
        server.will_read(EMPTY)
        server.will(CREATED)

        await session.with_options(guard=None).project("p", OPS_MANAGER).cluster("c").create_restore_job(RESTORE)

        with pytest.raises(ProtectedTarget):
            await session.project("p", OPS_MANAGER).cluster("c").create_restore_job(RESTORE)

    def test_is_a_value(self):
        guard = RestoreGuard([TARGET])

        assert guard.protected == (TARGET,)
        assert {guard} == {RestoreGuard((TARGET,))}
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            guard.protected = ()

    @pytest.mark.parametrize("arguments", [(TARGET,), ("c2",), (["c2"],), ([TARGET, None],), (None,), ((), None)])
    def test_of_something_else_than_targets_is_refused(self, arguments):
        with pytest.raises(ConfigError, match="RestoreGuard"):
            RestoreGuard(*arguments)

    def test_is_the_only_thing_the_option_takes(self):
        with pytest.raises(ConfigError, match="guard must be RestoreGuard"):
            Options(guard=TARGET)
