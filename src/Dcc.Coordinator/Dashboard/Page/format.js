// How numbers and times are written: always in the same way, whatever the browser's language.

// Made once: a formatter costs a hundred times what it does.
const formatters = make => {
  const made = [];
  return digits => made[digits] ??= new Intl.NumberFormat("en", make(digits));
};
const fixed = formatters(digits => ({ minimumFractionDigits: digits, maximumFractionDigits: digits }));
const rounded = formatters(digits => ({ maximumSignificantDigits: digits }));

export const number = (value, digits) => Number.isFinite(value) ? fixed(digits).format(value) : "–";

export const count = (value, singular, plural = singular + "s") => `${number(value, 0)} ${value === 1 ? singular : plural}`;

export const percent = fraction => `${fraction < 0 ? "−" : "+"}${number(Math.abs(100 * fraction), 1)} %`;

export const significant = (value, digits = 3) => Number.isFinite(value) ? rounded(digits).format(value) : "–";

export const milliseconds = value => !Number.isFinite(value) ? "–" : value < 1000 ? `${significant(value)} ms` : `${significant(value / 1000)} s`;

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${significant(seconds / 3600, 2)} h`;
}

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${significant(value)} ${units[unit]}`;
}

export const clock = unixMilliseconds => new Date(unixMilliseconds).toLocaleTimeString("en-GB");
