"""What to do about an error, as data: the library and the command line render it in their own terms.

A hint has a kind and the values that its sentence needs. :data:`PYTHON_WORDINGS` has the sentences of this library;
a program with options of its own passes another table to :meth:`Hint.render`, as the command line does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum, auto
from typing import Any

import attrs

__all__ = ["PYTHON_WORDINGS", "Hint", "HintKind", "Wording", "add_advice"]

#: A format string for the values of a hint, or a function of them.
Wording = str | Callable[[Mapping[str, Any]], str]


class HintKind(StrEnum):
    """What a user can do about an error. The comments list the values of each hint."""

    ACCEPT_INCOMPLETE = auto()
    CHECK_BASE_URL = auto()
    CHECK_CERTIFICATE = auto()
    CHECK_CLOCK = auto()
    CHECK_CONNECTION = auto()
    CHECK_HOST_NAME = auto()
    CHECK_KEY = auto()
    CHECK_PROXY = auto()
    CHOOSE_DIRECTORY = auto()
    CONFIRM_OVERWRITE = auto()  # project_id, cluster; is_source: whether the backup is of this cluster
    DISMISS_CREATE = auto()
    FEWER_CALLS = auto()
    LEAVE_OUT = auto()  # argument
    LOG_IN = auto()
    MORE_SLOTS = auto()
    NAME_AS_COLLECTION = auto()
    NAME_AS_DATABASE = auto()
    NAME_VERSION = auto()
    NARROW_LIST = auto()
    OVERWRITE_FILES = auto()
    PASS_BASE_URL = auto()
    PASS_CA_FILE = auto()
    PASS_CLIENT_CERTIFICATE = auto()
    PASS_INSTEAD = auto()  # argument
    PASS_NEWER_VERSION = auto()
    PASS_OTHER_VERSION = auto()
    PASS_RESUME_TOKEN = auto()
    PASS_WHOLE_REFERENCE = auto()
    RAISE_STALL_TIMEOUT = auto()
    RAISE_TIMEOUT = auto()
    READ_UNCOUNTED = auto()
    RECONCILE = auto()
    RELAX_CERTIFICATE_CHECKS = auto()
    RENAME_ONE = auto()
    RENEW_TOKEN = auto()
    REPEAT_QUERY = auto()
    REQUEST_DOWNLOAD = auto()
    SET_BASE_URL = auto()
    SMALLER_PAGES = auto()
    USE_API_KEY = auto()
    USE_FAMILY = auto()  # family: its name, such as "cloud-manager"
    USE_REQUEST = auto()
    USE_SERVER_TERMS = auto()
    USE_VARIANT = auto()  # variants: names of request classes
    USE_VERSIONED_FAMILY = auto()
    WAIT_AGAIN = auto()
    WAIT_FOR_OTHER = auto()
    WAIT_FOR_RUNNING = auto()
    WAIT_UNTIL_DOWNLOADABLE = auto()
    WAIT_UNTIL_FINISHED = auto()


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values)


@attrs.frozen
class Hint:
    """What to do about an error.

    Attributes:
        kind: What it is about.
        values: Values for its sentence, by name; see :class:`HintKind`.

    """

    kind: HintKind
    values: Mapping[str, Any] = attrs.field(factory=dict[str, Any], converter=_copied, hash=False)

    def __str__(self) -> str:
        return self.render(PYTHON_WORDINGS)

    def render(self, wordings: Mapping[HintKind, Wording]) -> str:
        """Write the hint as a sentence, without a capital letter and a full stop.

        Args:
            wordings: The sentence of each kind. A kind without one gives an empty text.

        Returns:
            The sentence, or an empty text.

        """
        wording = wordings.get(self.kind, "")
        return wording.format_map(self.values) if isinstance(wording, str) else wording(self.values)


def add_advice(problem: str, advice: str) -> str:
    """Append advice to a problem: after its colon, as a sentence after its full stop, else after a semicolon."""
    if not advice:
        return problem.removesuffix(":")
    if problem.endswith("."):
        return f"{problem} {advice[0].upper()}{advice[1:]}"
    return f"{problem} {advice}" if problem.endswith(":") else f"{problem}; {advice}"


#: The sentences of this library, in the names of its Python interface.
PYTHON_WORDINGS: Mapping[HintKind, Wording] = {
    HintKind.ACCEPT_INCOMPLETE: (
        "restore what is missing again, or pass accept_incomplete=True to wait() if it need not be there"
    ),
    HintKind.CHECK_BASE_URL: "check that base_url points to the API, not to a proxy or gateway",
    HintKind.CHECK_CERTIFICATE: "check the certificates of the server and of its CA",
    HintKind.CHECK_CLOCK: "renew the certificate, or set this machine's clock",
    HintKind.CHECK_CONNECTION: "check base_url, DNS, proxy and TLS settings (ca_file)",
    HintKind.CHECK_HOST_NAME: "use a host name in base_url that the certificate has",
    HintKind.CHECK_KEY: "check the key pair and make a new session",
    HintKind.CHECK_PROXY: "check proxy and its user name and password",
    HintKind.CHOOSE_DIRECTORY: "choose another directory",
    HintKind.CONFIRM_OVERWRITE: (
        "restore into another cluster, or confirm with overwrite=Target(project_id={project_id!r}, cluster={cluster!r})"
    ),
    HintKind.DISMISS_CREATE: "call reconcile() again, or dismiss() once you have seen that it started nothing",
    HintKind.FEWER_CALLS: "make fewer concurrent calls, raise Options.timeout, or see Options.rate_limits",
    HintKind.LEAVE_OUT: "leave {argument} out",
    HintKind.LOG_IN: ("pass DigestAuth(public_key, private_key) or ServiceAccount(client_id, client_secret)"),
    HintKind.MORE_SLOTS: "make fewer concurrent calls, or raise Options.max_in_flight or Options.timeout",
    HintKind.NAME_AS_COLLECTION: "a collection goes into collections",
    HintKind.NAME_AS_DATABASE: "pass database.collection; a database goes into databases",
    HintKind.NAME_VERSION: (
        "if the vendor's page of it names another one, ask for that as in session.request(..., version='2025-03-12'), "
        "or update this package"
    ),
    HintKind.NARROW_LIST: "narrow the list (batch_id, limit) or report this to its operator",
    HintKind.OVERWRITE_FILES: "choose another directory, or pass overwrite=True",
    HintKind.PASS_BASE_URL: "pass its address as base_url",
    HintKind.PASS_CA_FILE: "pass the certificate of the CA that signed it as ca_file",
    HintKind.PASS_CLIENT_CERTIFICATE: "if the server wants a client certificate, pass an SSLContext with one as ssl",
    HintKind.PASS_INSTEAD: "pass {argument} instead",
    HintKind.PASS_NEWER_VERSION: "pass a newer version, one that the vendor's page of it names",
    HintKind.PASS_OTHER_VERSION: (
        "pass a version that the vendor's page of it names: the newest one up to that date is served"
    ),
    HintKind.PASS_RESUME_TOKEN: "pass stream.resume_token of the earlier run unchanged",
    HintKind.PASS_WHOLE_REFERENCE: "pass it as str(job.ref) writes it",
    HintKind.RAISE_STALL_TIMEOUT: "raise stall_timeout if the host is only slow",
    HintKind.RAISE_TIMEOUT: "raise Options.timeout, or find out why the server is slow",
    HintKind.READ_UNCOUNTED: (
        "resume, or if the list is complete all the same read it with include_count=False, where an empty page ends it"
    ),
    HintKind.RECONCILE: "call reconcile() or check the job list before you send it again",
    HintKind.RELAX_CERTIFICATE_CHECKS: (
        "Python 3.13 and newer make the strict checks of RFC 5280: have the certificate issued anew, or pass "
        "strict_certificates=False, which still verifies it"
    ),
    HintKind.RENAME_ONE: "pass each once, or rename one with Renamed(source, target)",
    HintKind.RENEW_TOKEN: (
        "make a session with a new AccessToken, or use ServiceAccount(client_id, client_secret), which renews tokens"
    ),
    HintKind.REPEAT_QUERY: "pass the same fleets, projects, clusters, states and batch_id",
    HintKind.REQUEST_DOWNLOAD: "a download needs an HttpRestore",
    HintKind.SET_BASE_URL: "set base_url to the address it points to",
    HintKind.SMALLER_PAGES: "ask for smaller pages (items_per_page) or raise Options.max_body",
    HintKind.USE_API_KEY: "log in with DigestAuth(public_key, private_key)",
    HintKind.USE_FAMILY: lambda values: f"use {values['family'].upper().replace('-', '_')}",
    HintKind.USE_REQUEST: "read it with session.request()",
    HintKind.USE_SERVER_TERMS: "use HttpRestore.on_server_terms(snapshot_id)",
    HintKind.USE_VARIANT: lambda values: f"use one of {', '.join(values['variants'])}",
    HintKind.USE_VERSIONED_FAMILY: (
        "pass a family, as in session.request(..., family=ATLAS_CLOUD_BACKUP), or update this package"
    ),
    HintKind.WAIT_AGAIN: "wait again; session.batch(error.refs) works in another process too",
    HintKind.WAIT_FOR_OTHER: "wait for it with session.batch(refs), then start this one",
    HintKind.WAIT_FOR_RUNNING: (
        "wait for them with session.batch(refs), or start another restore with create_restore_job"
    ),
    HintKind.WAIT_UNTIL_DOWNLOADABLE: 'wait for it with wait(until="downloadable")',
    HintKind.WAIT_UNTIL_FINISHED: "use until='finished'",
}
