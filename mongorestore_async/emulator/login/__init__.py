"""HTTP Digest seen from the server; shares no code with the client's answer."""

from __future__ import annotations

from mongorestore_async.emulator.login.guard import Guard, Outcome, Verdict

__all__ = ["Guard", "Outcome", "Verdict"]
