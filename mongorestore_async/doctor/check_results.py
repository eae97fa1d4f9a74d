"""What the checks found, as values: names, outcomes, sentences, advice."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors.hints import PYTHON_WORDINGS, Hint, add_advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.errors import HintKind
    from mongorestore_async.errors.hints import Wording

__all__ = ["CheckName", "CheckOutcome", "CheckResult", "Diagnosis"]


class CheckName(StrEnum):
    """The checks, in their order.

    Members:
        ADDRESS: The base URL, and whether it fits the product family.
        PROXY: Which proxy is used, and whether it connects to the server.
        DNS: The host name of the server, or of the proxy.
        CONNECTION: A TCP connection to it.
        TLS: The certificate of the server.
        STRICT_TLS: Whether it passes the strict checks that Python makes from 3.13 on.
        ANSWER: Whether the API answers, and not something in between.
        CLOCK: This machine's clock beside that of the server.
        SERVER_VERSION: The release of the server.
        FAMILY: Whether the server, the project and the cluster are of the product family.
        KEY: Whether the server accepts the login.
        ACCESS_LIST: Whether calls are allowed from this address.
        PROJECT: Whether the key sees the project.
        CLUSTER: Whether the cluster is there, and its backup switched on.
        RIGHTS: Whether the key may read clusters and restore jobs.
        LIMITS: What is left of the rate limit.
        CREATE: Whether the key may create restore jobs; never checked, for only a create could tell.
    """

    ADDRESS = "address"
    PROXY = "proxy"
    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    STRICT_TLS = "strict-tls"
    ANSWER = "answer"
    CLOCK = "clock"
    SERVER_VERSION = "server-version"
    FAMILY = "family"
    KEY = "key"
    ACCESS_LIST = "access-list"
    PROJECT = "project"
    CLUSTER = "cluster"
    RIGHTS = "rights"
    LIMITS = "limits"
    CREATE = "create"


class CheckOutcome(StrEnum):
    """How a check ended.

    Members:
        OK: As it should be.
        WARNING: It works, but something should be looked at.
        FAILED: This is why calls fail.
        SKIPPED: Not checked; the message says why.
    """

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen
class CheckResult:
    """What one check found. Holds no secret.

    Attributes:
        name: The check.
        outcome: How it ended.
        message: What was found, without ``hint``.
        hint: What to do, where that names parts of the Python interface; None where the message says it.

    """

    name: CheckName
    outcome: CheckOutcome
    message: str
    hint: Hint | None = None

    @property
    def is_failure(self) -> bool:
        """Whether this is why calls fail."""
        return self.outcome is CheckOutcome.FAILED

    def __str__(self) -> str:
        return f"{self.outcome}: {self.name}: {self.render(PYTHON_WORDINGS)}"

    def render(self, wordings: Mapping[HintKind, Wording]) -> str:
        """Write the message with its advice.

        Args:
            wordings: The sentence of each kind of hint, as for hints of errors.

        Returns:
            The message, with what to do next.

        """
        return self.message if self.hint is None else add_advice(self.message, self.hint.render(wordings))

    def to_dict(self, wordings: Mapping[HintKind, Wording] | None = None) -> dict[str, Any]:
        """Make a JSON object of it: ``check``, ``outcome`` and ``message``, with the advice.

        Args:
            wordings: The sentence of each kind of hint, None for those of this library.

        Returns:
            A document for JSON.

        """
        message = self.render(PYTHON_WORDINGS if wordings is None else wordings)
        return {"check": str(self.name), "outcome": str(self.outcome), "message": message}


@attrs.frozen
class Diagnosis:
    """What all checks found.

    Attributes:
        results: One of each check, in their order.

    """

    results: tuple[CheckResult, ...]

    @classmethod
    def of(cls, found: Mapping[CheckName, CheckResult]) -> Diagnosis:
        """Put results in order; a check without one was skipped, and says because of which failure.

        Args:
            found: Results by check.

        Returns:
            The diagnosis.

        """
        # A wrong clock keeps nothing else from being checked.
        others = (name for name in CheckName if name is not CheckName.CLOCK)
        failed = next((name for name in others if name in found and found[name].is_failure), None)
        why = "not checked" if failed is None else f"not checked, because {failed} failed"
        return cls(tuple(found.get(name) or CheckResult(name, CheckOutcome.SKIPPED, why) for name in CheckName))

    def __getitem__(self, name: str) -> CheckResult:
        """Give the result of a check by its name, such as ``"tls"``."""
        return next(result for result in self.results if result.name == CheckName(name))

    def __str__(self) -> str:
        return "\n".join(map(str, self.results))

    @property
    def ok(self) -> bool:
        """Whether no check failed; there may be warnings."""
        return not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """What failed, the cause of the others first."""
        return tuple(result for result in self.results if result.is_failure)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """What works and should be looked at."""
        return tuple(result for result in self.results if result.outcome is CheckOutcome.WARNING)
