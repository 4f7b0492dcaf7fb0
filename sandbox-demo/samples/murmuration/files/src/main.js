// Murmuration: the page draws, the worker thinks. One step for each frame; who wants less motion gets a still flock to set going.

import { drawWithCanvas } from "./draw-canvas.js";
import { drawWithGl } from "./draw-gl.js";
import { ink } from "./palette.js";

const at = id => document.getElementById(id);
const canvas = at("sky");
const flock = new Worker(new URL("./flock.js", import.meta.url), { type: "module" });
const wishes = ["count", "cohesion", "alignment", "separation"];

let colour;
let still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let frames = 0;
let since = performance.now();
let buffer;

const gl = await drawWithGl(canvas).catch(error => { console.warn(error); return null; });
const draw = gl ?? drawWithCanvas(canvas);

function wish(more = {}) {
  const set = Object.fromEntries(wishes.map(name => [name, Number(at(name).value)]));
  flock.postMessage({ type: "wish", wish: { ...set, width: innerWidth, height: innerHeight, ...more } });
}

const step = () => flock.postMessage({ type: "step", buffer }, buffer ? [buffer] : []);

flock.onmessage = ({ data: { birds } }) => {
  requestAnimationFrame(time => {
    draw(birds, { width: innerWidth, height: innerHeight, time, ink: colour });
    buffer = birds.buffer;
    frames += 1;
    if (time - since > 1000) {
      at("facts").textContent = `${birds.length / 4} birds · ${Math.round((frames * 1000) / (time - since))} frames a second · ${gl ? "WebGL" : "canvas"}`;
      [frames, since] = [0, time];
    }
    if (!still) step();
  });
};
flock.onerror = event => (at("facts").textContent = `The worker failed: ${event.message ?? "it did not load"}`);

function resize() {
  const scale = Math.min(devicePixelRatio, 2);
  canvas.width = innerWidth * scale;
  canvas.height = innerHeight * scale;
  wish();
  if (still) step();
}

function pause(on) {
  const resumed = still && !on;
  still = on;
  at("pause").textContent = still ? "Play" : "Pause";
  at("pause").setAttribute("aria-pressed", String(still));
  if (still) at("facts").textContent = "Paused";
  if (resumed) step();
}

at("controls").addEventListener("input", () => wish());
at("controls").addEventListener("submit", event => event.preventDefault());
at("pause").addEventListener("click", () => pause(!still));
addEventListener("pointermove", event => wish({ x: event.clientX, y: event.clientY }));
document.addEventListener("pointerleave", () => wish({ x: -1, y: -1 }));
addEventListener("resize", resize);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colour = ink()));

colour = ink();
resize();
pause(still);
// Still or not, there is a first picture.
if (!still) step();
