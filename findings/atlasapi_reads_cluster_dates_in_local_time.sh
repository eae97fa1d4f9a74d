#!/usr/bin/env bash
# atlasapi reads the dates of a cluster, which Atlas writes in UTC, as local time: they are hours off wherever the
# machine's zone is not UTC. The dates of snapshots, which the same library reads with another parser, are right.
#
# Where it matters: whoever compares when a cluster was made with when a snapshot was taken (is this snapshot older than
# the cluster it is to be restored into?) gets an answer that depends on where the program runs: right in CI, wrong on
# a desk.
#
# Seen on 2026-11-29 with Python 3.11.7, atlasapi 2.0.11, python-dateutil 4.0.0, pytz 2026.6; both dates are
# 2026-11-02T12:00:00Z in the answers:
#   TZ=UTC0  cluster.create_date 2026-11-02T12:00:00+00:00  snapshot.created_at 2026-11-02T12:00:00+00:00
#   TZ=JST-9 cluster.create_date 2026-11-02T03:00:00+00:00  snapshot.created_at 2026-11-02T12:00:00+00:00
#   TZ=EST5  cluster.create_date 2026-11-02T17:00:00+00:00  snapshot.created_at 2026-11-02T12:00:00+00:00
# Fails when any of these lines changes. Needs python3.11 with venv (the library imports distutils) and a package index.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    atlasapi==2.0.11 python-dateutil==4.0.0 pytz==2026.6 requests==2.34.2 2>/dev/null

cat >"$folder/client.py" <<'PYTHON'
import http.server
import json
import logging
import os
import threading

logging.disable(logging.CRITICAL)
DATE = "2026-11-02T12:00:00Z"
ANSWERS = {
    "clusters/demo": {
        "id": "5f1a2b3c4d5e6f7a8b9c0d1e",
        "groupId": "5f1a2b3c4d5e6f7a8b9c0d1f",
        "name": "demo",
        "clusterType": "REPLICASET",
        "stateName": "IDLE",
        "createDate": DATE,
        "mongoURIUpdated": DATE,
        "mongoDBMajorVersion": "4.4",
        "providerSettings": {"instanceSizeName": "M10", "providerName": "AWS", "regionName": "US_EAST_1"},
        "replicationSpecs": [{"numShards": 1, "regionsConfig": {}, "zoneName": "Zone 1"}],
    },
    "snapshots": {
        "results": [
            {
                "id": "5f1a2b3c4d5e6f7a8b9c0d20",
                "createdAt": DATE,
                "cloudProvider": "AWS",
                "snapshotType": "scheduled",
                "status": "completed",
                "type": "replicaSet",
            }
        ],
        "totalCount": 1,
    },
}


class Atlas(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps(next(answer for end, answer in ANSWERS.items() if self.path.endswith(end))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 0), Atlas)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["BASE_URL"] = f"http://127.0.0.1:{server.server_port}"

from atlasapi.atlas import Atlas as Client  # noqa: E402 - reads BASE_URL when it is imported

client = Client("public", "private", "5f1a2b3c4d5e6f7a8b9c0d1f")
cluster = client.Clusters.get_single_cluster_as_obj("demo")
(snapshot,) = client.CloudBackups.get_backup_snapshots_for_cluster("demo")
made, taken = cluster.create_date.isoformat(), snapshot.created_at.isoformat()
print(f"TZ={os.environ['TZ']:5} cluster.create_date {made}  snapshot.created_at {taken}")
PYTHON

for zone in UTC0 JST-9 EST5; do
    TZ=$zone no_proxy=127.0.0.1 "$folder/venv/bin/python" "$folder/client.py"
done >"$folder/seen"

cat "$folder/seen"
sed -n 's/^#   \(TZ=.*\)$/\1/p' "$0" | diff - "$folder/seen"
