#!/usr/bin/env bash
# npm's mongodb-atlas-api-client never looks at the status of an answer: what Atlas refuses is resolved like what it
# does. A delete gives true whatever was answered, and a create of a restore job gives the error document in place of
# the job.
#
# Where it matters: "await cluster.delete(name)" followed by "deleted" in a log, while the cluster has termination
# protection; a disaster recovery that awaits createSnapshotRestoreJob() and goes on, while the restore was refused
# with 409 and never began. No promise is rejected, so no try/catch and no test of the result's truth sees it.
#
# Seen on 2026-11-29 with Node.js 20.20.2, mongodb-atlas-api-client 4.19.0 and urllib 4.9.0:
#   DELETE cluster, answered 202: true
#   DELETE cluster, answered 403 CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED: true
#   DELETE project, answered 409 CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS: true
#   POST restoreJobs, answered 409 CANNOT_START_RESTORE_JOB_FOR_DELETED_SNAPSHOT: resolved, id undefined, error 409
# Fails when any of these lines changes. Needs Node.js with npm.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm install --silent --no-audit --no-fund mongodb-atlas-api-client@4.19.0 urllib@4.9.0 >/dev/null)

cat >"$folder/client.js" <<'JS'
const http = require("node:http");
const getClient = require("mongodb-atlas-api-client");

const ANSWERS = {
  "DELETE /groups/p/clusters/free": [202, null],
  "DELETE /groups/p/clusters/kept": [403, "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED"],
  "DELETE /groups/p": [409, "CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS"],
  "POST /groups/p/clusters/c/backup/restoreJobs": [409, "CANNOT_START_RESTORE_JOB_FOR_DELETED_SNAPSHOT"],
};

const server = http.createServer((request, response) => {
  const [status, errorCode] = ANSWERS[`${request.method} ${request.url.split("?")[0]}`];
  request.resume();
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(errorCode ? { error: status, errorCode, detail: "Refused.", reason: "Refused" } : {}));
});

server.listen(0, "127.0.0.1", async () => {
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const { cluster, cloudBackup, project } = getClient({ publicKey: "k", privateKey: "s", baseUrl, projectId: "p" });
  const told = ([status, code]) => [status, code].filter(Boolean).join(" ");
  const answers = Object.values(ANSWERS);
  console.log(`DELETE cluster, answered ${told(answers[0])}: ${await cluster.delete("free")}`);
  console.log(`DELETE cluster, answered ${told(answers[1])}: ${await cluster.delete("kept")}`);
  console.log(`DELETE project, answered ${told(answers[2])}: ${await project.delete("p")}`);
  const body = { deliveryType: "automated", snapshotId: "s", targetClusterName: "c", targetGroupId: "p" };
  const job = await cloudBackup.createSnapshotRestoreJob("c", body);
  console.log(`POST restoreJobs, answered ${told(answers[3])}: resolved, id ${job.id}, error ${job.error}`);
  process.exit(0);
});
JS

(cd "$folder" && NO_PROXY=127.0.0.1 node client.js) >"$folder/seen"
cat "$folder/seen"
sed -n 's/^#   \([A-Z].*\)$/\1/p' "$0" | diff - "$folder/seen"
