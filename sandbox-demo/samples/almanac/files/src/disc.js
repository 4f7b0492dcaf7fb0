// Draws the moon with its shadow: the lit side is half a circle and half an ellipse.

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The outline of the lit side on a disc of radius 50 around 0,0.
 * @param {number} angle the phase, 0 to 360
 */
function litPath(angle) {
  const waxing = angle < 180;
  const bulge = Math.cos((angle * Math.PI) / 180) * 50;
  // The limb on the sunny side, then back along the line of dusk.
  const limb = waxing ? 1 : 0;
  const dusk = bulge > 0 === waxing ? 0 : 1;
  return `M0 -50A50 50 0 0 ${limb} 0 50A${Math.abs(bulge).toFixed(2)} 50 0 0 ${dusk} 0 -50Z`;
}

/** A small flat moon, for the calendar. */
export function smallDisc(angle) {
  return svg("svg", { viewBox: "-52 -52 104 104", "aria-hidden": "true" }, svg("circle", { r: 50, class: "dark" }), svg("path", { d: litPath(angle), class: "lit" }));
}

/** The large moon with its craters and a soft edge of the shadow. */
export function largeDisc(angle, label) {
  const image = new URL("../assets/moon.webp", import.meta.url).href;
  return svg(
    "svg",
    { viewBox: "-50 -50 100 100", role: "img", "aria-label": label },
    svg(
      "defs",
      {},
      svg("clipPath", { id: "round" }, svg("circle", { r: 49.6 })),
      svg("filter", { id: "soft", x: "-20%", y: "-20%", width: "140%", height: "140%" }, svg("feGaussianBlur", { stdDeviation: 1.6 })),
      svg("mask", { id: "lit", x: -60, y: -60, width: 120, height: 120, maskUnits: "userSpaceOnUse" }, svg("path", { d: litPath(angle), fill: "#fff", filter: "url(#soft)" })),
    ),
    svg(
      "g",
      { "clip-path": "url(#round)" },
      svg("rect", { x: -50, y: -50, width: 100, height: 100, fill: "#0b1024" }),
      svg("image", { href: image, x: -50, y: -50, width: 100, height: 100, opacity: 0.09 }),
      svg("image", { href: image, x: -50, y: -50, width: 100, height: 100, mask: "url(#lit)" }),
    ),
  );
}
