// Types of `noontide/index.js`: Noontide plugins in JavaScript and TypeScript.

/** A JSON Schema (draft 2020-12) of an input. The host checks it before each call, and when it reads the schedules. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** Milliseconds, or a text such as "250ms", "30s", "5m", "1h". */
export type Span = number | string;

export type Level = "trace" | "debug" | "info" | "warn" | "error";

/** What the plugin would like to be granted. Shown beside the operator's grants, never acted on. */
export interface Wants {
  /** Origins, such as https://api.example.com */
  http?: string[];
  /** host:port */
  tcp?: string[];
  env?: string[];
  secrets?: string[];
  /** Guest paths of folders. */
  folders?: string[];
  /** Names of SQL connections, as in `shop`, or `shop read-write` where it also writes. */
  sql?: string[];
  /** Names of Redis connections, in the same form. */
  kv?: string[];
}

/** A handler: a function and what is said about it. */
export interface Handler<Input = any> {
  /** What it does, in a sentence. */
  summary: string;
  /** None accepts anything. */
  input?: Schema;
  /** An input that works. */
  example?: Input;
  /** Used where the schedule sets no timeout of its own. */
  timeout?: Span;
  /** Gives any value that has JSON, or an outcome; throws a `Failure`, or any other error, which is tried again. */
  run(call: Call, input: Input): Result | Promise<Result>;
}

export type Result = Items | Skipped | RunAgain | unknown;

export interface Declaration {
  /** Lower-case letters, digits and hyphens. */
  name: string;
  version: string;
  summary: string;
  wants?: Wants;
  handlers: { [name: string]: Handler };
}

export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Runs the handler that the call names, as the host does: JSON in, JSON out. */
  run(call: Call): Promise<Done | Items | Skipped | RunAgain>;
}

/** Says what a plugin is: `export default plugin({ … })`. */
export function plugin(declaration: Declaration): Plugin;

/** The span of data that a run is about: `from` inclusive, `to` exclusive. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
  contains(instant: Date): boolean;
}

/** One call of a handler. */
export interface Call {
  /** The run (a UUID); the same on every attempt. */
  readonly runId: string;
  /** Stable over the attempts of one fire and unique to it: hand it on as idempotency key. */
  readonly fireKey: string;
  /** The schedule's name; none for an enqueued run. */
  readonly schedule: string | undefined;
  /** The name by which this handler was called. */
  readonly handler: string;
  /** Which attempt this is, counted from 1. */
  readonly attempt: number;
  /** How many attempts the schedule allows. */
  readonly maxAttempts: number;
  /** The nominal instant this run stands for, never "now". */
  readonly dueAt: Date;
  /** When this attempt began. */
  readonly firedAt: Date;
  /** When the host will stop this attempt. */
  readonly deadline: Date | undefined;
  /** The due instant of the schedule's last successful run. */
  readonly previousSuccess: Date | undefined;
  /** The span of data this run is about, if the schedule sets one. */
  readonly window: Window | undefined;
  /** The schedule's time zone as IANA name, for example Asia/Shanghai. */
  readonly timezone: string;
  /** What made the run happen. */
  readonly cause: "schedule" | "manual" | "enqueued" | "backfill" | "after";
  /** W3C trace context, for the `traceparent` header of outgoing requests. */
  readonly traceParent: string;
  /** The trace's id alone, 32 hexadecimal digits. */
  readonly traceId: string;

  /** Something a newer host has to say, or a header: `call.extra("header.NAME")`. */
  extra(name: string): string | undefined;
  /** Smaller schedules whose work is part of this run, the nearest first. */
  includes(): string[];
  /** The input of an included schedule; undefined if this run does not include it. */
  includedInput(schedule: string): any;
  /** The positional arguments, `{"args": […]}` in the input. No arguments are an empty list. */
  args(): any[];
  /** The input; `run` gets it as its second argument. */
  input(): any;
  /** The payloads of a timetable, in the host's order. Empty for all other triggers. */
  items<Payload = any>(): Item<Payload>[];

