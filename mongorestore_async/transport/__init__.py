"""The only aiohttp code of the client: one exchange, from admission to the last byte of the answer."""

from mongorestore_async.transport.connection import HttpSettings
from mongorestore_async.transport.options import OptionChanges, Options
from mongorestore_async.transport.transport import Call, ServerFacts, Stats, Transport

__all__ = ["Call", "HttpSettings", "OptionChanges", "Options", "ServerFacts", "Stats", "Transport"]
