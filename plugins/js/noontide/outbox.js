// What the host sends once the run's success is on record.

import { bytes } from "./stores.js";

/** What the host sends for this run once its success is on record, and never if the run fails. */
export class Outbox {
  #host;

  constructor(host) {
    this.#host = host;
  }

  webhook(url, { json, body = "", contentType, headers = {}, method = "POST" } = {}) {
    const isJson = json !== undefined;
    return this.#host.outboxSend({
      url,
      method: method.toUpperCase(),
      contentType: contentType ?? (isJson ? "application/json" : undefined),
      headers: Object.entries(headers),
      body: bytes(isJson ? JSON.stringify(json) : body),
    });
  }
}
