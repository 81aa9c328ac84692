// The log of a run: pieces that the server draws. Scrolled to the end it follows what comes; upwards the pieces before are asked
// for. Only so many pieces are in the page at a time, so that a hundred thousand lines are as light as a hundred. While the run
// goes on, what it says stands below them (tail.js).

import { tail } from "./tail.js";

const PIECES = 12;
// Typing waits so long before it is sought, in milliseconds.
const TYPING = 200;

for (const log of document.querySelectorAll("[data-log]")) attach(log);

function attach(log) {
  const lines = log.querySelector("[data-log-lines]");
  const level = log.querySelector("[data-log-level]");
  const sought = log.querySelector("[data-log-q]");
  const counts = log.querySelector("[data-log-counts]");
  const end = log.querySelector("[data-log-end]");
  let follows = true;
  let busy = false;
  let missed = false;
  let typing = null;
  let live = null;

  // The last piece that the server drew.
  const lastPiece = () => live?.list.previousElementSibling ?? lines.lastElementChild;
  const pieces = () => lines.children.length - (live ? 1 : 0);

  async function piece(place) {
    const query = new URLSearchParams({ ...place, level: level.value, q: sought.value });
    const answer = await fetch(`${log.dataset.log}?${query}`, { headers: { accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ol.lines");
    counts.textContent = fresh.dataset.counts;
    return fresh;
  }

  async function alone(change) {
    if (busy) {
      missed = true;
      return;
    }
    busy = true;
    try {
      await change();
    } catch {
      // The host is away; the next event or scroll asks again.
    } finally {
      busy = false;
    }
    if (missed) {
      missed = false;
      fill();
    }
    listen();
  }

  // Where the drawn pieces end with all there is, what is being said comes next.
  function listen() {
    const last = lastPiece();
    if (live || last?.dataset.open === undefined || last.dataset.later !== undefined) return;
    const wanted = { level: level.value, q: sought.value };
    const grew = () => follows && bottom();
    live = tail(lines, log.dataset.log, last.dataset.next, wanted, { grew, ended });
  }

  function hush() {
    live?.close();
    live = null;
  }

  // Of an attempt that is over the ledger has it all.
  function ended() {
    live = null;
    later();
  }

  const newest = () => alone(async () => {
    const fresh = await piece({});
    hush();
    lines.replaceChildren(fresh);
    follows = true;
    bottom();
  });

  const earlier = () => alone(async () => {
    const first = lines.firstElementChild;
    if (first?.dataset.earlier === undefined) return;
    const fresh = await piece({ before: first.dataset.earlier });
    const height = lines.scrollHeight;
    first.before(fresh);
    lines.scrollTop += lines.scrollHeight - height;
    if (pieces() > PIECES) hush();
    while (lines.children.length > PIECES) lines.lastElementChild.remove();
  });

  const later = () => alone(async () => {
    if (live) return;
    const last = lines.lastElementChild;
    let fresh = await piece({ from: last.dataset.next });
    // Whether it is over is said with the newest piece, also of one that was there.
    if (fresh.dataset.open === undefined) delete last.dataset.open;
    while (fresh.children.length) {
      lines.append(fresh);
      while (lines.children.length > PIECES) lines.firstElementChild.remove();
      if (follows) bottom();
      if (!follows || fresh.dataset.later === undefined) break;
      fresh = await piece({ from: fresh.dataset.next });
    }
  });

  function bottom() {
    lines.scrollTop = lines.scrollHeight;
  }

  // What the place that the reader has scrolled to lacks.
  function fill() {
    const below = lines.scrollHeight - lines.scrollTop - lines.clientHeight;
    const has = lastPiece()?.dataset.later !== undefined;
    follows = below < 40 && !has;
    log.toggleAttribute("data-paused", !follows);
    if (lines.scrollTop < 200 && lines.firstElementChild?.dataset.earlier !== undefined) earlier();
    else if (below < 200 && has) later();
  }

  lines.addEventListener("scroll", fill);
  sought.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(newest, TYPING);
  });
  level.addEventListener("change", newest);
  end.addEventListener("click", newest);
  document.addEventListener("noontide:renewed", later);
  bottom();
  listen();
}
