// A PostgreSQL of its own: in a folder that goes, on a Unix socket, durable as it comes.

import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, existsSync, openSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import pg from "pg";

import { cpuOfAll } from "./meter.mjs";

// More memory than it asks for by itself, and no checkpoint in the middle of a run. Nothing here makes it less durable.
const SETTINGS = {
  listen_addresses: "",
  max_connections: 200,
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track_planning": "off",
};

// As root it does not run.
const NOBODY = 65534;

export class Server {
  static async start(folder) {
    const server = new Server();
    server.folder = folder;
    mkdirSync(folder, { mode: 0o755 });
    const asNobody = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if (asNobody.uid) chownSync(folder, NOBODY, NOBODY);
    const data = path.join(folder, "data");
    const options = { ...asNobody, cwd: folder, stdio: "ignore" };
    execFileSync(program("initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8"], options);
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder });
    const log = openSync(path.join(path.dirname(folder), "postgres.log"), "w");
    const given = settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    server.process = spawn(program("postgres"), ["-D", data, ...given], { ...options, stdio: ["ignore", log, log] });
    for (let tries = 0; ; tries++) {
      try {
        server.admin = await server.client(server.url("postgres"));
        break;
      } catch (error) {
        if (tries > 300 || server.process.exitCode !== null) throw error;
        await pause(100);
      }
    }
    await server.admin.query("CREATE EXTENSION pg_stat_statements");
    return server;
  }

  url(database) {
    return `postgres://postgres@localhost/${database}?host=${encodeURIComponent(this.folder)}`;
  }

  async client(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }

  async database(name) {
    await this.admin.query(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  // What was enqueued is known to the planner, and lies on the disk.
  async settle(url) {
    const client = await this.client(url);
    await client.query("VACUUM ANALYZE");
    await client.query("CHECKPOINT");
    await client.end();
  }

  // What a database has had to do so far.
  async spent(url) {
    const database = new URL(url).pathname.slice(1);
    const { rows } = await this.admin.query(
      `SELECT (SELECT coalesce(sum(calls), 0)::float8 FROM pg_stat_statements WHERE dbid = db.datid) AS statements,
              xact_commit::float8 AS commits, (SELECT wal_bytes::float8 FROM pg_stat_wal) AS wal
       FROM pg_stat_database AS db WHERE datname = $1`,
      [database],
    );
    return { ...rows[0], cpu: cpuOfAll(this.process.pid) };
  }

  async stop() {
    await this.admin?.end();
    const over = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGINT");
    await over;
  }
}

// Debian keeps them off the path.
function program(name) {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => b - a) : [];
  const found = versions.map((version) => path.join(root, version, "bin", name)).find(existsSync);
  return found ?? name;
}
