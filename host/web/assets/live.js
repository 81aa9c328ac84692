// Keeps a page true while it is open. An event from the host says "look": the page is asked for again, and what carries
// `data-live` takes the place of its predecessor with the same id. What the reader has open, marked or typed stays.

const page = document.documentElement.dataset;
// Pages are asked for again at most so often, in milliseconds, however much happens.
const CALM = 1_000;

let due = null;
let latest = 0;

export function look(soon = false) {
  if (due || document.hidden || document.querySelector("dialog[open]")) return;
  const wait = soon ? 0 : Math.max(0, CALM - (performance.now() - latest));
  due = setTimeout(async () => {
    latest = performance.now();
    try {
      await renew();
    } finally {
      due = null;
    }
  }, wait);
}

async function renew() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && other.innerHTML !== part.innerHTML && !isTypedIn(part)) replace(part, other);
  }
  document.dispatchEvent(new CustomEvent("noontide:renewed"));
}

function isTypedIn(part) {
  const field = document.activeElement;
  return part.contains(field) && field.matches("input, select, textarea");
}

function replace(part, other) {
  const opened = [...part.querySelectorAll("details")].map((details) => details.open);
  const hadFocus = part !== document.activeElement && part.contains(document.activeElement);
  part.replaceChildren(...other.childNodes);
  const details = part.querySelectorAll("details");
  if (details.length === opened.length) details.forEach((one, place) => (one.open = opened[place]));
  // Who goes by keyboard goes on from here, not from the top of the page.
  if (hadFocus) part.querySelector("button, a, summary")?.focus();
}

if (document.querySelector("[data-live]")) {
  const kinds = (page.events ?? "").split(" ").filter(Boolean);
  const events = new EventSource(`${page.base}/api/v1/events?kind=${kinds.join(",")}&pace=${CALM}ms`);
  for (const name of [...kinds, "lagged"]) events.addEventListener(name, () => look());
  events.addEventListener("open", () => document.body.removeAttribute("data-offline"));
  events.addEventListener("error", () => document.body.setAttribute("data-offline", ""));
  document.addEventListener("visibilitychange", () => look(true));
  // Countdowns and clocks move without any event.
  setInterval(look, 15_000);
}
