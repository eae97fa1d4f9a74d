"""The pages in a real browser: nothing is refused by their own policy, nothing runs, nothing is fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from builders.reports import HOSTILE, NOW, drill_of, fleet_of
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.reports import write_drill_report, write_fleet_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture
def browse(tmp_path):
    """Run the browser without a window; gives what it printed, and its messages."""

    def run(*options):
        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0")
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run([CHROMIUM, *flags, profile, *options], capture_output=True, timeout=180, check=True)
        return done.stdout.decode(), [line for line in done.stderr.decode().splitlines() if "CONSOLE" in line]

    return run


@pytest.fixture(params=["fleet", "drill"])
def files(request, tmp_path):
    if request.param == "fleet":
        return write_fleet_report(fleet_of(60, hostile=True), tmp_path)
    earlier = [drill_of(8, started_at=NOW - timedelta(days=7))]
    return write_drill_report(drill_of(24, hostile=True), tmp_path, earlier=earlier)


def test_a_hostile_report_is_text_and_its_style_is_allowed(browse, files):
    tree, console = browse("--dump-dom", files.html.as_uri())

    assert console == []
    assert set(re.findall(r"<(script|img|b2|u|object|iframe)\b", tree)) == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tree
    assert printable(HOSTILE[5]) in tree


def test_the_policy_of_a_page_refuses_whatever_is_added_to_it(browse, files):
    text = files.html.read_text(encoding="utf-8")
    addition = '<script>document.title = "ran"</script><style>p{color:red}</style><img src="http://127.0.0.1:9/x">'
    files.html.write_text(text.replace("</body>", f"{addition}</body>"), encoding="utf-8")

    tree, console = browse("--dump-dom", files.html.as_uri())

    assert "<title>ran" not in tree
    assert len([line for line in console if "Content Security Policy" in line]) == 3


def test_a_page_asks_nobody_for_anything(browse, files):
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_CONNECT = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        through = f"--proxy-server=127.0.0.1:{proxy.server_port}"
        browse(through, "--disable-background-networking", "--dump-dom", files.html.as_uri())
        proxy.shutdown()

    # The browser looks for news of its own; a page would name its own address or a picture.
    assert [path for path in asked if "google" not in path and "gvt1" not in path] == []


def test_a_page_goes_onto_paper(browse, files, tmp_path):
    browse("--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}", files.html.as_uri())

    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


def test_a_page_is_drawn_at_the_width_of_a_phone(browse, files, tmp_path):
    browse("--window-size=500,900", f"--screenshot={tmp_path / 'phone.png'}", files.html.as_uri())

    assert (tmp_path / "phone.png").stat().st_size > 10_000
