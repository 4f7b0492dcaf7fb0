// Numbers and names as people read them.

const number = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** @param {number} count */
export const count = count => number.format(count);

/**
 * @param {number} many
 * @param {string} one
 */
export const plural = (many, one) => `${number.format(many)} ${one}${many === 1 ? "" : "s"}`;

/** @param {number | undefined} size in bytes */
export function bytes(size) {
  if (size === undefined || !Number.isFinite(size)) return "unknown";
  let at = 0;
  let value = size;
  while (value >= 999.5 && at < UNITS.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** @param {string} id a session id; long ones keep their ends */
export const shortId = id => (id.length > 14 ? `${id.slice(0, 5)}…${id.slice(-4)}` : id);

/** @param {Date} [date] */
export const clock = (date = new Date()) => date.toTimeString().slice(0, 8);
