// Forms with `data-act` speak to the API, the same one that programs use: METHOD PATH in `data-act`, their fields as a JSON
// body. `data-json` fields are JSON themselves, `data-instant` ones wall time of the browser; empty ones are left out. A button
// with `data-stay` leaves the dialog open and says there what came of it. `data-confirm` asks first. What came of it is told,
// and the page looks again, or goes where `data-then` says, or where the answer's field that `data-follow` names does;
// `data-show` is where parts of the answer are shown, and `data-good` names the field that says whether all is well.

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
    if (button?.name) put(body, button.name, JSON.parse(button.value));
    show(form, "problem", "");
    const answer = await send(form.dataset.act, body);
    if (button?.dataset.stay) show(form, "outcome", filled(button.dataset.stay, answer));
    else tell(answer, form);
  } catch (problem) {
    if (!show(form, "problem", problem.message)) say(problem.message, true);
    point(form, problem.message);
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
    if (field.type === "checkbox") put(body, field.name, field.checked);
    else if (field.type !== "submit" && field.value.trim() !== "") put(body, field.name, value(field));
  }
  return body;
}

// A name with dots is a path: `filter.state` is `state` in the object `filter`.
function put(body, name, value) {
  const path = name.split(".");
  const last = path.pop();
  path.reduce((inner, key) => (inner[key] ??= {}), body)[last] = value;
}

function value(field) {
  if ("json" in field.dataset) return json(field);
  return "instant" in field.dataset ? new Date(field.value).toISOString() : field.value;
}

// What a form says of itself, in its own place if it has one.
function show(form, what, text) {
  const place = form.querySelector(`[data-${what}]`);
  if (!place) return false;
  place.textContent = text;
  place.hidden = text === "";
  return true;
}

// The field that a refusal names, as JSON pointers do: `/relay/port`.
function point(form, message) {
  for (const field of form.elements) {
    const pointer = field.name?.startsWith("input.") ? field.name.slice("input".length).replaceAll(".", "/") : null;
    const isMeant = pointer !== null && new RegExp(`${pointer.replace(/[^\w/]/g, "\\$&")}(?![\\w/])`).test(message);
    if (isMeant) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute?.("aria-invalid");
  }
  form.querySelector("[aria-invalid]")?.focus();
}

function filled(text, answer) {
  return text.replace(/\{([\w.]+)\}/g, (_, path) => at(answer, path) ?? "");
}

function at(answer, path) {
  return path.split(".").reduce((inner, key) => inner?.[key], answer);
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
  if (form.dataset.follow) return location.assign(answer[form.dataset.follow]);
  if (form.dataset.show) return reveal(answer, form);
  const then = form.dataset.then?.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name]));
  if (then) location.assign(base + then);
  else {
    const good = form.dataset.good;
    say(filled(form.dataset.done ?? "Done.", answer), good !== undefined && !at(answer, good));
    look(true);
  }
}

// What is told once stands on the page until it is left.
function reveal(answer, form) {
  const place = document.getElementById(form.dataset.show);
  for (const part of place.querySelectorAll("[data-answer]")) part.textContent = answer[part.dataset.answer];
  place.hidden = false;
  form.reset();
  look(true);
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
