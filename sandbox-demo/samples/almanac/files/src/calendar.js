// A month of moons. The days are buttons; the arrow keys go from one to the next.

import { smallDisc } from "./disc.js";
import { litPart, phaseAngle } from "./moon.js";

const days = document.querySelector("#days");
const WEEK = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** The evening of a day, when one looks at the moon. */
export const evening = (year, month, day) => new Date(year, month, day, 21);

/**
 * @param {Date} chosen
 * @param {(date: Date, focus?: boolean) => void} onChoose
 */
export function drawMonth(chosen, onChoose) {
  const [year, month] = [chosen.getFullYear(), chosen.getMonth()];
  const first = (new Date(year, month, 1).getDay() + 6) % 7;
  const today = new Date().toDateString();

  days.replaceChildren(...WEEK.map(name => Object.assign(document.createElement("span"), { textContent: name })));
  for (let day = 1; day <= new Date(year, month + 1, 0).getDate(); day += 1) {
    const date = evening(year, month, day);
    const angle = phaseAngle(date);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "day";
    button.setAttribute("aria-label", `${date.toLocaleDateString("en", { day: "numeric", month: "long" })}, ${Math.round(litPart(angle) * 100)} percent lit`);
    if (day === 1) button.style.gridColumnStart = first + 1;
    if (date.toDateString() === today) button.dataset.today = "";
    if (day === chosen.getDate()) button.setAttribute("aria-current", "date");
    button.tabIndex = day === chosen.getDate() ? 0 : -1;
    button.append(smallDisc(angle), Object.assign(document.createElement("b"), { textContent: day }));
    button.addEventListener("click", () => onChoose(date, true));
    button.addEventListener("keydown", event => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      onChoose(evening(year, month, day + STEPS[event.key]), true);
    });
    days.append(button);
  }
}

/** Puts the focus on the day that is chosen. */
export const focusDay = () => days.querySelector("[aria-current]")?.focus();
