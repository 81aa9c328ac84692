// graphile-worker, as its page on performance advises: a local queue, ends written in batches. What is done is deleted.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const name = "graphile-worker";

export const LOOK = `SELECT NOT EXISTS (SELECT FROM graphile_worker._private_jobs) AS over,
                            (SELECT count(*) FROM graphile_worker._private_jobs) < $1 AS begun`;
export const looks = (jobs) => [jobs];
// Its sequence counts what was enqueued.
export const COUNT = `SELECT last_value - (SELECT count(*) FROM graphile_worker._private_jobs) AS done
                      FROM graphile_worker.jobs_id_seq1`;

const SELF = fileURLToPath(import.meta.url);
const AT_ONCE = 1_000;

export async function enqueue({ url, jobs }) {
  const { makeWorkerUtils } = await import("graphile-worker");
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  const begun = performance.now();
  for (let sent = 0; sent < jobs; sent += AT_ONCE) {
    const specs = Array.from({ length: Math.min(AT_ONCE, jobs - sent) }, (_, number) => ({
      identifier: "noop",
      payload: { id: sent + number },
    }));
    await utils.addJobs(specs);
  }
  const took = performance.now() - begun;
  await utils.release();
  return took;
}

export function work({ url }) {
  return spawn(process.execPath, [SELF, "work", url], { stdio: ["ignore", "ignore", "inherit"] });
}

async function run(url) {
  const { Logger, run } = await import("graphile-worker");
  const worker = {
    connectionString: url,
    concurrentJobs: 24,
    maxPoolSize: 26,
    pollInterval: 500,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: new Logger(() => () => {}),
  };
  const { promise } = await run({ preset: { worker }, taskList: { noop: async () => {} } });
  await promise;
}

if (process.argv[1] === SELF && process.argv[2] === "work") await run(process.argv[3]);
