"""Exceptions of the HTTP library to errors of this library, and what is kept of them."""

from __future__ import annotations

import ssl as tls
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from mongorestore_async.errors import (
    ApiError,
    ConnectFailed,
    ConnectionBroken,
    Hint,
    HintKind,
    ProtocolError,
    ProxyFailed,
    RequestTimeout,
    RestoreError,
    TLSFailed,
    TransportError,
)
from mongorestore_async.protocol.redaction import one_line, redact_url

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["outcome_of", "scrub", "tls_failure", "translate", "was_never_sent"]

#: What to do about a refused certificate, by the X509_V_ERR codes of OpenSSL (its header ``x509_vfy.h``).
_CERTIFICATE_ADVICE = (
    # What X509_V_FLAG_X509_STRICT checks, from a path length without a CA to extensions in an old version.
    (range(80, 94), HintKind.RELAX_CERTIFICATE_CHECKS),
    # No issuer, one of the same name with another key, self-signed, or a chain that ends with an unknown certificate.
    ({2, 7, 18, 19, 20, 21}, HintKind.PASS_CA_FILE),
    # Not yet valid, expired.
    ({9, 10}, HintKind.CHECK_CLOCK),
    # The host name or the IP address is not in it.
    ({62, 64}, HintKind.CHECK_HOST_NAME),
)

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ServerFingerprintMismatch)


def was_never_sent(error: Exception) -> bool:
    """Whether a request that failed this way was certainly never sent."""
    return isinstance(error, _NEVER_SENT)


def translate(error: Exception) -> TransportError:
    """Make the error to raise for one of the HTTP library."""
    name = type(error).__name__
    said = one_line(str(error)) or "no details"
    if isinstance(error, (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError)):
        return _proxy_failure(error, said)
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch)):
        return tls_failure(error, said)
    if was_never_sent(error):
        return ConnectFailed(f"no connection ({name}: {said})", hint=Hint(HintKind.CHECK_CONNECTION))
    if isinstance(error, TimeoutError):
        return RequestTimeout(f"the connection timed out ({name}); check the network path to the server")
    if isinstance(error, aiohttp.ClientResponseError):
        return _not_http(error)
    # In TLS 1.3 a server refuses a client's certificate only after the handshake, when a request may be out.
    is_tls = isinstance(error, tls.SSLError) or "[SSL" in said
    return ConnectionBroken(
        f"the connection broke before the answer was complete ({name}: {said})",
        hint=Hint(HintKind.PASS_CLIENT_CERTIFICATE) if is_tls else None,
    )


def _not_http(error: aiohttp.ClientResponseError) -> ProtocolError:
    message = one_line(error.message)
    if message == "deflate" or "content-encoding" in message.lower():  # what the HTTP library says of its decompressor
        return ConnectionBroken(f"the answer cannot be decompressed ({message}): it was cut off or damaged on its way")
    said = f"the answer is not valid HTTP ({type(error).__name__}: {message})"
    return ProtocolError(said, hint=Hint(HintKind.CHECK_BASE_URL))


def _proxy_failure(error: aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError, said: str) -> ProxyFailed:
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return ProxyFailed(f"no connection to the proxy ({said})", hint=Hint(HintKind.CHECK_PROXY))
    answer = f"HTTP {error.status} {one_line(error.message)}"
    if error.status >= 500:  # noqa: PLR2004 - overloaded, or the server is out of its reach: it may do so later
        return ProxyFailed(f"the proxy could not make the tunnel to the server ({answer})")
    failure = ProxyFailed(f"the proxy refused the tunnel to the server ({answer})", hint=Hint(HintKind.CHECK_PROXY))
    failure.repeatable = False
    return failure


def tls_failure(error: Exception, said: str) -> TLSFailed:
    """Make the error for a connection that TLS did not accept: its certificate was refused, or there is no TLS."""
    told = getattr(error, "certificate_error", error)
    if not isinstance(told, (tls.SSLCertVerificationError, aiohttp.ServerFingerprintMismatch)):
        return TLSFailed(f"no TLS with the server ({said})", hint=Hint(HintKind.CHECK_CONNECTION))
    code = getattr(told, "verify_code", 0)
    advice = next((advice for codes, advice in _CERTIFICATE_ADVICE if code in codes), HintKind.CHECK_CERTIFICATE)
    reason = one_line(getattr(told, "verify_message", "")) or said
    failure = TLSFailed(f"the server's certificate was refused: {reason}", hint=Hint(advice))
    failure.repeatable = False
    return failure


def scrub(error: Exception) -> Exception:
    """Keep type and message of an exception of the HTTP library: no frames, no headers, no proxy credentials."""
    for kind, scrubbing in _SCRUBBING.items():
        if isinstance(error, kind):
            scrubbing(error)
    for inner in error.args:
        if isinstance(inner, BaseException):
            _cut(inner)
    _cut(error)
    return error


def _cut(error: BaseException) -> None:
    error.__context__ = None
    error.__cause__ = None
    error.__traceback__ = None


def outcome_of(error: RestoreError) -> str:
    """Say what a try ended with, in two words."""
    if isinstance(error, ApiError):
        return f"HTTP {error.status}"
    return "no connection" if isinstance(error, ConnectFailed) else "a broken connection"


def _scrub_response(error: Any) -> None:
    info = error.request_info
    no_headers = type(info.headers)(type(info.headers.copy())())
    urls = {"url": URL(redact_url(info.url)), "real_url": URL(redact_url(info.real_url))}
    error.request_info = info._replace(headers=no_headers, **urls)
    error.headers, error.history = None, ()
    error.args = (error.request_info, ())


def _scrub_connector(error: Any) -> None:
    key = error._conn_key._replace(proxy=None, proxy_auth=None, proxy_headers_hash=None)  # noqa: SLF001
    error._conn_key = key  # noqa: SLF001
    error.args = (key, *error.args[1:])


def _scrub_disconnected(error: Any) -> None:
    if not isinstance(error.message, str):  # the head of an answer, with its cookies
        error.message = "Server disconnected"
        error.args = (error.message,)


_SCRUBBING: dict[type[Exception], Callable[[Any], None]] = {
    aiohttp.ClientResponseError: _scrub_response,
    aiohttp.ClientConnectorError: _scrub_connector,
    aiohttp.ClientConnectorCertificateError: _scrub_connector,
    aiohttp.ServerDisconnectedError: _scrub_disconnected,
}
