"""The grammar of HTTP answers and addresses. Pure: no event loop, no HTTP library, no model of a job.

In come a status, headers and bytes, or the parts of an address. Out come a document and what the headers say, a URL, or
the error that an answer stands for. Nothing here waits or decides on another try.

- ``replies``: an answer to a document or an error. A new error code gets its advice here.
- ``envelopes``: answers with the status in the body.
- ``bodies``: bytes to JSON values: encodings, and what no JSON value is made of (members named twice, ``NaN``, too many
  values).
- ``urls``: addresses, and the ids and names that stand in them.
- ``versions``: versions of Atlas v2: which ones can be asked for, and the advice where one is refused.
- ``request_headers``: which headers of a user's may travel.
- ``rate_limit_headers``, ``deprecation``, ``dates``: what headers say. An invalid header counts as not sent.
- ``redaction``: text redacted before it is shown.

Theory of operation: the status counts before the code, for ``UNEXPECTED_ERROR`` comes with 401, 404 and 500 alike. An
envelope may hide an error behind a 200, never a success behind an error. Lists are decoded by whoever asks for one, for
the codec stands above this room: ``read_reply(raw, decode_list=...)`` hands it the bytes of a success, and decodes them
as any other body where it gives None. It gives None after each piece of the work as well: meanwhile others may run.
"""

__all__: list[str] = []
