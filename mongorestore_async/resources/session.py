"""The session: login, connections and settings that everything else is reached through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never, Self, cast, get_args

import attrs

from mongorestore_async.auth.credentials import Credentials, DigestAuth
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import JobT, ProjectSummary, ServiceVersion
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL, parse_base_url
from mongorestore_async.resources.batch_lookup import find_batch, read_by_ref
from mongorestore_async.resources.inventory_lists import InventoryLists
from mongorestore_async.resources.project import Project
from mongorestore_async.resources.raw_calls import RawCalls
from mongorestore_async.settings.session_arguments import find_arguments, hide_settings
from mongorestore_async.transport.connection import HttpSettings
from mongorestore_async.transport.options import Options
from mongorestore_async.transport.session_view import SessionView, check_family, warn_of_plain_http
from mongorestore_async.transport.transport import Transport

if TYPE_CHECKING:
    import os
    import ssl as tls
    from collections.abc import Iterable, Mapping
    from typing import Unpack

    import aiohttp
    from yarl import URL

    from mongorestore_async.errors import MaybeCreated
    from mongorestore_async.families import Family
    from mongorestore_async.models import JobDocument, JobRef
    from mongorestore_async.resources.batch import RestoreBatch, Until
    from mongorestore_async.settings.profiles import Profile
    from mongorestore_async.settings.session_arguments import SessionArguments
    from mongorestore_async.transport.connection import ProxyChoice
    from mongorestore_async.transport.observers import Stats
    from mongorestore_async.transport.options import ViewChanges

__all__ = ["AsyncSession", "view_of"]


class AsyncSession(InventoryLists, RawCalls):
    """A session with Ops Manager, Cloud Manager or Atlas.

    Making one does no I/O and needs no event loop. It opens on the first call, by ``async with`` or by
    :meth:`open`, and belongs to that loop from then on. One session is meant for many calls: they share
    connections, the login and the limit of calls in flight.

    Args:
        auth: An API key (:class:`DigestAuth`), a service account (:class:`ServiceAccount`; Cloud Manager and Atlas), a
            token (:class:`AccessToken`; likewise), or None for a server without login.
        base_url: Where the API is: any scheme, port and path prefix; the API path of the vendor's documents may
            be part of it. Ops Manager has no public host, so it needs one.
        envelope: Ask for answers in an envelope (they are unwrapped); an HTTP client never needs it.
        pretty: Ask for indented answers.
        http: An ``aiohttp.ClientSession`` whose connector, proxy and trace settings to use. Its cookies, headers,
            auth, base URL, middlewares and netrc are not; it is neither changed nor closed.
        ssl: An ``SSLContext``, or False for no verification at all.
        ca_file: PEM file with the CA certificates to trust.
        strict_certificates: False leaves out the strict checks of RFC 5280 that Python makes from 3.13 on and that many
            private CAs do not pass; certificates are still verified.
        proxy: URL of an HTTP proxy, or a function from the address of a call or download (``yarl.URL``) to it or None.
        options: Deadlines and limits.

    Raises:
        ConfigError: Bad settings.

    """

    def __init__(
        self,
        auth: Credentials | None,
        *,
        base_url: str | URL = DEFAULT_BASE_URL,
        envelope: bool = False,
        pretty: bool = False,
        http: aiohttp.ClientSession | None = None,
        ssl: tls.SSLContext | bool | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        strict_certificates: bool = True,
        proxy: str | URL | ProxyChoice | None = None,
        options: Options | None = None,
    ) -> None:
        # A traceback of a refusal may be printed with local variables: no credentials in those.
        base_url = hide(str(unhide(base_url)))
        proxy = proxy if proxy is None or callable(proxy) else hide(str(unhide(proxy)))
        if auth is not None and not isinstance(auth, get_args(Credentials)):
            del auth
            raise ConfigError(
                "auth must be DigestAuth(public_key, private_key), ServiceAccount(client_id, client_secret), "
                "AccessToken(token) or None"
            )
        url = parse_base_url(cast("str", base_url))
        if auth is not None and not isinstance(auth, DigestAuth):
            warn_of_plain_http(url)
        options = Options() if options is None else options
        if not isinstance(options, Options):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"options must be Options(...), not {type(options).__name__}")
        self._is_view = False
        settings = HttpSettings(
            http=http, ssl=ssl, ca_file=ca_file, strict_certificates=strict_certificates, proxy=proxy
        )
        transport = Transport(auth, url, settings, options)
        self._view = SessionView(transport=transport, options=options, envelope=envelope, pretty=pretty)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Unpack[SessionArguments]) -> Self:
        """Make a session from the environment variables that MongoDB's own tools read; no profile is read.

        ``MONGODB_ATLAS_ACCESS_TOKEN``, which wins over ``MONGODB_ATLAS_CLIENT_ID`` and ``MONGODB_ATLAS_CLIENT_SECRET``
        of a service account, which win over an API key, as in MongoDB's Terraform provider:
        ``MONGODB_ATLAS_PUBLIC_API_KEY`` and ``MONGODB_ATLAS_PRIVATE_API_KEY`` (also ``MONGODB_ATLAS_PUBLIC_KEY``,
        ``MCLI_PUBLIC_API_KEY`` and so on). ``MONGODB_ATLAS_BASE_URL``, ``MONGODB_ATLAS_OPS_MANAGER_URL`` or
        ``MCLI_OPS_MANAGER_URL``, ``MCLI_OPS_MANAGER_CA_CERTIFICATE``, ``MCLI_OPS_MANAGER_SKIP_VERIFY``,
        ``MONGODB_ATLAS_SERVICE`` or ``MCLI_SERVICE`` (only ``cloudgov`` matters: it has an address of its own), and
        ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` as Go programs read them (the own machine has no proxy;
        networks such as ``10.0.0.0/8`` count). An empty variable counts as unset.

        Args:
            environ: Variables to read instead of the process's.
            overrides: Arguments of the constructor, which win over the environment.

        Returns:
            The session, not open yet.

        Raises:
            ConfigError: No login in the environment, or bad settings.

        """
        environ, overrides = hide_settings(environ, overrides)
        return cls(**cast("Any", find_arguments(environ, overrides)))

    @classmethod
    def from_profile(
        cls,
        profile: str | Profile | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **overrides: Unpack[SessionArguments],
    ) -> Self:
        """Make a session from a profile of the Atlas CLI or of mongocli; variables win over it, as in these tools.

        Args:
            profile: Name of the profile, or what :func:`load_profile` gave, which has its project id as well. None: the
                profile that :func:`load_profile` chooses.
            environ: Variables to read instead of the process's: those of :meth:`from_env`, and those that tell where
                profiles are.
            overrides: Arguments of the constructor, which win over environment and profile.

        Returns:
            The session, not open yet.

        Raises:
            ConfigError: There is no such profile, its file is not safe to use, neither it nor the environment has a
                login, or bad settings.

        """
        from mongorestore_async.settings.profile_files import load_profile  # who uses no profile does not load it

        environ, overrides = hide_settings(environ, overrides)
        if profile is None or isinstance(profile, str):
            profile = load_profile(profile, environ=environ)
        return cls(**cast("Any", find_arguments(environ, overrides, profile)))

    def __repr__(self) -> str:
        view: SessionView | None = getattr(self, "_view", None)
        if view is None:
            return "<AsyncSession refused>"  # in a traceback with local variables
        state = "closed" if view.transport.closed else "view" if self._is_view else "session"
        return f"<AsyncSession {view.transport.base_url} {state}>"

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a session holds connections and credentials and cannot be pickled; create one in each process")

    @property
    def base_url(self) -> URL:
        """Where the API is, without the API path."""
        return self._view.transport.base_url

    @property
    def options(self) -> Options:
        """Deadlines and limits of this view."""
        return self._view.options

    @property
    def service_version(self) -> ServiceVersion | None:
        """Release of the server from its last answer; None before, and where it does not say."""
        text = self._view.transport.server_info.service_version
        return None if text is None else ServiceVersion.parse(text)

    @property
    def stats(self) -> Stats:
        """What this session and its views have sent so far."""
        return self._view.transport.stats

    @property
    def open_creates(self) -> tuple[MaybeCreated, ...]:
        """Creates of this session and its views whose outcome is open, oldest first.

        Those that raised ``MaybeCreated``, and those whose caller was cancelled after a request may have gone out. One
        leaves when its ``reconcile()`` knows the outcome, or by ``dismiss()``. The last 100 are kept.
        """
        return tuple(self._view.open_creates)

    def with_options(self, **changes: Unpack[ViewChanges]) -> Self:
        """Make a view with other options; it shares connections, login and slots. Closing it closes nothing.

        Args:
            changes: Fields of :class:`Options`, and the flags ``envelope`` and ``pretty``.

        Returns:
            The view.

        Raises:
            ConfigError: A value out of its range, or ``max_in_flight``, ``rate_limits`` or ``shared_limits``.

        """
        for name in ("max_in_flight", "rate_limits", "shared_limits"):
            if name in changes:
                raise ConfigError(f"{name} is shared by all views of a session; set it on the session")
        own: dict[str, Any] = dict(changes)
        flags = {name: own.pop(name) for name in ("envelope", "pretty") if name in own}
        try:
            options = attrs.evolve(self._view.options, **own)
        except TypeError:
            known = ", ".join([*(field.name for field in attrs.fields(Options)), "envelope", "pretty"])
            raise ConfigError(f"unknown option; options are {known}") from None
        return self._of(attrs.evolve(self._view, options=options, **flags))

    @classmethod
    def _of(cls, view: SessionView) -> Self:
        self = cls.__new__(cls)
        self._is_view, self._view = True, view
        return self

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the session on the running loop; calls do so themselves.

        Raises:
            SessionClosed: It was closed.
            WrongLoop: It was opened on another loop.
            ConfigError: The CA file cannot be read, or the session passed as ``http`` is closed.

        """
        await self._view.transport.open()

    async def close(self) -> None:
        """End calls in flight with ``SessionClosed`` and close the connections; on a view, do nothing.

        Tokens of a service account are revoked if it says so, within 5 seconds.

        Raises:
            WrongLoop: It was opened on another loop.

        """
        if not self._is_view:
            await self._view.transport.close(self._view.options)

    def project(self, project_id: ProjectSummary | str, family: Family[JobT]) -> Project[JobT]:
        """Name a project of a product family.

        Args:
            project_id: Its id, or what :meth:`projects` listed.
            family: Its product family, from which the type of the jobs follows.

        Returns:
            The project. Nothing is read, and whether it exists shows in the first call.

        Raises:
            ConfigError: The id is empty or could change the path of a call, or Ops Manager without a ``base_url``.

        """
        check_family(self._view, family)
        return Project(self._view, family, project_id.id if isinstance(project_id, ProjectSummary) else project_id)

    async def batch(self, refs: Iterable[JobRef | str], *, until: Until | None = None) -> RestoreBatch[Any]:
        """Find jobs again by their addresses, to wait for or download; they may span clusters, projects and families.

        Args:
            refs: Addresses, or their texts: ``str(job.ref)``.
            until: What to wait for, ``"finished"`` or ``"downloadable"``; may be told to :meth:`RestoreBatch.wait` too.
                Needed only where a job does not tell itself: see there.

        Returns:
            The jobs, each as it was read last.

        Raises:
            ConfigError: No address, one that cannot be read, or an unknown family.
            NotFound: There is no such job, also not within ``Options.poll.grace``; ``asyncio.timeout`` bounds that.
            RestoreError: A cluster could not be read for that long.

        """
        return await find_batch(self.project, refs, until)

    async def restore_job(self, ref: JobRef | str) -> JobDocument:
        """Read one job by its address, once; :meth:`batch` waits for one that is not listed yet.

        Args:
            ref: The address, or its text: ``str(job.ref)``.

        Returns:
            The job as it is now.

        Raises:
            ConfigError: The address cannot be read, or is of an unknown family.
            RestoreError: As :meth:`ClusterBase.restore_job`.

        """
        return await read_by_ref(self.project, ref)


def view_of(session: AsyncSession) -> SessionView:
    """Give the transport and settings of a session, for ``fleet``; users have no need of it."""
    return session._view  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
