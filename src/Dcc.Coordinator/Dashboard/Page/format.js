// How numbers and times are written: always in the same way, whatever the browser's language.

export const number = (value, digits) => Number.isFinite(value) ? value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }) : "–";

export const count = (value, singular, plural = singular + "s") => `${number(value, 0)} ${value === 1 ? singular : plural}`;

export const percent = fraction => `${fraction < 0 ? "−" : "+"}${number(Math.abs(100 * fraction), 1)} %`;

export const significant = (value, digits = 3) => Number.isFinite(value) ? value.toLocaleString("en", { maximumSignificantDigits: digits }) : "–";

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
