"""The only aiohttp code of the client: one exchange, from admission to the last byte of the answer."""

from mongorestore_async.transport.connection import HttpSettings
from mongorestore_async.transport.exchange_records import ExchangeRecord, Stats
from mongorestore_async.transport.loop_binding import DecodeLocks
from mongorestore_async.transport.options import OptionChanges, Options, ViewChanges
from mongorestore_async.transport.sender import Call
from mongorestore_async.transport.transport import Transport

__all__ = [
    "Call",
    "DecodeLocks",
    "ExchangeRecord",
    "HttpSettings",
    "OptionChanges",
    "Options",
    "Stats",
    "Transport",
    "ViewChanges",
]
