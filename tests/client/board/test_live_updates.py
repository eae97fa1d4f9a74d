"""Events for those who look, on a virtual clock."""

from __future__ import annotations

from builders.board_fleet import NOW, Job, cluster_of
from mongorestore_async import Found
from mongorestore_async.board.board_state import BoardState
from mongorestore_async.board.live_updates import LiveUpdates


async def test_what_came_while_a_slow_viewer_was_served_is_not_waited_for():
    state = BoardState()
    updates = LiveUpdates(state)
    seen = updates.history.number
    state.put_job(Found(cluster_of("a"), Job("1")), NOW)
    updates.publish()

    assert await updates.news(seen, 3600)
    assert not await updates.news(updates.history.number, 3600)
