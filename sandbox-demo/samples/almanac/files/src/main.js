// Moon almanac: ties the disc, the words and the calendar together.

import { drawMonth, evening, focusDay } from "./calendar.js";
import { largeDisc } from "./disc.js";
import { litPart, next, phaseAngle } from "./moon.js";

const at = id => document.getElementById(id);
const names = await (await fetch(new URL("../data/names.json", import.meta.url))).json();
const short = date => date.toLocaleDateString("en", { day: "numeric", month: "short" });

function show(date, focus = false) {
  const angle = phaseAngle(date);
  const phase = names.phases.find(({ until }) => angle < until) ?? names.phases[0];
  const lit = `${Math.round(litPart(angle) * 100)}%`;

  at("disc").replaceChildren(largeDisc(angle, `${phase.name}, ${lit} lit`));
  at("date").textContent = date.toLocaleDateString("en", { weekday: "long", day: "numeric", month: "long" });
  at("phase").textContent = phase.name;
  at("lead").textContent = phase.says;
  at("figures").replaceChildren(...[["Lit", lit], ["Next new", short(next(0, date))], ["Next full", short(next(180, date))]].flatMap(([name, value]) => [item(name, value)]));
  at("month").textContent = date.toLocaleDateString("en", { month: "long", year: "numeric" });
  at("moon-name").textContent = `Its full moon is the ${names.months[date.getMonth()]} Moon`;

  drawMonth(date, show);
  if (focus) focusDay();
  at("earlier").onclick = () => show(evening(date.getFullYear(), date.getMonth() - 1, 1));
  at("later").onclick = () => show(evening(date.getFullYear(), date.getMonth() + 1, 1));
  at("today").onclick = () => show(new Date());
}

function item(name, value) {
  const group = document.createElement("div");
  for (const [tag, text] of [["dt", name], ["dd", value]]) group.append(Object.assign(document.createElement(tag), { textContent: text }));
  return group;
}

show(new Date());
