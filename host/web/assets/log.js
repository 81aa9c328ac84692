// The log of a run: pieces that the server draws. Scrolled to the end it follows what comes; upwards the pieces before are asked
// for. Only so many pieces are in the page at a time, so that a hundred thousand lines are as light as a hundred.

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
  }

  const newest = () => alone(async () => {
    lines.replaceChildren(await piece({}));
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
    while (lines.children.length > PIECES) lines.lastElementChild.remove();
  });

  const later = () => alone(async () => {
    const last = lines.lastElementChild;
    let fresh = await piece({ from: last.dataset.next });
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
    const has = lines.lastElementChild?.dataset.later !== undefined;
    follows = below < 40 && !has;
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
}
