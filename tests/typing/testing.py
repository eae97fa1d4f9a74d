"""How users call the test kit."""

import math
from pathlib import Path
from typing import Any, assert_type

from mongorestore_async import AsyncSession, Options
from mongorestore_async.emulator import CreateRecord, Emulator, PlayedFault, Strikes, ThreadedEmulator
from mongorestore_async.testing import TlsCertificates, assert_created_once, cassette_settings, connect


async def tests(emulator: Emulator, threaded: ThreadedEmulator, folder: Path) -> None:
    """What a test does."""
    assert_type(emulator.faults.play("gateway_408"), PlayedFault)
    emulator.faults.play("drift", times=math.inf, strikes=Strikes.LIST, jobs=2)
    with emulator.faults.play("rate_limited", strikes=lambda record: record.method == "POST", retry_after=1) as played:
        assert_type(played.struck, int)
    emulator.clock.advance(hours=2)
    emulator.clock.advance(600)
    assert_type(emulator.requests[0].query, dict[str, str])
    assert_type(assert_created_once(threaded, threaded.world.first("flex")), CreateRecord)
    assert_type(assert_created_once(emulator), CreateRecord)

    certificates = TlsCertificates.create(folder)
    async with Emulator(ssl=certificates.server) as secure:
        async with connect(secure, ca_file=certificates.ca_file, options=Options.for_tests(timeout=5)) as session:
            assert_type(session, AsyncSession)
        async with connect(threaded, service_account=True):
            pass
    assert_type(cassette_settings(record_mode="none"), dict[str, Any])
