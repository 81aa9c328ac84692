// The real binary on a folder of its own, on a free port: what the tests look at.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env.NOONTIDE;
const PLUGINS = process.env.NOONTIDE_PLUGINS;

/** The plugins that pages are shown with: some do something, some misbehave. */
const USED = [
  "hello",
  "log-digest",
  "live-notice",
  "fixtures/talker",
  "fixtures/fails-twice",
  "fixtures/trap",
  "fixtures/artifacts",
  "fixtures/cancellable",
];

const SCHEDULES = `
[schedule.greeting]
description = "The smallest thing that shows something"
handler     = "hello/greet"
every       = "2s"
input       = { name = "world" }

[schedule.nightly-report]
description = "Once a night, in a zone of its own"
handler     = "hello/greet"
cron        = "30 2 * * *"
timezone    = "Asia/Shanghai"
input       = { name = "night" }

[schedule.by-hand]
handler = "hello/greet"
manual  = true
input   = { name = "you" }

[schedule.flaky]
description = "Succeeds at the third attempt"
handler     = "fixture-fails-twice/run"
manual      = true
retry       = { attempts = 3, backoff = "1s" }

[schedule.broken]
description = "Traps each time"
handler     = "fixture-trap"
manual      = true
retry       = { attempts = 1 }

[schedule.talk]
description = "Says a line every now and then"
handler     = "fixture-talker/run"
manual      = true
input       = { lines = 40, pause_ms = 100 }

[schedule.chatter]
description = "Says a hundred thousand lines at once"
handler     = "fixture-talker/run"
manual      = true
input       = { lines = 100000 }

[schedule.report]
description = "Leaves two files with its run"
handler     = "fixture-artifacts/attach"
manual      = true
input       = { files = [{ name = "report.html", media_type = "text/html", text = "<p>well</p>" }, { name = "sums.csv", media_type = "text/csv", text = "a,1", times = 900 }] }

[schedule.long-work]
description = "Works for ten minutes unless it is asked to stop"
handler     = "fixture-cancellable/run"
manual      = true
input       = { limit_ms = 600000 }

[plugin.fixture-cancellable]
limits = { timeout = "15m" }

[plugin.fixture-talker]
limits = { log-lines = 100000, timeout = "5m" }
`;

const ALERTS = (receiver) => `
[sink.ops]
webhook = "${receiver}/taken"

[sink.pager]
webhook = "${receiver}/busy"

[[alert]]
name = "failures"
on   = ["failed", "overdue"]
sink = ["ops", "pager"]

[[alert]]
name   = "plugins"
on     = ["plugin-rejected", "plugin-rolled-back", "host-lost"]
remind = "4h"
sink   = "ops"
`;

/** Where alerts go: it takes what comes to `/taken` and has no time for the rest. */
async function receiver() {
  const server = createServer((asked, answer) => {
    asked.resume();
    asked.on("end", () => answer.writeHead(asked.url === "/taken" ? 204 : 503).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.closeAllConnections() || server.close() };
}

/** Starts a host. `settings` is TOML beside what every test needs. */
export async function start(settings = "") {
  const folder = mkdtempSync(join(tmpdir(), "noontide-browser-"));
  const inside = (path) => join(folder, path);
  for (const path of ["conf", "plugins", "data"]) mkdirSync(inside(path));
  for (const plugin of USED) {
    copyFileSync(join(PLUGINS, `${plugin}.wasm`), inside(`plugins/${plugin.split("/").at(-1)}.wasm`));
  }
  writeFileSync(inside("conf/schedules.toml"), SCHEDULES);
  const sink = await receiver();
  writeFileSync(inside("conf/alerts.toml"), ALERTS(sink.url));
  writeFileSync(inside("conf/host.toml"), `[http]\nlisten = "127.0.0.1:0"\ntrusted-proxies = ["127.0.0.1"]\n${settings}`);
  mkdirSync(inside("conf/local"));
  const environment = { ...process.env, NOONTIDE__LOG__FORMAT: "text" };
  const child = spawn(BINARY, ["serve", "--conf", inside("conf"), "--env", "local"], { cwd: folder, env: environment });
  const said = [];
  child.stdout.on("data", (data) => said.push(data.toString()));
  const lines = createInterface({ input: child.stderr });
  const url = await new Promise((found, failed) => {
    lines.on("line", (line) => {
      said.push(`${line}\n`);
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (address) found(address[0]);
    });
    child.once("exit", (code) => failed(new Error(`the host ended with ${code}:\n${said.join("")}`)));
  });
  return {
    url,
    api: (method, path, body) => api(url, method, path, body),
    until: (wanted) => until(url, wanted),
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : null;
      child.kill("SIGTERM");
      await ended;
      sink.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Looks at each event, and once before, until `wanted` has something to give. */
async function until(url, wanted) {
  const stop = new AbortController();
  const { body } = await fetch(`${url}/api/v1/events`, { signal: stop.signal });
  try {
    const found = await wanted();
    if (found) return found;
    for await (const _ of body) {
      const found = await wanted();
      if (found) return found;
    }
    throw new Error("the host has nothing more to tell");
  } finally {
    stop.abort();
  }
}

async function api(url, method, path, body) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}
