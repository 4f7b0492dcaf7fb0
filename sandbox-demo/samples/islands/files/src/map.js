// Draws an island out of its name: the same name, the same coast. Heights are noise that sinks towards the edge.

/** Colours by height, from deep water to the summit. */
const DAY = [[-1, 70, 132, 160], [-0.12, 110, 170, 186], [-0.005, 150, 198, 200], [0, 240, 222, 176], [0.05, 226, 210, 150], [0.1, 150, 184, 112], [0.28, 96, 146, 88], [0.45, 140, 132, 96], [0.62, 190, 180, 160], [0.8, 246, 244, 238]];
const NIGHT = [[-1, 10, 34, 52], [-0.12, 18, 58, 78], [-0.005, 36, 88, 104], [0, 190, 168, 120], [0.05, 150, 138, 92], [0.1, 74, 106, 66], [0.28, 50, 84, 58], [0.45, 92, 88, 66], [0.62, 140, 132, 118], [0.8, 220, 218, 210]];

/**
 * @param {string} name
 * @param {number} width
 * @param {number} height
 */
export function drawMap(name, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Map of ${name}`);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const at = terrain(name, width / height);
  const stops = matchMedia("(prefers-color-scheme: dark)").matches ? NIGHT : DAY;
  const step = 1.6 / height;

  const heights = new Float32Array((width + 1) * (height + 1));
  for (let y = 0; y <= height; y += 1) for (let x = 0; x <= width; x += 1) heights[y * (width + 1) + x] = at((x - width / 2) * step, (y - height / 2) * step);

  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [here, right, below] = [heights[y * (width + 1) + x], heights[y * (width + 1) + x + 1], heights[(y + 1) * (width + 1) + x]];
      // Light from the north-west, contour lines every so often, and rings in the shallows.
      const slope = here > 0 ? 1 + (here - right + here - below) * height * 0.055 : 1;
      const every = here > 0 ? 0.1 : 0.09;
      const line = Math.floor(here / every) !== Math.floor(right / every) || Math.floor(here / every) !== Math.floor(below / every);
      const shade = Math.max(0.62, Math.min(1.3, slope)) * (line ? (here > 0 ? 0.86 : 1.09) : 1);
      const rgb = colour(stops, here);
      const to = (y * width + x) * 4;
      for (let part = 0; part < 3; part += 1) image.data[to + part] = rgb[part] * shade;
      image.data[to + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function colour(stops, value) {
  const next = stops.findIndex(([until]) => value < until);
  if (next <= 0) return stops[next === 0 ? 0 : stops.length - 1].slice(1);
  const [low, high] = [stops[next - 1], stops[next]];
  const part = (value - low[0]) / (high[0] - low[0]);
  return [1, 2, 3].map(n => low[n] + (high[n] - low[n]) * part);
}

/** A function from a place to its height, for each name another. */
function terrain(name, wide) {
  let seed = 2166136261;
  for (const letter of name) seed = Math.imul(seed ^ letter.codePointAt(0), 16777619);
  const hash = (x, y) => {
    let h = Math.imul(x | 0, 374761393) ^ Math.imul(y | 0, 668265263) ^ seed;
    h = Math.imul(h ^ (h >>> 13), 1274126177);
    return ((h ^ (h >>> 16)) >>> 0) / 4294967295;
  };
  const noise = (x, y) => {
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const ease = t => t * t * (3 - 2 * t);
    const [u, v] = [ease(x - x0), ease(y - y0)];
    const top = hash(x0, y0) * (1 - u) + hash(x0 + 1, y0) * u;
    const low = hash(x0, y0 + 1) * (1 - u) + hash(x0 + 1, y0 + 1) * u;
    return top * (1 - v) + low * v;
  };
  const rough = (x, y) => [1, 2, 4, 8, 16].reduce((sum, n) => sum + (noise(x * n + 31 * n, y * n) - 0.5) / n ** 0.92, 0);
  const tilt = hash(7, 7) * Math.PI;
  const long = 0.75 + hash(9, 3) * 0.5;
  return (x, y) => {
    const [a, b] = [x * Math.cos(tilt) + y * Math.sin(tilt), y * Math.cos(tilt) - x * Math.sin(tilt)];
    const edge = Math.max(Math.abs(x) / wide, Math.abs(y)) / 0.8;
    return 0.36 + rough(x * 1.7 + 5, y * 1.7) * 0.72 - ((a * long) ** 2 + (b / long) ** 2) * 1.15 - edge ** 6 * 0.5;
  };
}
