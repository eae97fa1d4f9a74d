"""Evidence: what a run did, in a file that shows whether anybody has changed it.

What comes in are steps (``EvidenceLog.append``): a name and a JSON object. What goes out is a file of JSON lines that
only grows, and later the answer of ``verify``: which line was changed, removed, added or moved.

=====================  ===============================================================================================
to change              open
=====================  ===============================================================================================
what may be written    ``evidence_data``: plain JSON, redacted as the last guard
how it is written      ``canonical_json`` (RFC 8785), ``entries`` (the members of a line)
who writes, and where  ``evidence_log``; ``log_file`` has the lock, the disk, and half a line after a crash
what is found          ``chain_check`` (numbers and hashes of the lines), ``verifying`` (the file, the head)
who vouches for it     ``signatures`` (Ed25519)
=====================  ===============================================================================================

Each line has the hash of the one before, so a change shows in the line after it. The last line has none after it, and
whoever writes a file anew can hash it anew: against both helps only what is kept elsewhere, the head of the log (the
hash of its last line, and how many there are) or a signature of it.
"""

from mongorestore_async.evidence.chain_check import Problem, ProblemKind
from mongorestore_async.evidence.entries import Entry, Head
from mongorestore_async.evidence.evidence_log import EvidenceLog
from mongorestore_async.evidence.log_file import EvidenceError
from mongorestore_async.evidence.verifying import Verification, sign, verify

__all__ = ["Entry", "EvidenceError", "EvidenceLog", "Head", "Problem", "ProblemKind", "Verification", "sign", "verify"]
