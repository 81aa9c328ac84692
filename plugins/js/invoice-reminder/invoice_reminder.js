// Writes reminders for invoices that are overdue: friendly, firm, last. Each invoice is one item of a timetable; without a
// timetable, `invoices` of the input stand in. What was sent is remembered, so nobody hears the same twice.
//
// `letter` has the words and `money` the figures; this is the handler.

import { Items, Skipped, plugin } from "../noontide/index.js";
import { letter } from "./letter.js";

const DAY = 86_400_000;

const INVOICE = {
  type: "object",
  required: ["number", "email", "amount", "currency", "due"],
  properties: {
    number: { type: "string" },
    customer: { type: "string" },
    email: { type: "string" },
    amount: { type: "integer", description: "In cents." },
    currency: { type: "string" },
    due: { type: "string", description: "A day, as in 2026-01-31." },
    language: { enum: ["en", "de", "fr"], default: "en" },
    paid: { type: "boolean", default: false },
  },
};

const EXAMPLE = { number: "2026-17", customer: "Ada", email: "ada@example.com", amount: 123_450, currency: "EUR", due: "2020-01-01" };

export default plugin({
  name: "invoice-reminder",
  version: "0.1.0",
  summary: "Writes reminders for overdue invoices.",
  handlers: {
    remind: {
      summary: "One letter an overdue invoice and step, in its customer's language.",
      input: {
        type: "object",
        properties: {
          steps: { type: "array", items: { type: "integer", minimum: 0 }, description: "Days after which each reminder is due." },
          invoices: { type: "array", items: INVOICE, description: "Where no timetable brings any." },
        },
        additionalProperties: false,
      },
      example: { steps: [3, 10, 21], invoices: [EXAMPLE] },
      timeout: "1m",
      run: remind,
    },
  },
});

export function remind(call, { steps = [3, 10, 21], invoices = [] }) {
  const letters = [];
  const one = (invoice) => {
    call.stopIfCancelled();
    const written = reminder(call, steps, invoice);
    if (written) letters.push(written);
  };
  const items = call.items();
  const outcomes = items.map((item) => item.settle(one));
  if (items.length === 0) invoices.forEach(one);
  if (letters.length > 0) call.attach("letters.jsonl", "application/jsonl", letters.map((it) => JSON.stringify(it)).join("\n"));
  call.info("written", { letters: letters.length, invoices: items.length + invoices.length });
  if (items.length > 0) return new Items(outcomes);
  return letters.length > 0 ? { letters } : new Skipped("nobody is late");
}

/** The letter that is due now, if one is and it was not written before. */
function reminder(call, steps, invoice) {
  const known = `sent/${invoice.number}`;
  if (invoice.paid) {
    call.state.remove(known);
    return undefined;
  }
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(invoice.email)) throw new Error(`\`${invoice.email}\` is no address of mail`);
  const due = Date.parse(`${invoice.due}T00:00:00Z`);
  if (Number.isNaN(due)) throw new Error(`\`${invoice.due}\` is no day`);
  const late = Math.floor((call.dueAt - due) / DAY);
  const step = steps.filter((days) => late >= days).length;
  if (step <= (call.state.get(known) ?? 0)) return undefined;
  call.state.set(known, step);
  return letter(invoice, { late, step, last: step === steps.length });
}
