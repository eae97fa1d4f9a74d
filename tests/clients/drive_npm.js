// npm mongodb-atlas-api-client: Atlas over urllib, HTTP digest; versions of v2 are the caller's business.
// Speaks as calls.py does: the world on standard input, a line of JSON for each call.
"use strict";

const fs = require("node:fs");
const getClient = require("mongodb-atlas-api-client");

const world = JSON.parse(fs.readFileSync(0, "utf8"));
const side = world.atlas;

function clientOf(api) {
  return getClient({
    publicKey: world.public_key,
    privateKey: world.private_key,
    baseUrl: `${world.url}/api/atlas/${api}`,
    projectId: side.project.id,
  });
}

async function call(area, name, make) {
  let seen = "";
  try {
    const value = await make();
    // Its answers have no status: an error document is an answer as any other.
    if (value && Number.isInteger(value.error)) seen = `error document: ${value.error} ${value.errorCode}`;
    else if (!value || (Array.isArray(value.results) && value.results.length === 0)) seen = "gave nothing";
  } catch (error) {
    seen = `${error.name}: ${error.message}`;
  }
  process.stdout.write(`${JSON.stringify({ area, call: name, works: seen === "", seen: seen.slice(0, 120) })}\n`);
}

async function callAll(api, date) {
  const client = clientOf(api);
  const named = (version, more = {}) =>
    date ? { httpOptions: { headers: { Accept: `application/vnd.atlas.${version}+json`, ...more } } } : {};
  const options = named(date);
  const clusters = named("2024-08-05");
  // urllib writes JSON for this type only; the version of an answer is in Accept.
  const body = date
    ? named(date, { "Content-Type": "application/json" })
    : {};
  const { name, snapshot, job } = side.clusters["cloud-backup"];
  const title = (text) => `${text}, ${api}`;
  await call("projects", title("organization.getAll"), () => client.organization.getAll(options));
  await call("projects", title("organization.getById"), () => client.organization.getById(side.org, options));
  await call("projects", title("organization.getAllProjectsForOrganization"), () =>
    client.organization.getAllProjectsForOrganization(side.org, options));
  await call("projects", title("project.getAll"), () => client.project.getAll(options));
  await call("projects", title("project.getById"), () => client.project.getById(side.project.id, options));
  await call("projects", title("project.getByName"), () => client.project.getByName(side.project.name, options));
  await call("clusters", title("cluster.getAll"), () => client.cluster.getAll(clusters));
  await call("clusters", title("cluster.get"), () => client.cluster.get(name, clusters));
  await call("snapshots", title("cloudBackup.getAllReplicaSetCloudBackups"), () =>
    client.cloudBackup.getAllReplicaSetCloudBackups(name, { ...options, itemsPerPage: 5 }));
  await call("snapshots", title("cloudBackup.getReplicaSetCloudBackup"), () =>
    client.cloudBackup.getReplicaSetCloudBackup(name, snapshot, options));
  await call("jobs", title("cloudBackup.getSnapshotRestoreJob"), () =>
    client.cloudBackup.getSnapshotRestoreJob(name, job, options));
  await call("creates", title("cloudBackup.createSnapshotRestoreJob"), () =>
    client.cloudBackup.createSnapshotRestoreJob(
      name,
      { deliveryType: "automated", snapshotId: snapshot, targetClusterName: name, targetGroupId: side.project.id },
      body,
    ));
}

(async () => {
  await callAll("v1.0", null);
  await callAll("v2", "2023-01-01");
  // urllib keeps its connections; nothing is left to wait for.
  process.exit(0);
})();
