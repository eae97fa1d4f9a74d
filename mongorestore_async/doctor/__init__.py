"""Why calls fail: checks of the address, the way to the server, its certificate, the key and what it may read.

In comes a session with a product family, maybe a project and a cluster; out comes a ``Diagnosis`` with one result of
each check: its outcome, what was found, and what to do. The advice is a ``Hint`` where it names parts of an interface,
as in errors; the command ``doctor`` renders it in options.

Where to change what:

- the checks, their order and outcomes: ``check_results``;
- which check an error belongs to; clock, version, limits: ``answer_checks``;
- names, connections and certificates: ``network_checks``; the order of things, and what is left out after a failure:
  ``diagnosis``.

The rules. Each step is the session's own: its proxy, its TLS settings, its login; only the steps before a call are
tried by themselves (name, connection, handshake), so that the first that fails has a name. What an error says is taken
over, for it says what to do already. A check that a later call knows better about is overwritten: a proxy is fine until
it refuses the tunnel. A failure ends the run, but for that of the clock. Nothing but GET requests is sent, each once.

Example: an Ops Manager behind a login page. Name, connection and certificate are fine; the list of projects is answered
with HTML, a ``DataError``: ``answer`` failed, and everything about the key is skipped because of it.
"""

from mongorestore_async.doctor.check_results import CheckName, CheckOutcome, CheckResult, Diagnosis
from mongorestore_async.doctor.diagnosis import diagnose

__all__ = ["CheckName", "CheckOutcome", "CheckResult", "Diagnosis", "diagnose"]
