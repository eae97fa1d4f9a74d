"""Gateways of others before an emulator: their configurations, as small as their manuals allow.

Each stands before one port of this machine, where a :class:`FaultServer` of faults.py is put between it and the
emulator. Everything is the program's default unless a comment says why it is not.
"""

from __future__ import annotations

import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import attrs

from builders.network import nginx_config

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GATEWAYS", "Gateway"]

_NGINX = nginx_config("""
upstream api {
    @NODES@
    keepalive 16;
}
server {
    listen 127.0.0.1:@PORT@;
    location / {
        proxy_pass http://api;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_read_timeout @MILLISECONDS@ms;
        @MORE@
    }
}
""")
# Nodes are never taken out of use: the next row has to find them.
_NODE = "server 127.0.0.1:@UPSTREAM@ max_fails=0;"

_HAPROXY = """
global
    master-worker
    maxconn 512
defaults
    mode http
    retries 3
    option redispatch
    timeout connect 2s
    timeout client 30s
    timeout server @MILLISECONDS@ms
    @MORE@
frontend in
    bind 127.0.0.1:@PORT@
    default_backend api
backend api
    server node1 127.0.0.1:@UPSTREAM@
    server node2 127.0.0.1:@UPSTREAM@
"""

_SQUID = """
http_port 127.0.0.1:@PORT@ @MODE@
visible_hostname localhost
pid_filename @FOLDER@/squid.pid
access_log stdio:@FOLDER@/access.log
cache_log @FOLDER@/cache.log
coredump_dir @FOLDER@
netdb_filename none
pinger_enable off
max_filedescriptors 1024
cache_mem 8 MB
shutdown_lifetime 0 seconds
connect_timeout 2 seconds
read_timeout @SECONDS@ seconds
@MORE@
http_access allow all
"""
# Without PASSTHRU the peer would not get the client's digest answer.
_PEER = """
cache_peer 127.0.0.1 parent @UPSTREAM@ 0 no-query no-digest originserver login=PASSTHRU connect-fail-limit=1000000
never_direct allow all
"""

_VARNISH_ARGUMENTS = """
-n
@FOLDER@/varnish
-a
127.0.0.1:@PORT@
-f
@FOLDER@/default.vcl
-s
malloc,32m
-p
backend_remote_error_holddown=0
"""
_VCL = """
vcl 4.1;
backend default {
    .host = "127.0.0.1";
    .port = "@UPSTREAM@";
    .first_byte_timeout = @MILLISECONDS@ms;
    .between_bytes_timeout = @MILLISECONDS@ms;
}
@MORE@
"""

_APACHE = """
ServerName localhost
Listen 127.0.0.1:@PORT@
PidFile @FOLDER@/apache.pid
DefaultRuntimeDir @FOLDER@
Mutex file:@FOLDER@ default
ErrorLog @FOLDER@/error.log
LoadModule mpm_event_module @MODULES@/mod_mpm_event.so
LoadModule authz_core_module @MODULES@/mod_authz_core.so
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
StartServers 1
ServerLimit 4
ThreadsPerChild 25
MaxRequestWorkers 100
AllowEncodedSlashes NoDecode
# The digest answer covers the target byte for byte: nocanon. The node is never taken out of use: retry=0.
ProxyPass "/" "http://127.0.0.1:@UPSTREAM@/" nocanon retry=0 timeout=@SECONDS@
"""


@attrs.frozen(eq=False)
class Gateway:
    """One program with one configuration.

    Attributes:
        title: How the documentation calls it.
        program: Its executable.
        config: Its configuration; ``@UPSTREAM@`` is the port it stands before, ``@SECONDS@`` and ``@MILLISECONDS@``
            how long it waits for an answer: some know only whole seconds.
        version: What the rows of the documentation were seen with.
        files: More files for its directory.
        forward: Whether clients name it as their proxy, rather than as the server.
        reload: What tells its first process to read its configuration again; None: no signal does.
        asks: The option that prints its version.

    """

    title: str
    program: str
    config: str
    version: str
    files: Mapping[str, str] = attrs.field(factory=dict)
    forward: bool = False
    reload: signal.Signals | None = None
    asks: str = "-v"

    def start(self, workshop: Any, upstream: int, *, patient: bool) -> Any:
        """Start it before a port; skips the test where it is not installed.

        Args:
            workshop: Starts it.
            upstream: The port.
            patient: Whether it waits for an answer as long as gateways do, or as short as it can.

        """
        known = {
            "UPSTREAM": str(upstream),
            "SECONDS": "60" if patient else "1",
            "MILLISECONDS": "60000" if patient else "300",
        }

        def fill(text: str) -> str:
            return re.sub("@(UPSTREAM|SECONDS|MILLISECONDS)@", lambda found: known[found[1]], text)

        config = self.config
        if "@MODULES@" in config:
            config = config.replace("@MODULES@", str(workshop.apache_modules()))
        return workshop.start(self.program, fill(config), {name: fill(text) for name, text in self.files.items()})

    def is_documented(self, workshop: Any) -> bool:
        """Whether this is the version that the documentation speaks of: others may repeat other requests."""
        asked = subprocess.run([workshop.find(self.program), self.asks], check=False, capture_output=True, text=True)
        return re.search(rf"\b{re.escape(self.version)}\b", asked.stdout + asked.stderr) is not None


def _nginx(title: str, *, nodes: int = 1, more: str = "") -> Gateway:
    config = _NGINX.replace("@NODES@", _NODE * nodes).replace("@MORE@", more)
    return Gateway(title, "nginx", config, "1.22.1", reload=signal.SIGHUP)


def _haproxy(title: str, *, more: str = "") -> Gateway:
    return Gateway(title, "haproxy", _HAPROXY.replace("@MORE@", more), "2.6.12", reload=signal.SIGUSR2)


def _squid(title: str, *, forward: bool) -> Gateway:
    mode, more = ("", "") if forward else ("accel defaultsite=localhost no-vhost", _PEER)
    config = _SQUID.replace("@MODE@", mode).replace("@MORE@", more)
    return Gateway(title, "squid", config, "5.7", forward=forward, reload=signal.SIGHUP)


def _varnish(title: str, *, more: str = "") -> Gateway:
    files = {"default.vcl": _VCL.replace("@MORE@", more)}
    return Gateway(title, "varnishd", _VARNISH_ARGUMENTS, "7.1.1", files=files, asks="-V")


#: Every gateway, in the order of the documentation.
GATEWAYS: tuple[Gateway, ...] = (
    _nginx("nginx"),
    # Two entries for one server, so that it has somewhere to try again.
    _nginx(
        "nginx that repeats writes",
        nodes=2,
        more="proxy_next_upstream error timeout http_502 non_idempotent;",
    ),
    _haproxy("HAProxy"),
    _haproxy("HAProxy that repeats writes", more="retry-on all-retryable-errors"),
    _squid("Squid, forward", forward=True),
    _squid("Squid, reverse", forward=False),
    _varnish("Varnish"),
    Gateway("Apache httpd", "apache2", _APACHE, "2.4", reload=signal.SIGUSR1),
)
