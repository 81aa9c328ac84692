// Types of `noontide/testing.js`: a call without a host.

import type { Call, HostError, Level, Rows, SqlValue } from "./index.js";

/** What the handler will find. Left out: first attempt, due at 2026-01-01T00:00:00Z, UTC, no input, nothing granted. */
export interface Given {
  handler?: string;
  input?: unknown;
  attempt?: number;
  maxAttempts?: number;
  dueAt?: Date;
  window?: [from: Date, to: Date];
  previousSuccess?: Date;
  timezone?: string;
  cause?: Call["cause"];
  /** Payloads by key. */
  items?: Record<string, unknown>;
  extra?: Record<string, string>;
  secrets?: Record<string, string>;
  /** What earlier runs wrote. */
  state?: Record<string, unknown>;
  shared?: Record<string, unknown>;
  /** `answers` pairs words with what a statement that holds them gives: rows, a number of changes, or an error. */
  sql?: Record<string, { dialect?: "sqlite" | "postgresql" | "mysql"; writable?: boolean; answers?: [string, Rows | number | Error][] }>;
  /** What is granted holds, by connection and key. */
  kv?: Record<string, Record<string, string>>;
  /** Milliseconds. */
  timeLeft?: number;
  /** Asks the run to stop once the handler has looked so many times; 0 asks before it begins. */
  cancelledAfter?: number;
  refusingArtifacts?: HostError;
  refusingMessages?: HostError;
}

/** A call that remembers what the handler said and wrote. */
export interface TestCall extends Call {
  readonly lines: { level: Level; message: string; fields: Record<string, string> }[];
  readonly steps: { done: number; total: number | undefined; note: string }[];
  artifact(name: string): { mediaType: string; content: Uint8Array; text: string } | undefined;
  stateAfter(key: string): any;
  sharedAfter(key: string): any;
  /** What it handed to the outbox. */
  readonly messages: { url: string; method: string; contentType: string | undefined; headers: [string, string][]; body: Uint8Array }[];
  statements(connection: string): { text: string; parameters: SqlValue[] }[];
  kvAfter(connection: string, key: string): Uint8Array | undefined;
}

export function testCall(given?: Given): TestCall;
