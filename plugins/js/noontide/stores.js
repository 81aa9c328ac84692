// What the host keeps for a plugin, and what is reached through it: state, SQL, Redis.

import { millis } from "./span.js";

const text = new TextDecoder("utf-8", { fatal: true });
const utf8 = new TextEncoder();

/** Text as bytes; bytes as they are. */
export const bytes = (content) => (typeof content === "string" ? utf8.encode(content) : content);

/** Keys of one answer. */
const PAGE = 1000;

/** A durable memory. What a run writes is committed with its outcome or not at all. */
export class State {
  #host;
  #scope;

  constructor(host, scope) {
    this.#host = host;
    this.#scope = scope;
  }

  get(key) {
    return this.getWithRevision(key)?.value;
  }

  getWithRevision(key) {
    const entry = this.#host.stateLoad(this.#scope, key);
    return entry && { value: JSON.parse(text.decode(entry.value)), revision: entry.revision };
  }

  set(key, value) {
    return this.#host.stateSave(this.#scope, key, utf8.encode(JSON.stringify(value)), undefined);
  }

  cas(key, expected, value) {
    return this.#host.stateSave(this.#scope, key, utf8.encode(JSON.stringify(value)), expected);
  }

  getBytes(key) {
    return this.#host.stateLoad(this.#scope, key);
  }

  setBytes(key, value) {
    return this.#host.stateSave(this.#scope, key, value, undefined);
  }

  casBytes(key, expected, value) {
    return this.#host.stateSave(this.#scope, key, value, expected);
  }

  remove(key) {
    this.#host.stateRemove(this.#scope, key);
  }

  keys(prefix = "") {
    const found = [];
    for (let more = true; more; ) {
      const page = this.#host.stateKeys(this.#scope, prefix, found.at(-1), PAGE);
      found.push(...page.keys);
      more = page.more && page.keys.length > 0;
    }
    return found;
  }
}

/** What a query found: each row is an object by column name. */
export class Rows extends Array {
  static get [Symbol.species]() {
    return Array;
  }

  static with(columns, values, typeNames = columns.map(() => "")) {
    const rows = new Rows();
    rows.columns = columns;
    rows.typeNames = typeNames;
    for (const row of values) rows.push(Object.fromEntries(columns.map((name, index) => [name, row[index]])));
    return rows;
  }

  only() {
    if (this.length !== 1) throw new RangeError(`exactly one row is expected, the statement gave ${this.length}`);
    return this[0];
  }
}

/** A SQL connection of the host. Whether it is granted shows at the first use. */
export class Sql {
  #host;
  #connection;

  constructor(host, connection) {
    this.#host = host;
    this.#connection = connection;
  }

  dialect() {
    return this.#host.sqlDialect(this.#connection);
  }

  query(text, ...parameters) {
    return this.#host.sqlQuery(this.#connection, { text, parameters });
  }

  execute(text, ...parameters) {
    return this.executeAll([{ text, parameters }])[0];
  }

  executeAll(statements) {
    return this.#host.sqlExecute(this.#connection, statements);
  }
}

/** A Redis connection of the host. Whether it is granted shows at the first use. */
export class Kv {
  #host;
  #connection;

  constructor(host, connection) {
    this.#host = host;
    this.#connection = connection;
  }

  get(key) {
    return this.#host.kvGet(this.#connection, key);
  }

  getText(key) {
    const value = this.get(key);
    return value && text.decode(value);
  }

  set(key, value, { ttl } = {}) {
    this.#host.kvSet(this.#connection, key, bytes(value), ttl && millis(ttl));
  }

  setIfAbsent(key, value, { ttl } = {}) {
    return this.#host.kvSetIfAbsent(this.#connection, key, bytes(value), ttl && millis(ttl));
  }

  remove(key) {
    return this.#host.kvRemove(this.#connection, key);
  }

  increment(key, by = 1) {
    return this.#host.kvIncrement(this.#connection, key, by);
  }

  expire(key, ttl) {
    return this.#host.kvExpire(this.#connection, key, millis(ttl));
  }

  keys(prefix, limit) {
    return this.#host.kvKeys(this.#connection, prefix, limit);
  }
}