  /** One line in the run's log, with fields. What `console` prints is kept too. */
  log(level: Level, message: unknown, fields?: Record<string, unknown>): void;
  trace(message: unknown, fields?: Record<string, unknown>): void;
  debug(message: unknown, fields?: Record<string, unknown>): void;
  info(message: unknown, fields?: Record<string, unknown>): void;
  warn(message: unknown, fields?: Record<string, unknown>): void;
  error(message: unknown, fields?: Record<string, unknown>): void;
  /** How far the work has come: so much of a total (undefined if it is unknown), and a word about it. */
  progress(done: number, total?: number, note?: unknown): void;
  /** True, for good, once the run is asked to stop. Cheap: call it in loops. */
  isCancelled(): boolean;
  /** Ends the handler by `Cancelled` once the run is asked to stop. */
  stopIfCancelled(): void;
  /** Milliseconds until the host stops this attempt; undefined if it will not. */
  timeLeft(): number | undefined;

  /** The schedule's durable memory. What a run writes counts only if the run ends well. */
  readonly state: State;
  /** The durable memory that all handlers and schedules of the plugin share. */
  readonly shared: State;
  /** What the host sends once this run's success is on record. */
  readonly outbox: Outbox;
  /** Leaves a file with this run. It is kept when the handler ends, well or badly; a trap, a timeout or a request to stop
   * leaves none. */
  attach(name: string, mediaType: string, content: string | Uint8Array): void;
  /** A secret the operator granted to this plugin. */
  secret(name: string): string;
  /** A SQL database by the name that the operator gave it. */
  sql(connection: string): Sql;
  /** A Redis database by the name that the operator gave it. */
  kv(connection: string): Kv;
}

/** One payload of a timetable. */
export interface Item<Payload = any> {
  /** Identifies the payload; the same on every attempt. */
  readonly key: string;
  readonly payload: Payload;
  /** Works on the payload and says what became of it; an error fails this item only. */
  settle(work: (payload: Payload) => void): ItemOutcome;
  settle(work: (payload: Payload) => Promise<unknown>): Promise<ItemOutcome>;
}

/** What became of one item: `reason` says what went wrong, if anything did. */
export interface ItemOutcome {
  key: string;
  reason?: string;
}

/** An item that is done and will not come again. */
export function done(key: string): ItemOutcome;
/** An item that failed. */
export function failed(key: string, reason: unknown): ItemOutcome;

/** Values are JSON, or bytes as they are. Each key counts its writes; that count is its revision. */
export interface State {
  /** The value under this key, this run's own writes included. */
  get<T = any>(key: string): T | undefined;
  getWithRevision<T = any>(key: string): { value: T; revision: number } | undefined;
  /** Writes in any case and gives the new revision. */
  set(key: string, value: unknown): number;
  /** Writes only over this revision, and with 0 only if the key is new; else throws a HostError with code "conflict". */
  cas(key: string, expected: number, value: unknown): number;
  getBytes(key: string): { value: Uint8Array; revision: number } | undefined;
  setBytes(key: string, value: Uint8Array): number;
  casBytes(key: string, expected: number, value: Uint8Array): number;
  /** Forgets the key; forgetting what is not there is fine. */
  remove(key: string): void;
  /** All keys that begin with `prefix` in the order of their bytes, this run's own writes included. */
  keys(prefix?: string): string[];
}

/** What the host sends for this run once its success is on record, and never if the run fails, traps, is stopped or loses its
 * lease. A message goes out at least once, with the same `Idempotency-Key` however often. */
export interface Outbox {
  /** Hands a request over; gives the `Idempotency-Key` it will have. The URL is within `http` of `[plugin.<name>]`. */
  webhook(url: string, request?: WebhookRequest): string;
}

