// Where the moon stands to the sun, to about a tenth of a degree: the largest terms of the series, and no more.

const DAY = 86_400_000;
const rad = degrees => (degrees * Math.PI) / 180;
const turn = degrees => ((degrees % 360) + 360) % 360;

/**
 * The angle from the sun to the moon: 0 is new, 90 first quarter, 180 full.
 * @param {Date} date
 */
export function phaseAngle(date) {
  const T = (date.getTime() / DAY - 10957.5) / 36525; // centuries since noon of 1 January 2000
  const D = 297.8501921 + 445267.1114034 * T; // mean elongation
  const sun = rad(357.5291092 + 35999.0502909 * T); // the sun's mean anomaly
  const moon = rad(134.9633964 + 477198.8675055 * T); // the moon's
  const d = rad(D);
  return turn(
    D +
      6.289 * Math.sin(moon) -
      2.1 * Math.sin(sun) +
      1.274 * Math.sin(2 * d - moon) +
      0.658 * Math.sin(2 * d) +
      0.214 * Math.sin(2 * moon) +
      0.11 * Math.sin(d),
  );
}

/** How much of the disc is lit, from 0 to 1. */
export const litPart = angle => (1 - Math.cos(rad(angle))) / 2;

/**
 * The next time that the moon reaches an angle.
 * @param {number} target 0 for new, 180 for full
 * @param {Date} from
 */
export function next(target, from) {
  const behind = time => ((phaseAngle(new Date(time)) - target + 540) % 360) - 180;
  let low = from.getTime();
  // Step until the angle has just been passed, then halve the step.
  while (!(behind(low) < 0 && behind(low + DAY) >= 0)) low += DAY;
  let high = low + DAY;
  while (high - low > 60_000) {
    const middle = (low + high) / 2;
    if (behind(middle) < 0) low = middle;
    else high = middle;
  }
  return new Date(high);
}
