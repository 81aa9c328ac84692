// Amounts as people write them. The engine of a component has no Intl.

const STYLE = { en: [",", "."], de: [".", ","], fr: ["\u202f", ","] };

/** Cents as "1,234.50 EUR", in the language's own way. */
export function money(cents, currency, language) {
  const [thousands, point] = STYLE[language] ?? STYLE.en;
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, thousands);
  return `${cents < 0 ? "-" : ""}${whole}${point}${digits.slice(-2)} ${currency}`;
}
