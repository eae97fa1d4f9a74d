"""The board: pages that show a fleet and keep themselves up to date. A face of the library, which nothing imports.

In comes a ``Fleet``; out goes an ``aiohttp.web`` application that only reads. Served alone by ``BoardServer`` (which
the command ``board`` does), or mounted into an application of the user.

======================  ============================================================================================
to change               open
======================  ============================================================================================
what is known           ``board_state``: clusters, restores, changes, failures; and ``board_feed``, which fills it
what is shown           ``board_sections``, ``board_view`` (what is made anew when), ``board_pages``, ``board.css``
how pages follow        ``live_updates`` and ``event_history`` on the server, ``board.js`` in the browser
who may ask             ``safeguards``: names of hosts, headers; ``web_app``: routes and streams
======================  ============================================================================================

Theory of operation. The state says what changed. Ten times a second at most, the view makes anew the fragments of the
page in which something changed, and these are one event with a number, made once for all viewers. A page has the number
it was made at and asks for the events after it; who comes back after a cut asks again with the last one seen. Numbers
of another start of the server, and those of events that are not kept any more, get a ``reset``: the page loads itself
anew. There is no second way of drawing: what the script puts in is what the page would have.
"""

from __future__ import annotations

from mongorestore_async.board.board_server import BoardServer
from mongorestore_async.board.web_app import create_board

__all__ = ["BoardServer", "create_board"]
