"""The only aiohttp code of the client: one exchange, from admission to the last byte of the answer."""

from typing import TYPE_CHECKING

from mongorestore_async.late import late

if TYPE_CHECKING:
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import OptionChanges, Options
    from mongorestore_async.transport.records import ExchangeRecord, Stats
    from mongorestore_async.transport.sender import Call
    from mongorestore_async.transport.shared import SharedLimits
    from mongorestore_async.transport.transport import Transport
    from mongorestore_async.transport.workbench import Workbench
else:
    __getattr__, __dir__ = late(
        __name__,
        {
            "connection": ("HttpSettings",),
            "options": (
                "OptionChanges",
                "Options",
            ),
            "records": (
                "ExchangeRecord",
                "Stats",
            ),
            "sender": ("Call",),
            "shared": ("SharedLimits",),
            "transport": ("Transport",),
            "workbench": ("Workbench",),
        },
    )

__all__ = [
    "Call",
    "ExchangeRecord",
    "HttpSettings",
    "OptionChanges",
    "Options",
    "SharedLimits",
    "Stats",
    "Transport",
    "Workbench",
]
