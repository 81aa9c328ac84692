// Spans of time, as in "30s".

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a number of them, or of a text such as "250ms", "30s", "5m", "1h". */
export function millis(span) {
  if (typeof span === "number" && span >= 0) return Math.round(span);
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(span) ?? [];
  if (unit === undefined) throw new RangeError(`"${span}" is no span of time: a number with ms, s, m or h, as in "30s"`);
  return Number(number) * UNITS[unit];
}
