// Noontide: the real binary, as it is released; each call in a fresh sandbox, its end a row that stays.

import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const name = "noontide";

export const LOOK = `SELECT NOT EXISTS (SELECT FROM run WHERE state < 2) AS over, EXISTS (SELECT FROM run WHERE state = 2) AS begun`;
export const COUNT = "SELECT count(*) AS done FROM run WHERE state = 2";

// Many at once: what a host holds is leased and settled in batches as large.
const ENGINE = process.env.BENCH_NOONTIDE_ENGINE ?? "concurrency = 512\n";

const BINARY = process.env.NOONTIDE;
const PLUGIN = process.env.NOONTIDE_NOOP;

// By a host that carries out nothing itself.
export async function enqueue({ folder, url, jobs }) {
  mkdirSync(path.join(folder, "plugins"));
  copyFileSync(PLUGIN, path.join(folder, "plugins", "noop.wasm"));
  const home = laidOut(folder, url, "enqueues", 'queues = ["nothing"]\n\n[queue.nothing]\n');
  const host = serve(home);
  await ready(home, host);
  const calls = path.join(folder, "calls.jsonl");
  writeFileSync(calls, '{"handler": "fixture-noop/run"}\n'.repeat(jobs));
  const begun = performance.now();
  execFileSync(BINARY, ["enqueue", "--conf", "conf", "--file", calls], { cwd: home, stdio: ["ignore", "ignore", "inherit"] });
  const took = performance.now() - begun;
  const over = new Promise((resolve) => host.once("exit", resolve));
  host.kill("SIGTERM");
  await over;
  return took;
}

// What the first has compiled the others have, as after any start but the first.
export function work({ folder, url, number }) {
  const home = laidOut(folder, url, `worker-${number}`, ENGINE);
  cpSync(path.join(folder, "enqueues", "data"), path.join(home, "data"), {
    recursive: true,
    filter: (file) => !/\.(json|sock)$|socket/.test(file),
  });
  return serve(home);
}

function laidOut(folder, url, host, engine) {
  const home = path.join(folder, host);
  mkdirSync(path.join(home, "conf"), { recursive: true });
  const settings = `[ledger]\nurl = ${JSON.stringify(url)}\n\n[plugins]\ndir = "../../plugins"\n\n[http]\nlisten = "off"\n\n[log]\nlevel = "warn"\n\n[engine]\n${engine}`;
  writeFileSync(path.join(home, "conf", "host.toml"), settings);
  return home;
}

function serve(home) {
  const log = openSync(path.join(home, "host.log"), "w");
  return spawn(BINARY, ["serve", "--conf", "conf"], { cwd: home, stdio: ["ignore", log, log] });
}

async function ready(home, host) {
  while (!existsSync(path.join(home, "data", "api.json"))) {
    if (host.exitCode !== null) throw new Error(readFileSync(path.join(home, "host.log"), "utf8"));
    await pause(20);
  }
}
