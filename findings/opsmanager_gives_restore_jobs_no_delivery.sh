#!/usr/bin/env bash
# opsmanager's RestoreJob looks for deliveryType, deliveryUrl and finished, which no restore job of Ops Manager or Cloud
# Manager has (the first two are Atlas cloud backup's), and passes over delivery, batchId and hashes, which all of
# them document: the object of a finished download says neither where the archive is nor that there is one.
#
# Where it matters: list_restore_jobs() and get_restore_job() give objects by default. A program that waits for
# delivery_url waits for ever, one that groups the jobs of a sharded cluster has nothing to group them by, and
# to_dict() keeps none of it; only as_obj=False does.
#
# Seen on 2026-11-29 with Python 3.11.7 and opsmanager 0.5.3; the answer is the vendor's example of a finished download:
#   object: status_name FINISHED delivery_type '' delivery_url None finished None
#   to_dict() has: cluster_id created group_id id links point_in_time snapshot_id status_name timestamp
#   as_obj=False has besides: batchId delivery encryptionEnabled hashes
#   as_obj=False: delivery.statusName READY delivery.url https://om.example.com/backup/restore/v2/pull/a/b/c.tar.gz
# Fails when any of these lines changes. Needs python3 with venv and a package index.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opsmanager==0.5.3 requests==2.34.2 2>/dev/null

cat >"$folder/client.py" <<'PYTHON'
import http.server
import json
import threading

from opsmanager import OpsManagerClient

JOB = {
    "batchId": "5f1a2b3c4d5e6f7a8b9c0d21",
    "clusterId": "5f1a2b3c4d5e6f7a8b9c0d1e",
    "created": "2026-11-02T12:00:00Z",
    "delivery": {
        "expirationHours": 48,
        "expires": "2026-11-04T12:05:00Z",
        "maxDownloads": 1,
        "methodName": "HTTP",
        "statusName": "READY",
        "url": "https://om.example.com/backup/restore/v2/pull/a/b/c.tar.gz",
    },
    "encryptionEnabled": False,
    "groupId": "5f1a2b3c4d5e6f7a8b9c0d1f",
    "hashes": [{"fileName": "c.tar.gz", "hash": "0" * 40, "typeName": "SHA1"}],
    "id": "5f1a2b3c4d5e6f7a8b9c0d20",
    "links": [],
    "pointInTime": False,
    "snapshotId": "5f1a2b3c4d5e6f7a8b9c0d22",
    "statusName": "FINISHED",
    "timestamp": {"date": "2026-11-02T06:00:00Z", "increment": 1},
}


class OpsManager(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps(JOB).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 0), OpsManager)
threading.Thread(target=server.serve_forever, daemon=True).start()
with OpsManagerClient(f"http://127.0.0.1:{server.server_port}", "public", "private", rate_limit=0) as client:
    place = JOB["groupId"], JOB["clusterId"], JOB["id"]
    job = client.backup.get_restore_job(*place)
    document = client.backup.get_restore_job(*place, as_obj=False)

kept = {name: value for name, value in job.to_dict().items() if value not in (None, "")}
spelt = {"".join(part.capitalize() if number else part for number, part in enumerate(name.split("_"))) for name in kept}
delivery = document["delivery"]
ends = f"delivery_type {job.delivery_type!r} delivery_url {job.delivery_url!r} finished {job.finished!r}"
print(f"object: status_name {job.status_name} {ends}")
print("to_dict() has:", *sorted(kept))
print("as_obj=False has besides:", *sorted(document.keys() - spelt))
print(f"as_obj=False: delivery.statusName {delivery['statusName']} delivery.url {delivery['url']}")
PYTHON

no_proxy=127.0.0.1 "$folder/venv/bin/python" "$folder/client.py" >"$folder/seen"
cat "$folder/seen"
sed -n 's/^#   \([a-z].*\)$/\1/p' "$0" | diff - "$folder/seen"
