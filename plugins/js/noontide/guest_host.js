// The host's ear, through the imports of the contract. Only inside a component.

import { attach } from "noontide:plugin/artifacts@0.1.0";
import * as redis from "noontide:plugin/kv@0.1.0";
import { send } from "noontide:plugin/outbox@0.1.0";
import { isCancelled, log, progress, timeLeft } from "noontide:plugin/run@0.1.0";
import * as secrets from "noontide:plugin/secrets@0.1.0";
import * as databases from "noontide:plugin/sql@0.1.0";
import { keys, load, remove, save } from "noontide:plugin/state@0.1.0";

import { HostError, conflict, connectionNotGranted, connectionReadOnly, over, secretNotGranted } from "./errors.js";
import { Rows } from "./stores.js";

/** The real host. */
export const host = {
  log,
  isCancelled,
  progress: (done, total, note) => progress(BigInt(done), big(total), note),
  timeLeft: () => number(timeLeft()),
  attach: (name, mediaType, content) => asked(() => attach(name, mediaType, content), artifactError),
  secret: (name) =>
    asked(
      () => secrets.get(name),
      ({ tag, val }) => (tag === "not-granted" ? secretNotGranted(name) : new HostError(tag, `secret \`${name}\` cannot be read: ${val}`)),
    ),

  stateLoad(scope, key) {
    const entry = asked(() => load(scope, key), stateError);
    return entry ? { value: entry.value, revision: Number(entry.revision) } : undefined;
  },
  stateSave: (scope, key, value, expected) => Number(asked(() => save(scope, key, value, big(expected)), stateError)),
  stateRemove: (scope, key) => asked(() => remove(scope, key), stateError),
  stateKeys: (scope, prefix, after, limit) => asked(() => keys(scope, prefix, after, limit), stateError),

  outboxSend: (webhook) => asked(() => send(webhook), outboxError),

  sqlDialect: (connection) => sql(connection, () => databases.dialect(connection)),
  sqlQuery(connection, statement) {
    const { columns, rows } = sql(connection, () => databases.query(connection, contracted(statement)));
    const names = columns.map((column) => column.name);
    return Rows.with(names, rows.map((row) => row.map(fromSql)), columns.map((column) => column.typeName));
  },
  sqlExecute: (connection, statements) =>
    Array.from(sql(connection, () => databases.execute(connection, statements.map(contracted))), Number),

  kvGet: (connection, key) => kv(connection, () => redis.get(connection, key)) ?? undefined,
  kvSet: (connection, key, value, ttl) => kv(connection, () => redis.set(connection, key, value, big(ttl))),
  kvSetIfAbsent: (connection, key, value, ttl) => kv(connection, () => redis.setIfAbsent(connection, key, value, big(ttl))),
  kvRemove: (connection, key) => kv(connection, () => redis.remove(connection, key)),
  kvIncrement: (connection, key, by) => number(kv(connection, () => redis.increment(connection, key, BigInt(by)))),
  kvExpire: (connection, key, ttl) => kv(connection, () => redis.expire(connection, key, BigInt(ttl))),
  kvKeys: (connection, prefix, limit) => kv(connection, () => redis.keys(connection, prefix, limit)),
};

const big = (value) => (value === undefined || value === null ? undefined : BigInt(value));
const number = (value) => (value === undefined || value === null ? undefined : Number(value));

/** What the contract calls an error arrives as an exception that carries it. */
function asked(ask, words) {
  try {
    return ask();
  } catch (error) {
    const reason = error?.payload ?? error;
    throw typeof reason?.tag === "string" ? words(reason) : error;
  }
}

function artifactError({ tag, val }) {
  return tag === "over-limit" ? over("artifact", val.key, val.allows) : new HostError(tag, `artifact: ${val}`);
}

function outboxError({ tag, val }) {
  return tag === "too-large" ? over("outbox", val.name, val.allows) : new HostError(tag, `outbox: ${val}`);
}

function stateError({ tag, val }) {
  if (tag === "conflict") return conflict();
  if (tag === "too-large") return over("state", val.name, val.allows);
  return new HostError(tag, `state: the host cannot read its record: ${val}`);
}

const sql = (connection, ask) => asked(ask, (reason) => connected("sql", "the database", connection, reason));
const kv = (connection, ask) => asked(ask, (reason) => connected("kv", "Redis", connection, reason));

function connected(kind, words, connection, { tag, val }) {
  switch (tag) {
    case "not-granted":
      return connectionNotGranted(kind, connection);
    case "read-only":
      return connectionReadOnly(kind, connection);
    case "timed-out":
      return new HostError(tag, `${words} was stopped after ${val} ms`);
    case "too-large":
      return new HostError(tag, `the answer is too large: ${val}`);
    case "refused":
      return typeof val === "string"
        ? new HostError(tag, `${words} refused: ${val}`)
        : new HostError(tag, `${words} refused: ${val.message}${val.code && ` (${val.code})`}`, val.code);
    default:
      return new HostError(tag, `${words} is unavailable: ${val}`);
  }
}

const contracted = ({ text, parameters = [] }) => ({ text, parameters: parameters.map(toSql) });

function toSql(value) {
  if (value === null || value === undefined) return { tag: "null" };
  if (typeof value === "boolean") return { tag: "boolean", val: value };
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? { tag: "integer", val: value } : { tag: "text", val: String(value) };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { tag: "integer", val: BigInt(value) } : { tag: "float", val: value };
  }
  if (value instanceof Date) return { tag: "instant", val: BigInt(value.getTime()) * 1000n };
  if (value instanceof Uint8Array) return { tag: "bytes", val: value };
  return { tag: "text", val: String(value) };
}

function fromSql({ tag, val }) {
  if (tag === "null") return null;
  // Past 53 bits a number would be another one.
  if (tag === "integer") return Number.isSafeInteger(Number(val)) ? Number(val) : val;
  return tag === "instant" ? new Date(Number(val / 1000n)) : val;
}
