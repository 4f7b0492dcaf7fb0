// A history router: real paths, no hashes. Links say where they lead with data-to; deep links and the back button work.

/**
 * What comes before the app's own paths. A preview is served from the root of an origin of its own, or below its session's
 * name, which is 26 letters and digits.
 */
const base = /^\/[a-z2-7]{26}(?=\/|$)/.exec(location.pathname)?.[0] ?? "";

const routes = [];
let notFound = () => undefined;

/** @param {string} pattern such as /islands/:slug */
export function route(pattern, view) {
  const names = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => (names.push(name), "([^/]+)"));
  routes.push({ match: new RegExp(`^${source}/?$`), names, view });
}

export const otherwise = view => (notFound = view);

/** The app's path of the page that is shown. */
export const path = () => decodeURI(location.pathname.slice(base.length)) || "/";

/** @param {string} to an app path */
export function go(to) {
  if (to !== path()) history.pushState(null, "", base + to);
  show(true);
}

export function start() {
  addEventListener("popstate", () => show(true));
  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-to]");
    // With a modifier key it is for the browser to decide.
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.dataset.to);
  });
  show(false);
}

function show(moved) {
  const found = routes.map(({ match, names, view }) => [match.exec(path()), names, view]).find(([hit]) => hit);
  if (found) {
    const [hit, names, view] = found;
    view(Object.fromEntries(names.map((name, at) => [name, hit[at + 1]])));
  } else {
    notFound();
  }
  for (const link of document.querySelectorAll("a[data-to]")) {
    link.href = base + link.dataset.to;
    if (link.dataset.to === path()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (moved) {
    scrollTo(0, 0);
    document.getElementById("view").focus({ preventScroll: true });
  }
}
