// What each page shows. Elements and text, no markup in strings.

import { drawMap } from "./map.js";

export function make(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
}

export function link(to, ...children) {
  const made = make("a", {}, ...children);
  made.dataset.to = to;
  return made;
}

export function list(islands) {
  return [
    make("h1", {}, "Six islands that fit in an afternoon"),
    make("p", { className: "lead" }, "None of them is on any other map. Every one has a page of its own, with an address that can be passed on."),
    make(
      "ul",
      { className: "cards" },
      ...islands.map(({ slug, name, sea }) => make("li", {}, link(`/islands/${slug}`, drawMap(name, 300, 200), make("strong", {}, name), make("span", {}, sea)))),
    ),
  ];
}

export function island(islands, slug) {
  const at = islands.findIndex(island => island.slug === slug);
  if (at < 0) return null;
  const { name, sea, area, people, says } = islands[at];
  const next = islands[(at + 1) % islands.length];
  return [
    make("p", { className: "eyebrow" }, sea),
    make("h1", {}, name),
    make("figure", {}, drawMap(name, 840, 440)),
    make(
      "div",
      { className: "about" },
      make("p", { className: "lead" }, says),
      make("dl", {}, ...[["Area", `${area} km²`], ["People", people || "none"], ["Sheep", "uncounted"]].map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, String(value))))),
    ),
    make("p", { className: "steps" }, link("/", "All islands"), link(`/islands/${next.slug}`, `Next: ${next.name}`)),
  ];
}

export function about() {
  const answer = make("p", { className: "answer", role: "status" }, "Not asked yet.");
  const ask = make("button", { type: "button" }, "Ask for a file that is not there");
  ask.addEventListener("click", async () => {
    const response = await fetch("/data/atlantis.json");
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    answer.textContent = `Status ${response.status}, and a page that says: ${page.querySelector("h1")?.textContent ?? "nothing"}.`;
  });
  return [
    make("h1", {}, "About this atlas"),
    make("p", { className: "lead" }, "Its pages are made in the browser, and yet each has a path. Load one again: there is no such file, so the session answers with index.html, and the router does the rest."),
    make("p", {}, "That holds for pages only. A missing file stays missing:"),
    make("div", { className: "try" }, ask, answer),
    make("p", { className: "steps" }, link("/islands/skerra", "A deep link"), link("/islands/nowhere", "One that leads nowhere")),
  ];
}

export function lost(path) {
  return [make("p", { className: "eyebrow" }, "Off the chart"), make("h1", {}, "There is no such island"), make("p", { className: "lead" }, `Nothing was ever surveyed at ${path}.`), make("p", { className: "steps" }, link("/", "All islands"))];
}
