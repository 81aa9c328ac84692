// A call without a host: it remembers what the handler said and wrote.

import { Call } from "./call.js";
import { HostError, conflict, connectionNotGranted, connectionReadOnly, secretNotGranted } from "./errors.js";
import { Window } from "./window.js";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** First attempt, due at 2026-01-01T00:00:00Z, UTC, no input, nothing granted, unless it is said otherwise. */
export function testCall(given = {}) {
  return new TestCall(given);
}

class TestCall extends Call {
  #recording;

  constructor(given) {
    const recording = new Recording(given);
    super(invocation(given), recording);
    this.#recording = recording;
  }

  get lines() {
    return this.#recording.lines;
  }

  get steps() {
    return this.#recording.steps;
  }

  artifact(name) {
    return this.#recording.artifacts.get(name);
  }

  stateAfter(key) {
    return left(this.#recording.states.schedule, key);
  }

  sharedAfter(key) {
    return left(this.#recording.states.plugin, key);
  }

  get messages() {
    return this.#recording.messages;
  }

  statements(connection) {
    return this.#recording.database(connection).asked;
  }

  kvAfter(connection, key) {
    return this.#recording.cache(connection).get(key);
  }
}

function left(state, key) {
  const entry = state.get(key);
  return entry && JSON.parse(text.decode(entry.value));
}

function invocation(given) {
  const dueAt = given.dueAt ?? new Date("2026-01-01T00:00:00Z");
  const items = Object.entries(given.items ?? {});
  return {
    runId: "01977000-0000-7000-8000-000000000001",
    fireKey: "test@2026-01-01T00:00:00Z",
    schedule: "test",
    handler: given.handler ?? "",
    attempt: given.attempt ?? 1,
    maxAttempts: given.maxAttempts ?? 1,
    dueAt,
    firedAt: dueAt,
    deadline: undefined,
    previousSuccess: given.previousSuccess,
    window: given.window && new Window(...given.window),
    timezone: given.timezone ?? "UTC",
    cause: given.cause ?? "schedule",
    traceParent: "00-00000000000000000000000000000001-0000000000000001-01",
    input: JSON.stringify(given.input ?? null),
    items: items.map(([key, payload]) => ({ key, payload: JSON.stringify(payload) })),
    extra: Object.entries(given.extra ?? {}),
  };
}

/** The host of a test. */
class Recording {
  lines = [];
  steps = [];
  artifacts = new Map();
  messages = [];

  constructor(given) {
    this.given = given;
    this.looksLeft = given.cancelledAfter;
    this.states = { schedule: entries(given.state), plugin: entries(given.shared) };
    const databases = Object.entries(given.sql ?? {});
    this.databases = new Map(databases.map(([name, database]) => [name, { dialect: "sqlite", answers: [], ...database, asked: [] }]));
    const caches = Object.entries(given.kv ?? {});
    const held = (cache) => new Map(Object.entries(cache).map(([key, value]) => [key, utf8.encode(value)]));
    this.caches = new Map(caches.map(([name, cache]) => [name, held(cache)]));
  }

  log(level, message, fields) {
    this.lines.push({ level, message, fields: Object.fromEntries(fields) });
  }

  progress(done, total, note) {
    this.steps.push({ done, total, note });
  }

  isCancelled() {
    return this.looksLeft !== undefined && --this.looksLeft < 0;
  }

  timeLeft() {
    return this.given.timeLeft;
  }

  secret(name) {
    const value = this.given.secrets?.[name];
    if (value === undefined) throw secretNotGranted(name);
    return value;
  }

  attach(name, mediaType, content) {
    if (this.given.refusingArtifacts) throw this.given.refusingArtifacts;
    this.artifacts.set(name, { mediaType, content, text: text.decode(content) });
  }

  stateLoad(scope, key) {
    return this.states[scope].get(key);
  }

  stateSave(scope, key, value, expected) {
    const revision = this.states[scope].get(key)?.revision ?? 0;
    if (expected !== undefined && expected !== revision) throw conflict();
    this.states[scope].set(key, { value, revision: revision + 1 });
    return revision + 1;
  }

  stateRemove(scope, key) {
    this.states[scope].delete(key);
  }

  stateKeys(scope, prefix, after, limit) {
    const found = [...this.states[scope].keys()].filter((key) => key.startsWith(prefix) && (after === undefined || key > after)).sort();
    return { keys: found.slice(0, limit), more: found.length > limit };
  }

  outboxSend(webhook) {
    if (this.given.refusingMessages) throw this.given.refusingMessages;
    this.messages.push(webhook);
    return `test@2026-01-01T00:00:00Z-${this.messages.length - 1}`;
  }

  sqlDialect(connection) {
    return this.database(connection).dialect;
  }

  sqlQuery(connection, statement) {
    return answer(this.database(connection), statement);
  }

  sqlExecute(connection, statements) {
    const database = this.database(connection);
    if (!database.writable) throw connectionReadOnly("sql", connection);
    return statements.map((statement) => answer(database, statement));
  }

  kvGet(connection, key) {
    return this.cache(connection).get(key);
  }

  kvSet(connection, key, value) {
    this.cache(connection).set(key, value);
  }

  kvSetIfAbsent(connection, key, value) {
    const free = !this.cache(connection).has(key);
    if (free) this.cache(connection).set(key, value);
    return free;
  }

  kvRemove(connection, key) {
    return this.cache(connection).delete(key);
  }

  kvIncrement(connection, key, by) {
    const total = Number(text.decode(this.kvGet(connection, key) ?? utf8.encode("0"))) + by;
    if (!Number.isSafeInteger(total)) throw new HostError("refused", "Redis refused: the value is not an integer");
    this.kvSet(connection, key, utf8.encode(String(total)));
    return total;
  }

  kvExpire(connection, key) {
    return this.cache(connection).has(key);
  }

  kvKeys(connection, prefix, limit) {
    const keys = [...this.cache(connection).keys()].filter((key) => key.startsWith(prefix));
    return { keys: keys.slice(0, limit), more: keys.length > limit };
  }

  database(connection) {
    const database = this.databases.get(connection);
    if (database === undefined) throw connectionNotGranted("sql", connection);
    return database;
  }

  cache(connection) {
    const cache = this.caches.get(connection);
    if (cache === undefined) throw connectionNotGranted("kv", connection);
    return cache;
  }
}

function entries(values = {}) {
  const entry = (value) => ({ value: utf8.encode(JSON.stringify(value)), revision: 1 });
  return new Map(Object.entries(values).map(([key, value]) => [key, entry(value)]));
}

function answer(database, statement) {
  database.asked.push(statement);
  const asked = folded(statement.text);
  const [, found] = database.answers.find(([words]) => asked.includes(folded(words))) ?? [];
  if (found === undefined) throw new HostError("refused", `the test has no answer to: ${asked}`);
  if (found instanceof Error) throw found;
  return found;
}

const folded = (words) => words.split(/\s+/).join(" ").trim().toLowerCase();
