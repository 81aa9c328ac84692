// How a call ends: well, or badly. All of it can be thrown; what ends well can be returned too.

import { millis } from "./span.js";

/** How a call ends badly. Any other error counts as `Retry`, and its stack goes into the run's log. */
export class Failure extends Error {
  get name() {
    return this.constructor.name;
  }
}

/** It may pass: the schedule's retry policy decides, and waits at least `after` if that is given. */
export class Retry extends Failure {
  constructor(message, { after, cause } = {}) {
    super(message, { cause });
    this.after = after === undefined ? undefined : millis(after);
  }
}

/** Trying again would not help; the run fails without another attempt. */
export class Permanent extends Failure {}

/** The input cannot be worked with; the run fails without another attempt. */
export class InvalidInput extends Failure {}

/** The handler noticed the request to stop and stopped. `call.stopIfCancelled()` throws it. */
export class Cancelled extends Failure {
  constructor() {
    super("cancelled");
  }
}

/** Nothing to do, and why. */
export class Skipped {
  constructor(reason) {
    this.reason = String(reason);
  }
}

/** Call again after so long; does not count as a failure. */
export class RunAgain {
  constructor(after) {
    this.after = millis(after);
  }
}

/** Done item by item; what failed is tried again, what succeeded is not. Takes outcomes, or promises of them. */
export class Items {
  constructor(outcomes) {
    this.outcomes = [...outcomes];
  }
}

/** Done, with a result as JSON text. */
export class Done {
  constructor(json) {
    this.json = json;
  }
}

/** One item's outcome: it is done and will not come again. */
export const done = (key) => ({ key });

/** One item's outcome: it failed. */
export const failed = (key, reason) => ({ key, reason: String(reason) });

/** An error in one line. */
export function described(error) {
  if (error instanceof Failure) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
