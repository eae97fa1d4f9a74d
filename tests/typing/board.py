"""How users make a board; never executed, but type checkers must agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from mongorestore_async import CLOUD_MANAGER, AsyncSession, Fleet
from mongorestore_async.board import BoardServer, create_board


async def mounted(session: AsyncSession) -> str:
    board: web.Application = create_board(
        Fleet(session, CLOUD_MANAGER),
        title="Restores",
        hosts=["ops.example.com"],
        reread=timedelta(minutes=30),
        max_viewers=20,
        since=datetime.now(UTC) - timedelta(days=90),
        projects="prod-*",
        clusters=["a", "b"],
    )
    app = web.Application()
    app.add_subapp("/board/", board)
    async with BoardServer(app, host="127.0.0.1", port=8080) as server:
        return server.url
