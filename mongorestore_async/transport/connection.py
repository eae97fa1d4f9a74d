"""The HTTP session of our own, and everything that is private in aiohttp.

Requests leave through a ``ClientSession`` made here, also when the user passes one: only its connector
(TLS, DNS, limits), its proxy settings and its trace configs are used; its cookies, headers, auth,
base URL, ``raise_for_status``, middlewares and netrc never are, and nothing of it is changed or closed.
"""

from __future__ import annotations

import socket
import ssl as tls
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.request import getproxies, proxy_bypass

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret, hide, unhide
from mongorestore_async.models.validators import flag
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from aiohttp.abc import AbstractCookieJar

__all__ = ["Connection", "HttpSettings", "ProxyChoice"]

#: Threads for looking up host names: the one API host, and the hosts of links.
_LOOKUPS = 2

#: Names the proxy of an address, or None for a direct connection.
ProxyChoice = Callable[[URL], "str | URL | None"]


def _check_proxy(_instance: Any, _attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not callable(value):
        _proxy_url(value)


def _hide_proxy(value: str | URL | ProxyChoice | None) -> Any:
    return value if callable(value) else hide(cast("str", value))


def _proxy_url(value: Any) -> URL:
    try:
        url = URL(unhide(value))
    except (TypeError, ValueError):
        url = URL()
    if url.scheme in {"http", "https"} and url.host:
        return url
    del value, url  # a traceback may be printed with local variables, and a proxy may have a password
    raise ConfigError("proxy must be an HTTP proxy's URL such as http://proxy.example.com:3128")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HttpSettings:
    """How connections are made: a borrowed aiohttp session, or settings for one of our own.

    Attributes:
        http: An ``aiohttp.ClientSession`` to take the connector of; never closed.
        ssl: An ``ssl.SSLContext``, False for no verification (tests only), None or True for the default.
        ca_file: PEM file with the CA certificates to trust instead of the system's.
        strict_certificates: Whether a certificate must pass the strict checks of RFC 5280 (``VERIFY_X509_STRICT``)
            where Python makes them by default, from 3.13 on. Without them it is still verified.
        proxy: URL of an HTTP proxy, credentials in it allowed, or a function that names the one of an address.

    Raises:
        ConfigError: Settings that exclude each other.

    """

    http: aiohttp.ClientSession | None = None
    ssl: tls.SSLContext | bool | None = None
    ca_file: str | PathLike[str] | None = None
    strict_certificates: bool = attrs.field(default=True, validator=flag())
    proxy: str | URL | ProxyChoice | None = attrs.field(
        default=None, converter=_hide_proxy, validator=_check_proxy, repr=False
    )

    def __attrs_post_init__(self) -> None:
        of_the_user = self.http is not None or isinstance(self.ssl, tls.SSLContext)
        if not self.strict_certificates and of_the_user:
            raise ConfigError(
                "strict_certificates belongs to an SSLContext of this library's own; in yours, clear "
                "ssl.VERIFY_X509_STRICT in verify_flags"
            )
        if self.ssl is not None and self.ca_file is not None:
            raise ConfigError("pass either ssl or ca_file; an SSLContext loads a CA file with load_verify_locations()")
        if self.http is not None and (self.ssl is not None or self.ca_file is not None):
            raise ConfigError("ssl and ca_file belong to the connector of the session passed as http; set them there")


class Connection:
    """A ``ClientSession`` of our own with what a request needs beside it.

    Args:
        settings: How connections are made.
        limit: Most connections at once.
        threads: For reading files.
        traced: Whether requests may be traced, by the borrowed session's owner or by an instrumentation of aiohttp. Not
            those to download hosts: traces get the whole URL, and the key of a download is part of it.
        user_agent: What requests name as their ``User-Agent`` unless they have another one.

    Attributes:
        session: The aiohttp session, None until :meth:`open`.
        proxy: Arguments of a request that name the proxy; empty without one.
        headers: Headers that every request needs on its way: the credentials for a proxy that forwards it.
        user_agent: As passed.

    """

    def __init__(
        self,
        settings: HttpSettings,
        *,
        limit: int,
        threads: WorkerThreads,
        traced: bool = True,
        user_agent: str | None = None,
    ) -> None:
        self.session: aiohttp.ClientSession | None = None
        self.proxy: dict[str, Any] = {}
        self.headers: Mapping[str, str] = {}
        self._settings = settings
        self._limit = limit
        self._threads = threads
        self._lookups = WorkerThreads("name lookup", _LOOKUPS)
        self._traced = traced
        self.user_agent = user_agent

    @property
    def capacity(self) -> int:
        """Connections that can be open to the one host at once."""
        connector = None if self.session is None else self.session.connector
        limits = [self._limit]
        if connector is not None:
            limits += [limit for limit in (connector.limit, connector.limit_per_host) if limit > 0]
        return min(limits)

    async def open(self, target: URL) -> aiohttp.ClientSession:
        """Make the session; reads the CA file and the proxy environment off the loop.

        Args:
            target: Base URL of the calls, for choosing a proxy from the environment.

        Returns:
            The session.

        Raises:
            ConfigError: The CA file cannot be read, or the borrowed session is closed.

        """
        borrowed = self._settings.http
        if borrowed is not None and borrowed.closed:
            raise ConfigError("the aiohttp session passed as http is closed; pass an open one")
        context = await self.tls_context()
        self._use_proxy(await self.choose_proxy(target), tunnel=target.scheme == "https")
        # Made last: what fails before leaves nothing open.
        connector: Any = (
            aiohttp.TCPConnector(limit=self._limit, ssl=context, resolver=self._resolver())
            if borrowed is None
            else borrowed.connector
        )
        traces = borrowed.trace_configs if borrowed is not None and self._traced else []
        # Once, and not with each request: aiohttp would copy it three times.
        headers = CIMultiDict({} if self.user_agent is None else {"User-Agent": self.user_agent})
        self.session = _make_session(connector, _CookieJar(), traces, headers, owns=borrowed is None)
        if not self._traced:
            # Instrumentations wrap the constructor and append theirs. The list is the session's own, and public.
            self.session.trace_configs.clear()
        return self.session

    def problem(self) -> Exception:
        """Say why nothing can be sent."""
        if self.session is None:
            return AssertionError("the connection is not open")
        # By its owner: close() of our own ends the calls first.
        return ConfigError("the aiohttp session passed as http was closed; keep it open as long as this session")

    def watched(self, trace: aiohttp.TraceConfig) -> aiohttp.ClientSession:
        """Make a session for one request that tells of its connection; ``detach()`` it afterwards.

        It shares connections and cookies. A trace on the session itself would cost every call a fifth more of the
        processor's time.
        """
        session = self.session
        if session is None:
            raise self.problem()
        traces = [trace, *session.trace_configs]
        made = _make_session(session.connector, session.cookie_jar, traces, session.headers, owns=False)
        made.trace_configs[:] = traces  # an instrumentation would trace it a second time
        return made

    def _use_proxy(self, proxy: URL | None, *, tunnel: bool) -> None:
        """Take the credentials out of the proxy's URL: aiohttp would show them in the frames of a cancelled call."""
        if proxy is None:
            return
        self.proxy = {"proxy": proxy.with_user(None)}
        login, proxy = _proxy_login(proxy), proxy.with_user(None)
        if login is None:
            raise ConfigError(
                "the proxy user name contains a colon, which Basic authentication does not allow (RFC 7617)"
            )
        # Such a mapping shows no value of a secret in frames that are exported, as a dictionary would.
        if login and tunnel:
            self.proxy["proxy_headers"] = login
        elif login:
            self.headers = login

    async def close(self) -> None:
        """Close the session of our own; a borrowed connector stays open."""
        self._lookups.close()
        if self.session is not None:
            await self.session.close()

    def _resolver(self) -> aiohttp.ThreadedResolver | None:
        """Make what looks up host names; None for aiohttp's own, where that needs no threads (aiodns)."""
        if aiohttp.DefaultResolver is not aiohttp.ThreadedResolver:
            return None
        return aiohttp.ThreadedResolver(cast("Any", _Lookups(self._lookups)))

    async def tls_context(self) -> tls.SSLContext | bool:
        """Make what verifies certificates, True for the default, False for none. ConfigError: no such CA file."""
        settings = self._settings
        if settings.ssl is False or (settings.ca_file is None and settings.strict_certificates):
            return True if settings.ssl is None else settings.ssl
        ca_file = None if settings.ca_file is None else str(settings.ca_file)
        try:
            context = await self._threads.run(tls.create_default_context, cafile=ca_file)
        except (OSError, tls.SSLError) as error:
            raise ConfigError(f"the CA file {ca_file!r} cannot be used: {error}") from None
        if not settings.strict_certificates:
            context.verify_flags &= ~tls.VERIFY_X509_STRICT
        return context

    async def choose_proxy(self, target: URL) -> URL | None:
        """Choose the proxy for an address; credentials in it are kept. None for a direct connection."""
        proxy = self._settings.proxy
        if callable(proxy):
            chosen = hide(cast("str", proxy(target)))
            return None if chosen is None else _proxy_url(chosen)
        if proxy is not None:
            return URL(unhide(proxy))
        borrowed = self._settings.http
        if borrowed is None:
            return None
        # No public reader exists for the default proxy of a session. Private; pinned by a test.
        default: Any = getattr(borrowed, "_default_proxy", None)
        if default is not None:
            auth: Any = getattr(borrowed, "_default_proxy_auth", None)
            proxy = URL(default)
            return proxy if auth is None else proxy.with_user(auth.login).with_password(auth.password)
        if borrowed.trust_env:
            return await self._threads.run(_proxy_from_environment, target)
        return None


def _proxy_login(proxy: URL) -> CIMultiDict[str] | None:
    """Give the header for the credentials in a proxy's URL: none without, None if they cannot be sent."""
    if proxy.user is None:
        return CIMultiDict()
    if ":" in proxy.user:
        return None
    return CIMultiDict({"Proxy-Authorization": Secret(aiohttp.encode_basic_auth(proxy.user, proxy.password or ""))})


class _Answer(aiohttp.ClientResponse):
    """An answer that shows no URL and no header: it stands in frames of errors, which may be exported."""

    def __repr__(self) -> str:
        return f"<ClientResponse [{self.status} {self.reason}]>"


def _make_session(
    connector: Any,
    cookie_jar: AbstractCookieJar,
    traces: Sequence[aiohttp.TraceConfig],
    headers: Mapping[str, str],
    *,
    owns: bool,
) -> aiohttp.ClientSession:
    # asyncio receives into 256 KiB. Until a larger block was freed, glibc maps that buffer anew for each recv(), and
    # unmaps it with the answer (mallopt(3), M_MMAP_THRESHOLD): three calls of the system for each, and page faults.
    bytes(1 << 19)
    session = aiohttp.ClientSession(
        connector=connector,
        connector_owner=owns,
        cookie_jar=cookie_jar,
        trace_configs=[*traces],
        headers=headers,
        response_class=_Answer,
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
    )
    # aiohttp repeats GET and DELETE on a dropped keep-alive connection, which would repeat nc. Private;
    # pinned by a test.
    session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return session


class _Lookups:
    """The two methods of a loop that aiohttp looks names up with; those of the loop use its default executor.

    Args:
        threads: Of our own. Others than those for decoding, for a lookup may hang.

    """

    def __init__(self, threads: WorkerThreads) -> None:
        self._threads = threads

    async def getaddrinfo(self, host: str, port: int, **how: int) -> list[Any]:
        """Look up a host name, as ``loop.getaddrinfo()`` does."""
        try:
            return await self._threads.run(socket.getaddrinfo, host, port, **how)
        except UnicodeError:  # a part of the name is empty, or longer than DNS has it
            raise socket.gaierror(socket.EAI_NONAME, "it cannot be the name of a host") from None

    async def getnameinfo(self, address: tuple[Any, ...], flags: int) -> tuple[str, str]:
        """Name an address, as ``loop.getnameinfo()`` does."""
        return await self._threads.run(socket.getnameinfo, address, flags)


class _CookieJar(aiohttp.CookieJar):
    """Sends each value byte for byte as the server set it (RFC 6265 section 5.4): balancers compare the raw text."""

    def __init__(self) -> None:
        # Sticky balancers are met by IP address too. Every request goes to the one API origin.
        super().__init__(unsafe=True, quote_cookie=False)

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Take the cookies of an answer, each with its value as it was received: with the quotes of the server."""
        super().update_cookies_from_headers(headers, response_url)
        for cookie in self:
            if cookie.value != cookie.coded_value:
                cookie.set(cookie.key, cookie.coded_value, cookie.coded_value)


def _proxy_from_environment(target: URL) -> URL | None:
    # aiohttp's own trust_env would also read netrc, whose password would collide with the digest answer.
    if target.host is None or proxy_bypass(target.host):
        return None
    found = getproxies().get(target.scheme)
    return None if found is None else URL(found)
