"""What tests of users need beside the emulator: a session, a check of creates, certificates, cassettes without secrets.

Works with any runner; the pytest plugin makes fixtures of it. The emulator itself has the faults by name, the clock and
the log of requests.

``connecting``     a session for an emulator, with options that do not wait
``created_once``   whether exactly one create reached the server
``certificates``   a certificate authority for the emulator over TLS (trustme)
``cassettes``      settings for vcrpy and pytest-recording that keep credentials and links out of cassettes

Nothing but ``pytest_plugin`` imports this room, and that only when a fixture is used.
"""

from __future__ import annotations

from mongorestore_async.testing.cassettes import cassette_settings
from mongorestore_async.testing.certificates import TlsCertificates
from mongorestore_async.testing.connecting import connect
from mongorestore_async.testing.created_once import assert_created_once

__all__ = ["TlsCertificates", "assert_created_once", "cassette_settings", "connect"]
