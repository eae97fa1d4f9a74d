"""All checks, one after the other, as far as each makes sense after those before it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mongorestore_async.doctor.answer_checks import Meaning, read_clock, read_failure, read_limits, read_version
from mongorestore_async.doctor.check_results import CheckName, CheckOutcome, CheckResult, Diagnosis
from mongorestore_async.doctor.network_checks import NetworkChecks
from mongorestore_async.errors import ConfigError, Hint, HintKind, RestoreError, SessionClosed, WrongLoop
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1, CLOUD_MANAGER, OPS_MANAGER
from mongorestore_async.models.validators import require_seconds
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL
from mongorestore_async.resources.session import view_of
from mongorestore_async.transport.retrying import NO_RETRY
from mongorestore_async.transport.session_view import check_family

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mongorestore_async.families import Family
    from mongorestore_async.listing.page import Page
    from mongorestore_async.models import ClusterSummary, ProjectSummary
    from mongorestore_async.resources import AsyncSession, Project
    from mongorestore_async.transport.observers import ExchangeRecord

__all__ = ["diagnose"]

AnswerT = TypeVar("AnswerT")

_ONLY_A_CREATE = (
    "only a create can tell, and none is sent: it takes a role for backups, and this machine's address on the API"
    " access list of the key"
)


class _Answer(NamedTuple):
    """When a call was over, and what is known of it."""

    record: ExchangeRecord
    at: datetime


async def diagnose(
    session: AsyncSession,
    family: Family[Any],
    *,
    project_id: str | None = None,
    cluster: str | None = None,
    seconds: float = 10.0,
) -> Diagnosis:
    """Check the way to a server, the key, and what it may read: why calls fail, and what to do.

    It sends GET requests only (and, for a service account, the POST for a token). What cannot be checked after a
    failure is skipped, and says so.

    Args:
        session: With the settings to check.
        family: The product family.
        project_id: A project, None for the first one that the key sees.
        cluster: Id of a cluster of it, or name on Atlas; None for the first one.
        seconds: For each step.

    Returns:
        One result of each check.

    Raises:
        ConfigError: ``seconds`` is no positive number, or the session is closed or belongs to another event loop.

    """
    checkup = _Checkup(session, family, require_seconds("seconds", seconds))
    await checkup.run(project_id, cluster)
    return Diagnosis.of(checkup.results)


class _Checkup:
    """Makes the checks until one fails without which the next ones mean nothing.

    Attributes:
        results: What was found so far. A later call may know better about an earlier check.

    """

    def __init__(self, session: AsyncSession, family: Family[Any], seconds: float) -> None:
        self.results: dict[CheckName, CheckResult] = {}
        self._answers: list[_Answer] = []
        self._session = session.with_options(retry=NO_RETRY, timeout=seconds, on_exchange=self._remember)
        self._family = family
        self._seconds = seconds

    async def run(self, project_id: str | None, cluster: str | None) -> None:
        self._note(CheckResult(CheckName.CREATE, CheckOutcome.SKIPPED, _ONLY_A_CREATE))
        view = view_of(self._session)
        try:
            check_family(view, self._family)
        except ConfigError as error:
            about_login = error.hint is not None and error.hint.kind is HintKind.USE_API_KEY
            self._fail(CheckName.KEY if about_login else CheckName.ADDRESS, error.problem, error.hint)
            return
        network = NetworkChecks(view.transport, self._seconds, self._note)
        await network.run()
        if self._has_failed():
            return
        projects = await self._list_projects(network)
        self._read_answers()
        # A key may have rights in a project and none to list projects.
        if self._has_failed() and not (project_id is not None and self._fails(CheckName.RIGHTS)):
            return
        project = self._choose_project(projects, project_id)
        if project is not None:
            await self._read_project(project, cluster)
        self._read_answers()

    async def _list_projects(self, network: NetworkChecks) -> Page[ProjectSummary] | None:
        """Make the first call; None if it failed."""
        meaning, page = await self._ask(self._session.projects(self._family, items_per_page=1).page())
        other = await self._other_family() if meaning.is_absent else None
        base = self._session.base_url
        if other is None:
            self._note(*meaning.results)
            if base.scheme == "http" and self._fails(CheckName.ANSWER) and await network.speaks_tls():
                self._fail(CheckName.ANSWER, f"the port speaks TLS: use https:// in place of {base}")
        else:
            self._fail(
                CheckName.FAMILY,
                f"the server has no API of {self._family.title}, but one of {other.title}",
                Hint(HintKind.USE_FAMILY, {"family": other.name}),
            )
        if CheckName.ANSWER in self.results and not self._fails(CheckName.ANSWER):
            # Behind a proxy, nothing was said of it yet.
            self.results.setdefault(CheckName.TLS, _ok(CheckName.TLS, "the certificate is accepted"))
        return page

    async def _other_family(self) -> Family[Any] | None:
        """Find a family whose API the server has."""
        is_public = str(self._session.base_url) == DEFAULT_BASE_URL
        for other in (CLOUD_MANAGER if is_public else OPS_MANAGER, ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1):
            if other.api_path == self._family.api_path:
                continue
            meaning, _ = await self._ask(self._session.projects(other, items_per_page=1).page())
            if meaning.is_api:
                return other
        return None

    def _choose_project(self, projects: Page[ProjectSummary] | None, project_id: str | None) -> Project[Any] | None:
        if project_id is not None:
            try:
                return self._session.project(project_id, self._family)
            except ConfigError as error:
                self._fail(CheckName.PROJECT, error.problem, error.hint)
                return None
        if not projects:  # an empty page, for a failed list has ended the run
            self._fail(
                CheckName.PROJECT,
                "the key sees no project: give it a role in one, or use a key of this product (those of Atlas see no "
                "projects of Cloud Manager, and the reverse)",
            )
            return None
        first, count = projects[0], projects.total_count
        seen = "" if count is None else f"; the key sees {count}"
        self._note(_ok(CheckName.PROJECT, f"none was named, so the first one is read: {first.id} ({first.name}){seen}"))
        return self._session.project(first.id, self._family)

    async def _read_project(self, project: Project[Any], cluster: str | None) -> None:
        meaning, clusters = await self._ask(project.clusters(items_per_page=1).page(), CheckName.PROJECT)
        if clusters is None:
            self._note(*meaning.results)
            return
        self.results.setdefault(CheckName.PROJECT, _ok(CheckName.PROJECT, f"the key sees {project.id}"))
        self._note(_ok(CheckName.FAMILY, f"the project is one of {self._family.title}"))
        name = cluster or self._first(clusters)
        if name is None:
            self._note(
                _ok(CheckName.RIGHTS, "the key may list clusters"),
                CheckResult(CheckName.CLUSTER, CheckOutcome.SKIPPED, "the project has no cluster"),
            )
            return
        try:
            named = project.cluster(name)
        except ConfigError as error:
            self._fail(CheckName.CLUSTER, error.problem, error.hint)
            return
        meaning, jobs = await self._ask(named.restore_jobs(items_per_page=1).page(), CheckName.CLUSTER)
        if jobs is not None:
            self._note(
                _ok(CheckName.CLUSTER, f"{name} has {jobs.total_count or 'some'} restore jobs" if jobs else f"{name}"),
                _ok(CheckName.RIGHTS, "the key may list clusters and restore jobs"),
            )
        elif meaning.no_backup:
            outcome = CheckOutcome.OK if cluster is None else CheckOutcome.WARNING
            self._note(
                CheckResult(CheckName.CLUSTER, outcome, f"the backup of {name} is switched off"),
                _ok(CheckName.RIGHTS, "the key may list clusters"),
            )
        else:
            self._note(*meaning.results)

    def _first(self, clusters: Page[ClusterSummary]) -> str | None:
        if not clusters:
            return None
        return clusters[0].name if self._family.cluster_key == "name" else clusters[0].id

    async def _ask(
        self, call: Awaitable[AnswerT], where: CheckName = CheckName.ANSWER
    ) -> tuple[Meaning, AnswerT | None]:
        """Make a call; what its failure means, or its result."""
        try:
            result = await call
        except (SessionClosed, WrongLoop):
            raise
        except RestoreError as error:
            return read_failure(error, where=where), None
        return Meaning.of_success(), result

    def _read_answers(self) -> None:
        """Judge what the answers tell beside their documents."""
        answered = [answer for answer in self._answers if answer.record.status is not None]
        if not answered or self._fails(CheckName.ANSWER):
            return
        last = answered[-1]
        self._note(read_clock(last.record.server_time, last.at, last.record.seconds))
        self._note(read_version(self._session.service_version, self._family))
        if not self._fails(CheckName.LIMITS):
            limits = [(each.record.rate_limit, each.record.rate_remaining) for each in answered]
            self._note(read_limits(*next((each for each in reversed(limits) if None not in each), (None, None))))

    def _remember(self, record: ExchangeRecord) -> None:
        self._answers.append(_Answer(record, datetime.now(UTC)))

    def _note(self, *results: CheckResult) -> None:
        self.results |= {result.name: result for result in results}

    def _fail(self, name: CheckName, message: str, hint: Hint | None = None) -> None:
        self._note(CheckResult(name, CheckOutcome.FAILED, message, hint))

    def _fails(self, name: CheckName) -> bool:
        return name in self.results and self.results[name].outcome is CheckOutcome.FAILED

    def _has_failed(self) -> bool:
        return any(self._fails(name) for name in self.results if name is not CheckName.CLOCK)


def _ok(name: CheckName, message: str) -> CheckResult:
    return CheckResult(name, CheckOutcome.OK, message)
