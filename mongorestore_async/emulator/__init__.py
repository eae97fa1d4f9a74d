"""A server to test against: plays Ops Manager, Cloud Manager and Atlas for restore jobs, projects and clusters.

Three ways to run it: :class:`Emulator` on the caller's event loop, :class:`ThreadedEmulator` on a loop and thread of
its own, and ``python -m mongorestore_async.emulator`` stand-alone. :func:`create_app` is for those who host it.
"""

from __future__ import annotations

from mongorestore_async.emulator.choices import (
    ChallengeForm,
    EnvelopeStyle,
    Manager,
    NoncePolicy,
    Oddity,
    OverMax,
    QopForm,
)
from mongorestore_async.emulator.clock import Clock
from mongorestore_async.emulator.gate import Gate
from mongorestore_async.emulator.handlers.answers import error_answer
from mongorestore_async.emulator.limits import RateCode, RateLimiting, WaitForm
from mongorestore_async.emulator.login import Outcome
from mongorestore_async.emulator.records import Counts, RequestRecord
from mongorestore_async.emulator.server import Emulator, create_app
from mongorestore_async.emulator.settings import EmulatorSettings
from mongorestore_async.emulator.stage import STAGE, BeforeAnswer, Fault, FaultHook, Stage
from mongorestore_async.emulator.threaded import ThreadedEmulator
from mongorestore_async.emulator.world import Cluster, ClusterKind, Job, Project, Side, World

__all__ = [
    "STAGE",
    "BeforeAnswer",
    "ChallengeForm",
    "Clock",
    "Cluster",
    "ClusterKind",
    "Counts",
    "Emulator",
    "EmulatorSettings",
    "EnvelopeStyle",
    "Fault",
    "FaultHook",
    "Gate",
    "Job",
    "Manager",
    "NoncePolicy",
    "Oddity",
    "Outcome",
    "OverMax",
    "Project",
    "QopForm",
    "RateCode",
    "RateLimiting",
    "RequestRecord",
    "Side",
    "Stage",
    "ThreadedEmulator",
    "WaitForm",
    "World",
    "create_app",
    "error_answer",
]
