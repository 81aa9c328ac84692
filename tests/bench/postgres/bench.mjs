// Durable runs per second with 1, 2 and 4 worker processes on one PostgreSQL: Noontide beside graphile-worker and pg-boss.
//
//   make bench-postgres            BENCH_JOBS=50000 BENCH_ROUNDS=3 BENCH_WORKERS=1,2,4 BENCH_ONLY=noontide
//
// Each contender enqueues the same number of calls that do nothing, by its own means, into a database of its own: that is the first
// time. Then its worker processes start, and the second time ends when the last call is on record as done. Of both together come
// durable calls a second from end to end; of the second alone, how fast a queue that is there is worked off. PostgreSQL is a private one with its own
// durable settings (fsync, synchronous_commit). Contenders take turns, so that what else the machine does meets all alike;
// a round's ratios are of that round, and medians of the rounds are printed.
//
// server.mjs      PostgreSQL, and what a run cost it
// contenders/     how each enqueues, works, and says that it is done
// meter.mjs       CPU time of processes

import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import * as graphile from "./contenders/graphile-worker.mjs";
import * as noontide from "./contenders/noontide.mjs";
import * as boss from "./contenders/pg-boss.mjs";
import { cpu } from "./meter.mjs";
import { Server } from "./server.mjs";

const JOBS = Number(process.env.BENCH_JOBS ?? 50_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WORKERS = (process.env.BENCH_WORKERS ?? "1,2,4").split(",").map(Number);
const ONLY = process.env.BENCH_ONLY?.split(",");
const CONTENDERS = [noontide, graphile, boss].filter(({ name }) => !ONLY || ONLY.includes(name));

// Longer than any contender needs for what it is given here.
const PATIENCE_S = 600;

const place = path.join(process.env.BENCH_FOLDER ?? tmpdir(), `noontide-bench-${process.pid}`);
mkdirSync(place, { recursive: true, mode: 0o755 });
const server = await Server.start(path.join(place, "postgres"));
const results = [];
try {
  for (let round = 1; round <= ROUNDS; round++) {
    for (const workers of WORKERS) {
      for (const contender of CONTENDERS) {
        const result = await measure(contender, workers, round);
        results.push(result);
        console.error(`round ${round}: ${contender.name}, ${workers} workers: ${result.whole.toFixed(0)} a second from end to end`);
      }
    }
  }
  print();
} finally {
  await server.stop();
  if (!process.env.BENCH_KEEP) rmSync(place, { recursive: true, force: true });
}

async function measure(contender, workers, round) {
  const run = `${contender.name}-${workers}-${round}`.replaceAll(/[^a-z0-9]/g, "_");
  const folder = path.join(place, run);
  mkdirSync(folder);
  const url = await server.database(run);
  const enqueuing = await contender.enqueue({ folder, url, jobs: JOBS });
  await server.settle(url);
  const before = await server.spent(url);
  const begun = performance.now();
  const processes = Array.from({ length: workers }, (_, number) => contender.work({ folder, url, number }));
  const looks = await server.client(url);
  const { first, last } = await watched(looks, contender, processes, begun);
  const after = await server.spent(url);
  const used = processes.reduce((sum, { pid }) => sum + cpu(pid), 0);
  await Promise.all(processes.map(ended));
  const { rows } = await looks.query(contender.COUNT);
  if (Number(rows[0].done) !== JOBS) throw new Error(`${run}: ${rows[0].done} of ${JOBS} calls are done`);
  await looks.end();
  const each = (what) => (after[what] - before[what]) / JOBS;
  return {
    name: contender.name,
    workers,
    whole: JOBS / ((enqueuing + last) / 1e3),
    enqueued: JOBS / (enqueuing / 1e3),
    rate: JOBS / (last / 1e3),
    steady: JOBS / ((last - first) / 1e3),
    first,
    statements: each("statements"),
    commits: each("commits"),
    wal: each("wal"),
    server: each("cpu") * 1e6,
    own: (used / JOBS) * 1e6,
  };
}

// When the first call was seen done, and when the last, in milliseconds from the start of the workers.
async function watched(client, contender, processes, begun) {
  let first;
  for (;;) {
    const { rows } = await client.query(contender.LOOK, contender.looks?.(JOBS) ?? []);
    const now = performance.now() - begun;
    if (rows[0].begun) first ??= now;
    if (rows[0].over) return { first, last: now };
    if (now > PATIENCE_S * 1e3) throw new Error(`${contender.name} is not done after ${PATIENCE_S} s`);
    const gone = processes.find(({ exitCode }) => exitCode !== null);
    if (gone) throw new Error(`a worker of ${contender.name} went away with ${gone.exitCode}`);
    await pause(20);
  }
}

async function ended(worker) {
  if (worker.exitCode !== null) return;
  const over = new Promise((resolve) => worker.once("exit", resolve));
  worker.kill("SIGTERM");
  const late = pause(20_000, "late", { ref: false });
  if ((await Promise.race([over, late])) === "late") worker.kill("SIGKILL");
  await over;
}

function print() {
  const head = ["", "workers", "calls/s, end to end", "enqueued/s", "worked off/s", "after the first", "first after", "statements a call", "commits a call", "WAL a call",
    "server CPU a call", "workers' CPU a call"];
  console.log(`\n${JOBS} calls, medians of ${ROUNDS} rounds\n\n| ${head.join(" | ")} |\n|${"---|".repeat(head.length)}`);
  for (const workers of WORKERS) {
    for (const { name } of CONTENDERS) {
      const of = (what) => results.filter((one) => one.name === name && one.workers === workers).map((one) => one[what]);
      const rates = (what) => {
        const spread = of(what).toSorted((a, b) => a - b).map((rate) => rate.toFixed(0));
        return `${median(of(what)).toFixed(0)} (${spread.at(0)}–${spread.at(-1)})`;
      };
      const columns = [name, workers, rates("whole"), rates("enqueued"), rates("rate"), median(of("steady")).toFixed(0), `${median(of("first")).toFixed(0)} ms`, median(of("statements")).toFixed(3),
        median(of("commits")).toFixed(3), `${median(of("wal")).toFixed(0)} B`, `${median(of("server")).toFixed(0)} µs`,
        `${median(of("own")).toFixed(0)} µs`];
      console.log(`| ${columns.join(" | ")} |`);
    }
  }
  console.log(`\nNoontide against the others, round by round, end to end: ${ratios("whole").join("; ")}`);
  console.log(`\nNoontide against the others, round by round, worked off: ${ratios("rate").join("; ")}`);
}

function ratios(what) {
  const of = (name, workers) => results.filter((one) => one.name === name && one.workers === workers).map((one) => one[what]);
  return CONTENDERS.filter(({ name }) => name !== noontide.name).flatMap(({ name }) =>
    WORKERS.map((workers) => {
      const others = of(name, workers);
      const each = of(noontide.name, workers).map((rate, round) => rate / others[round]);
      return `${workers} workers, ${name}: ${each.map((ratio) => ratio.toFixed(2)).join(", ")}`;
    }),
  );
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
