// One call of a handler: what is asked, and the host's ear while it is being done.

import { Outbox } from "./outbox.js";
import { Cancelled, InvalidInput, described, done, failed } from "./outcome.js";
import { Kv, Sql, State, bytes } from "./stores.js";

/** One call of a handler. */
export class Call {
  #asked;
  #host;

  constructor(invocation, host) {
    this.#asked = invocation;
    this.#host = host;
  }

  get runId() {
    return this.#asked.runId;
  }

  get fireKey() {
    return this.#asked.fireKey;
  }

  get schedule() {
    return this.#asked.schedule;
  }

  get handler() {
    return this.#asked.handler;
  }

  get attempt() {
    return this.#asked.attempt;
  }

  get maxAttempts() {
    return this.#asked.maxAttempts;
  }

  get dueAt() {
    return this.#asked.dueAt;
  }

  get firedAt() {
    return this.#asked.firedAt;
  }

  get deadline() {
    return this.#asked.deadline;
  }

  get previousSuccess() {
    return this.#asked.previousSuccess;
  }

  get window() {
    return this.#asked.window;
  }

  get timezone() {
    return this.#asked.timezone;
  }

  get cause() {
    return this.#asked.cause;
  }

  get traceParent() {
    return this.#asked.traceParent;
  }

  get traceId() {
    return this.traceParent.split("-")[1] ?? "";
  }

  extra(name) {
    return this.#asked.extra.find(([key]) => key === name)?.[1];
  }

  includes() {
    return JSON.parse(this.extra("includes") ?? "[]");
  }

  includedInput(schedule) {
    return JSON.parse(this.extra("included-inputs") ?? "{}")[schedule];
  }

  input() {
    const input = JSON.parse(this.#asked.input.trim() || "null");
    // No input at all is as good as an empty one: a handler whose fields all have defaults takes both.
    return input ?? {};
  }

  args() {
    const args = this.input().args ?? [];
    if (!Array.isArray(args)) throw new InvalidInput("args: a list is expected");
    return args;
  }

  items() {
    return this.#asked.items.map(({ key, payload }) => new Item(key, payload));
  }

  log(level, message, fields = {}) {
    this.#host.log(level, String(message), Object.entries(fields).map(([name, value]) => [name, shown(value)]));
  }

  trace(message, fields) {
    this.log("trace", message, fields);
  }

  debug(message, fields) {
    this.log("debug", message, fields);
  }

  info(message, fields) {
    this.log("info", message, fields);
  }

  warn(message, fields) {
    this.log("warn", message, fields);
  }

  error(message, fields) {
    this.log("error", message, fields);
  }

  progress(done, total, note = "") {
    this.#host.progress(done, total, String(note));
  }

  isCancelled() {
    return this.#host.isCancelled();
  }

  stopIfCancelled() {
    if (this.isCancelled()) throw new Cancelled();
  }

  timeLeft() {
    return this.#host.timeLeft();
  }

  get state() {
    return new State(this.#host, "schedule");
  }

  get shared() {
    return new State(this.#host, "plugin");
  }

  get outbox() {
    return new Outbox(this.#host);
  }

  attach(name, mediaType, content) {
    this.#host.attach(name, mediaType, bytes(content));
  }

  secret(name) {
    return this.#host.secret(name);
  }

  sql(connection) {
    return new Sql(this.#host, connection);
  }

  kv(connection) {
    return new Kv(this.#host, connection);
  }
}

/** One payload of a timetable. */
class Item {
  #payload;

  constructor(key, payload) {
    this.key = key;
    this.#payload = payload;
  }

  get payload() {
    return JSON.parse(this.#payload);
  }

  settle(work) {
    const over = () => done(this.key);
    const broken = (error) => failed(this.key, described(error));
    try {
      const worked = work(this.payload);
      return typeof worked?.then === "function" ? worked.then(over, broken) : over();
    } catch (error) {
      return broken(error);
    }
  }
}

const shown = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
