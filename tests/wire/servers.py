"""Start and stop of third-party servers on loopback, each in a directory and a process group of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

__all__ = ["Server", "Workshop"]

#: Servers live where the path of an ordinary user does not lead.
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/libexec/apache2")

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_TRIES = 3

#: How each program is run in the foreground, by its executable and its configuration.
_COMMANDS: Mapping[str, Callable[[str, Path], list[str]]] = {
    "apache2": lambda program, config: [program, "-f", str(config), "-D", "FOREGROUND"],
    "haproxy": lambda program, config: [program, "-f", str(config), "-db", "-q"],
    "lighttpd": lambda program, config: [program, "-f", str(config), "-D"],
    "nginx": lambda program, config: [program, "-c", str(config), "-e", str(config.with_name("error.log"))],
    "squid": lambda program, config: [program, "-f", str(config), "-N"],
    "varnishd": lambda program, config: [program, "-F", *config.read_text(encoding="utf-8").split()],
}


@attrs.frozen
class Server:
    """A running server.

    Attributes:
        folder: Its directory; everybody may read it.
        port: Where it listens on 127.0.0.1.
        process: Its first process, which leads a group.

    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] = attrs.field(repr=False)

    @property
    def url(self) -> str:
        """Origin to use as base URL."""
        return f"http://127.0.0.1:{self.port}"

    def lines(self, name: str = "access.log") -> list[str]:
        """Read a log."""
        return (self.folder / name).read_text(encoding="utf-8", errors="replace").splitlines()

    def terminate(self) -> None:
        """Ask all its processes to end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)

    def stop(self) -> None:
        """End all its processes; its directory stays. Doing so twice does no harm."""
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Workshop:
    """Starts servers and stops them all at its end."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.terminate()  # they need their time at the same time
        self._open.close()

    def find(self, program: str) -> str:
        """Give the path of a program, or skip the test."""
        found = shutil.which(program, path=_PATH)
        if found is None:
            pytest.skip(f"{program} is not installed; .ci/servers installs it on Debian")
        return found

    def apache_modules(self) -> Path:
        """Give the directory of Apache's modules, or skip the test."""
        for place in _MODULES:
            if Path(place, "mod_auth_digest.so").exists():
                return Path(place)
        pytest.skip("Apache httpd has no mod_auth_digest here; .ci/servers installs it on Debian")

    def start(self, program: str, config: str, files: Mapping[str, str] | None = None) -> Server:
        """Start a server and wait until it listens.

        Args:
            program: Name of the program.
            config: Its configuration; ``@FOLDER@`` and ``@PORT@`` are filled in.
            files: More files for its directory, by relative path, filled in likewise.

        """
        path, told = self.find(program), ""
        for _ in range(_TRIES):
            folder = self._folder()
            server = self._launch(program, path, folder, {"server.conf": config, **(files or {})})
            self._open.callback(server.stop)
            self._servers.append(server)
            if _listens(server):
                return server
            server.stop()
            told = _told(folder)
        raise AssertionError(f"{program} did not start: {told}")

    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="mongorestore-"))
        self._open.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _launch(self, program: str, path: str, folder: Path, files: Mapping[str, str]) -> Server:
        port = _free_port()
        for name, text in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            filled = text.replace("@FOLDER@", str(folder)).replace("@PORT@", str(port))
            target.write_text(filled, encoding="utf-8")
        with (folder / "output.log").open("wb") as output:
            process = subprocess.Popen(
                _COMMANDS[program](path, folder / "server.conf"),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **_as_nobody(folder),
            )
        return Server(folder, port, process)


def _as_nobody(folder: Path) -> dict[str, Any]:
    """Arguments that take root's rights away: several servers refuse to run with them."""
    if os.geteuid() != 0:
        return {}
    import pwd  # which not every system has

    nobody = pwd.getpwnam("nobody")
    for place in (folder, *folder.rglob("*")):
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(server: Server) -> bool:
    """Whether it takes connections, before long."""
    end = time.monotonic() + _START_SECONDS
    while server.process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return True
        time.sleep(0.02)
    return False


def _told(folder: Path) -> str:
    """What a server wrote before it ended."""
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in sorted(folder.glob("*.log"))
    )
