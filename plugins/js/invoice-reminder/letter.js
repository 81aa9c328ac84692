// The words of a reminder, in the customer's language.

import { money } from "./money.js";

const WORDS = {
  en: {
    subject: ["Invoice {number}", "Reminder: invoice {number}", "Last reminder: invoice {number}"],
    body: "Dear {customer},\n\nyour invoice {number} over {amount} was due on {due}, {late} days ago.{last}",
    last: "\nPlease pay within a week; we hand it on after that.",
  },
  de: {
    subject: ["Rechnung {number}", "Mahnung: Rechnung {number}", "Letzte Mahnung: Rechnung {number}"],
    body: "Guten Tag {customer},\n\nIhre Rechnung {number} über {amount} war am {due} fällig, vor {late} Tagen.{last}",
    last: "\nBitte zahlen Sie innerhalb einer Woche; danach geben wir sie weiter.",
  },
  fr: {
    subject: ["Facture {number}", "Rappel : facture {number}", "Dernier rappel : facture {number}"],
    body: "Bonjour {customer},\n\nvotre facture {number} de {amount} était due le {due}, il y a {late} jours.{last}",
    last: "\nMerci de payer sous huit jours ; nous la transmettrons ensuite.",
  },
};

/** To whom, what about, and the text. */
export function letter(invoice, { late, step, last }) {
  const { language = "en", customer = "", email, number, amount, currency, due } = invoice;
  const words = WORDS[language] ?? WORDS.en;
  const values = { customer, number, late, amount: money(amount, currency, language), due, last: last ? words.last : "" };
  const subject = words.subject[last ? 2 : Math.min(step, 2) - 1];
  return { to: email, subject: filled(subject, values), body: filled(words.body, values) };
}

// A function as replacement: `$&` in a customer's name is no pattern.
const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
