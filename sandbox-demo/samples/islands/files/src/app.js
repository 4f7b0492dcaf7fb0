// The atlas: routes and their views.

import { otherwise, path, route, start } from "/src/router.js";
import { about, island, list, lost } from "/src/views.js";

const islands = await (await fetch("/data/islands.json")).json();
const view = document.getElementById("view");

function show(title, children) {
  document.title = title === "" ? "Atlas of small islands" : `${title} · Atlas of small islands`;
  document.getElementById("where").textContent = `You are at ${path()}`;
  view.replaceChildren(...children);
}

const missing = () => show("Off the chart", lost(path()));

route("/", () => show("", list(islands)));
route("/index.html", () => show("", list(islands)));
route("/about", () => show("About", about()));
route("/islands/:slug", ({ slug }) => {
  const page = island(islands, slug);
  if (page) show(islands.find(island => island.slug === slug).name, page);
  else missing();
});
otherwise(missing);
start();

// Maps are drawn for day or night; at dusk they are drawn again.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new PopStateEvent("popstate")));
