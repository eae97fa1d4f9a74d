"""Make the pictures of the documentation anew: ``nox -s pictures``. Look at them."""

from __future__ import annotations

import asyncio

from call import draw_call
from sequences import draw_sequences
from states import draw_states
from terminal import draw_terminals

draw_states()
draw_terminals()
asyncio.run(draw_sequences())
asyncio.run(draw_call())
