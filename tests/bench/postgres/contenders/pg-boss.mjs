// pg-boss: a thousand jobs are fetched and completed at a time. What is done stays, with its state.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const name = "pg-boss";

export const LOOK = `SELECT NOT EXISTS (SELECT FROM pgboss.job WHERE name = 'noop' AND state < 'completed') AS over,
                            EXISTS (SELECT FROM pgboss.job WHERE name = 'noop' AND state = 'completed') AS begun`;
export const COUNT = "SELECT count(*) AS done FROM pgboss.job WHERE name = 'noop' AND state = 'completed'";

const SELF = fileURLToPath(import.meta.url);
const AT_ONCE = 1_000;

async function opened(url) {
  const { PgBoss } = await import("pg-boss");
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  return boss;
}

export async function enqueue({ url, jobs }) {
  const boss = await opened(url);
  await boss.createQueue("noop");
  const begun = performance.now();
  for (let sent = 0; sent < jobs; sent += AT_ONCE) {
    const specs = Array.from({ length: Math.min(AT_ONCE, jobs - sent) }, (_, number) => ({ data: { id: sent + number } }));
    await boss.insert("noop", specs);
  }
  const took = performance.now() - begun;
  await boss.stop({ graceful: false });
  return took;
}

export function work({ url }) {
  return spawn(process.execPath, [SELF, "work", url], { stdio: ["ignore", "ignore", "inherit"] });
}

async function run(url) {
  const boss = await opened(url);
  const options = { batchSize: AT_ONCE, localConcurrency: 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  await boss.work("noop", options, async (jobs) => ({ done: jobs.length }));
  process.on("SIGTERM", () => process.exit(0));
}

if (process.argv[1] === SELF && process.argv[2] === "work") await run(process.argv[3]);
