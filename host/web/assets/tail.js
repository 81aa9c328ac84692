// What a run says, as it says it: lines that the host sends while the run goes on, below those that it has drawn. Text only ever
// goes in as text.

// Lines in the page at most; a log that is longer is read from the ledger when the attempt is over.
const MOST = 2_000;
const LEVELS = ["trace", "debug", "info", "warn", "error"];

/**
 * Hears the run of the log page at `page` from the line after `after` on, and puts what fits `wanted` ({level, q}) into a list at
 * the end of `place`. `grew` is called when there is more to see, `ended` when the attempt is over.
 */
export function tail(place, page, after, wanted, { grew, ended }) {
  const list = document.createElement("ol");
  list.className = "lines tail";
  place.append(list);
  const run = page.match(/^(.*)\/runs\/([^/]+)\/log$/);
  const source = new EventSource(`${run[1]}/api/v1/runs/${run[2]}/logs?follow=true&after=${after}`);
  const sought = wanted.q.toLowerCase();
  const loud = Math.max(0, LEVELS.indexOf(wanted.level));
  let gone = 0;
  let waiting = [];

  // Once a frame, however much is said.
  function show() {
    list.append(...waiting);
    waiting = [];
    while (list.children.length > MOST + 1) {
      list.firstElementChild.remove();
      gone += 1;
    }
    if (gone) list.firstElementChild.replaceChildren(`${gone} lines before these are in the log when the attempt is over`);
    grew();
  }

  function put(item) {
    if (!waiting.length) requestAnimationFrame(show);
    waiting.push(item);
    if (waiting.length > MOST) waiting.shift();
  }

  function fits(line) {
    const has = (text) => text.toLowerCase().includes(sought);
    const level = LEVELS.includes(line.level) ? LEVELS.indexOf(line.level) : LEVELS.length;
    return level >= loud && (!sought || has(line.message) || line.fields.flat().some(has));
  }

  source.addEventListener("line", (event) => {
    const line = JSON.parse(event.data);
    if (fits(line)) put(drawn(line));
  });
  source.addEventListener("lagged", (event) => put(note(`${JSON.parse(event.data).missed} lines were over the limit and not kept`)));
  source.addEventListener("elsewhere", (event) => {
    const { name, host } = JSON.parse(event.data);
    put(note(`it runs on the host ${name ?? host}; its lines come when this attempt is over`));
  });
  source.addEventListener("end", (event) => {
    close();
    ended(JSON.parse(event.data));
  });

  function close() {
    source.close();
    waiting = [];
    list.remove();
  }

  return { list, close };
}

function note(text) {
  const item = document.createElement("li");
  item.className = "attempt";
  item.textContent = text;
  return item;
}

function drawn(line) {
  const item = document.createElement("li");
  item.id = `line-${line.number}`;
  item.className = `line level-${line.level}`;
  const text = part("text", "");
  if (line.source !== "log") text.append(part("source", line.source), " ");
  text.append(line.message);
  for (const [name, value] of line.fields) {
    const bold = document.createElement("b");
    bold.textContent = value;
    const field = part("field", `${name}=`);
    field.append(bold);
    text.append(" ", field);
  }
  const at = part("at", `${line.at.slice(11, -1)}.000`.slice(0, 12));
  at.title = line.at;
  item.append(at, part("level", line.level), text);
  return item;
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
