#!/usr/bin/env bash
# Varnish answers the same range of the same URL from two representations: unpacked where it looks into its cache, packed
# where it passes the request on, although the client accepts "identity" only both times.
#
# Where it matters: object stores and servers that label a .tar.gz "Content-Encoding: gzip". A download that began
# without a login and is resumed with one (or on a path that a VCL passes) gets bytes 100- of another file. Only the
# total in Content-Range and the weak mark of the ETag tell: a client that compares the opaque part of the tag alone
# (weak comparison, RFC 9110 section 8.8.3.2) joins the two.
#
# Seen on 2026-11-29 with Debian 12, varnish 7.1.1-2+deb12u1:
#   whole  cached identity: 200 etag W/"v1" coding none bytes 20480 range none
#   range  cached identity: 206 etag W/"v1" coding none bytes 20380 range bytes 100-20479/20480
#   range  passed identity: 206 etag "v1" coding gzip bytes 20403 range bytes 100-20502/20503
# Fails when any of these lines changes. Needs Debian 12 with its package mirror, python3, gcc (Varnish compiles VCL).
set -eu

folder=$(mktemp -d)
pids=()
finish() {
    if [ "${#pids[@]}" -gt 0 ]; then kill "${pids[@]}" 2>/dev/null || true; wait "${pids[@]}" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap finish EXIT
chmod 755 "$folder"
(cd "$folder" && apt-get download -qq varnish=7.1.1-2+deb12u1 libvarnishapi3=7.1.1-2+deb12u1 2>/dev/null)
for package in "$folder"/*.deb; do dpkg-deb --extract "$package" "$folder/root"; done
libraries=$(dirname "$(find "$folder/root" -name 'libvarnishapi.so.3')")

cat >"$folder/origin.py" <<'PYTHON'
import gzip
import http.server
import pathlib
import sys

packed = gzip.compress(bytes(20480), compresslevel=0, mtime=0)  # stored: the same size with every zlib


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(packed) - 1}/{len(packed)}")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("ETag", '"v1"')
        self.send_header("Content-Length", str(len(packed) - start))
        self.end_headers()
        self.wfile.write(packed[start:])


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
pathlib.Path(sys.argv[1]).write_text(str(server.server_port))
server.serve_forever()
PYTHON
python3 "$folder/origin.py" "$folder/port" &
pids+=($!)
for _ in $(seq 100); do [ -s "$folder/port" ] && break; sleep 0.1; done

printf 'vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "%s"; }\n' "$(cat "$folder/port")" >"$folder/default.vcl"
front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LD_LIBRARY_PATH="$libraries:$libraries/varnish" "$folder/root/usr/sbin/varnishd" -F -n "$folder/work" -a "127.0.0.1:$front" \
    -f "$folder/default.vcl" -s malloc,16m -p "vmod_path=$libraries/varnish/vmods" >"$folder/varnish.log" 2>&1 &
pids+=($!)

python3 - "$front" >"$folder/seen" <<'PYTHON'
import http.client
import sys
import time


def ask(name, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
    connection.putrequest("GET", "/a.tar.gz", skip_accept_encoding=True)
    for field, value in {"Accept-Encoding": "identity", **headers}.items():
        connection.putheader(field, value)
    connection.endheaders()
    answer = connection.getresponse()
    size = len(answer.read())
    coding, span = answer.getheader("Content-Encoding", "none"), answer.getheader("Content-Range", "none")
    print(f"{name} identity: {answer.status} etag {answer.getheader('ETag')} coding {coding} bytes {size} range {span}")


for _ in range(300):
    try:
        http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])).connect()
        break
    except OSError:
        time.sleep(0.1)
ask("whole  cached")
ask("range  cached", Range="bytes=100-")
ask("range  passed", Range="bytes=100-", Authorization="Bearer x")
PYTHON

cat "$folder/seen"
sed -n 's/^#   \([a-z].*\)$/\1/p' "$0" | diff - "$folder/seen"
