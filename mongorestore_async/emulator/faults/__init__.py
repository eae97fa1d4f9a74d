"""Faults by name: what breaks between a client and the API, for tests.

``fault_player`` has what a test uses, ``emulator.faults``: it plans a fault, lets it strike and counts. ``fault_names``
is the one table of names; a new fault is one function there. ``fault_plan`` says what a fault may do and which requests
it strikes. ``application`` asks for the fault of each request that was let in, ``download_server`` for that of each
download.

A fault strikes requests that were let in, never the challenge before them, so that ``times=1`` is one failed call.
Nothing here knows HTTP's way through the server.
"""

from __future__ import annotations

from mongorestore_async.emulator.faults.fault_names import FAULTS
from mongorestore_async.emulator.faults.fault_plan import FaultParts, FaultPlan, Strikes
from mongorestore_async.emulator.faults.fault_player import Faults, PlayedFault

__all__ = ["FAULTS", "FaultParts", "FaultPlan", "Faults", "PlayedFault", "Strikes"]