export interface WebhookRequest {
  /** The body as JSON; else `body` as it is. */
  json?: unknown;
  body?: string | Uint8Array;
  contentType?: string;
  headers?: Record<string, string>;
  /** POST unless it is said: PUT, PATCH, DELETE or GET. */
  method?: string;
}

/** A parameter, or one column of a row. Decimals, UUIDs, JSON, dates, intervals and arrays are text; integers past 53 bits
 * are bigint. */
export type SqlValue = null | boolean | number | bigint | string | Uint8Array | Date;

export interface Statement {
  /** Exactly one statement. */
  text: string;
  /** What stands for `?` (SQLite, MySQL) or `$1` (PostgreSQL, SQLite). */
  parameters?: SqlValue[];
}

/** What a query found: each row is an object by column name. */
export class Rows<Row = Record<string, any>> extends Array<Row> {
  columns: string[];
  /** The type of each column, as the database calls it. */
  typeNames: string[];
  /** The one row there must be, as of an aggregate. */
  only(): Row;
  /** For tests: columns, and rows as wide. */
  static with(columns: string[], values: SqlValue[][], typeNames?: string[]): Rows;
}

export interface Sql {
  /** Which SQL to write. MariaDB is mysql. */
  dialect(): "sqlite" | "postgresql" | "mysql";
  /** Reads, and only reads, whatever is granted. */
  query<Row = Record<string, any>>(text: string, ...parameters: SqlValue[]): Rows<Row>;
  /** Writes by one statement; gives how many rows it has changed. Needs a grant to write. */
  execute(text: string, ...parameters: SqlValue[]): number;
  /** Writes by several statements in one transaction: all hold, or none. */
  executeAll(statements: Statement[]): number[];
}

export interface Kv {
  get(key: string): Uint8Array | undefined;
  getText(key: string): string | undefined;
  /** Without `ttl` the value stays until it is removed. */
  set(key: string, value: string | Uint8Array, options?: { ttl?: Span }): void;
  /** Writes only if the key is not there; whether it has written. */
  setIfAbsent(key: string, value: string | Uint8Array, options?: { ttl?: Span }): boolean;
  /** Whether it was there. */
  remove(key: string): boolean;
  /** Adds to a number; a key that is not there counts as 0. Gives the sum. */
  increment(key: string, by?: number): number;
  expire(key: string, ttl: Span): boolean;
  keys(prefix: string, limit: number): { keys: string[]; more: boolean };
}

/** How a call ends badly. Any other error counts as `Retry`, and its stack goes into the run's log. */
export class Failure extends Error {}
/** It may pass: the schedule's retry policy decides, and waits at least `after` if that is given. */
export class Retry extends Failure {
  constructor(message: string, options?: { after?: Span; cause?: unknown });
  readonly after: number | undefined;
}
/** Trying again would not help; the run fails without another attempt. */
export class Permanent extends Failure {}
/** The input cannot be worked with; the run fails without another attempt. */
export class InvalidInput extends Failure {}
/** The handler noticed the request to stop and stopped. */
export class Cancelled extends Failure {
  constructor();
}

/** Nothing to do, and why. To be returned or thrown. */
export class Skipped {
  constructor(reason: string);
  readonly reason: string;
}
/** Call again after so long; does not count as a failure. To be returned or thrown. */
export class RunAgain {
  constructor(after: Span);
  readonly after: number;
}
/** Done item by item; what failed is tried again, what succeeded is not. */
export class Items {
  constructor(outcomes: Iterable<ItemOutcome | Promise<ItemOutcome>>);
  readonly outcomes: ItemOutcome[];
}
/** Done, with a result as JSON text; what `plugin.run` gives. */
export class Done {
  readonly json: string | undefined;
}

/** Why the host gave nothing. */
export class HostError extends Error {
  /** Such as "not-granted", "read-only", "conflict", "refused", "timed-out", "too-large", "unavailable". */
  readonly code: string;
  /** A SQLSTATE, or a number of SQLite or MySQL; empty where there is none. */
  readonly databaseCode: string;
}
