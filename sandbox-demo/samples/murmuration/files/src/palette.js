// Colours live in the style sheet; the canvas reads them from there, and again when day turns to night.

/** The birds' colour as red, green, blue from 0 to 1. */
export function ink() {
  const probe = document.createElement("i");
  probe.style.color = "var(--bird)";
  document.body.append(probe);
  const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(part => Number(part) / 255);
  probe.remove();
  return parts;
}
