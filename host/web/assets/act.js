// Forms with `data-act` speak to the API, the same one that programs use: METHOD PATH in `data-act`, their fields as a JSON
// body. `data-json` fields are JSON themselves, empty ones are left out. `data-confirm` asks first. What came of it is told,
// and the page looks again, or goes where `data-then` says.

import { look } from "./live.js";

const base = document.documentElement.dataset.base;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    const body = read(form);
    tell(await send(form.dataset.act, body), form);
  } catch (problem) {
    say(problem.message, true);
  } finally {
    if (button) button.disabled = false;
  }
});

export async function send(act, body) {
  const [method, path] = act.split(" ");
  const answer = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: method === "GET" || method === "DELETE" ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const shown = text ? JSON.parse(text) : {};
  if (answer.ok) return shown;
  throw new Error([shown.detail ?? answer.statusText, ...(shown.errors ?? [])].join("\n"));
}

function read(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    if (field.type === "checkbox") body[field.name] = field.checked;
    else if (field.value.trim() !== "") body[field.name] = "json" in field.dataset ? json(field) : field.value;
  }
  return body;
}

function json(field) {
  try {
    return JSON.parse(field.value);
  } catch (problem) {
    throw new Error(`${field.name}: ${problem.message}`);
  }
}

function tell(answer, form) {
  form.closest("dialog")?.close();
  const then = form.dataset.then?.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name]));
  if (then) location.assign(base + then);
  else {
    say(form.dataset.done ?? "Done.");
    look(true);
  }
}

export function say(text, bad = false) {
  const line = document.createElement("p");
  line.textContent = text;
  line.classList.toggle("bad", bad);
  document.getElementById("told").append(line);
  setTimeout(() => line.remove(), bad ? 12_000 : 4_000);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  event.target.closest("[data-close]")?.closest("dialog")?.close();
});
