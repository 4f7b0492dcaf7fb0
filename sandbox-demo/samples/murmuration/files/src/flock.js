// The flock, in a worker of its own. It gets the sky's size and the wishes of the visitor, and gives places and velocities.

import { Grid } from "./grid.js";

const SIGHT = 46;
const NEAR = 15;
const CROWD = 28; // neighbours that a bird minds at most
const FAST = 3.4;
const SLOW = 1.5;

const grid = new Grid();
const wish = { count: 0, cohesion: 1, alignment: 1, separation: 1, width: 800, height: 600, x: -1, y: -1 };
let birds = new Float32Array(0);
let time = 0;

onmessage = ({ data }) => {
  if (data.type === "wish") {
    fit(data.wish.width / wish.width, data.wish.height / wish.height);
    Object.assign(wish, data.wish);
    if (birds.length !== wish.count * 4) resize(wish.count);
  } else if (data.type === "step") {
    step();
    // The page gives the buffer back with the next step.
    const out = data.buffer?.byteLength === birds.byteLength ? new Float32Array(data.buffer) : new Float32Array(birds.length);
    out.set(birds);
    postMessage({ birds: out }, [out.buffer]);
  }
};

/** The sky has another size: the flock keeps its place in it. */
function fit(wide, high) {
  if (wide === 1 && high === 1) return;
  for (let at = 0; at < birds.length; at += 4) {
    birds[at] *= wide;
    birds[at + 1] *= high;
  }
}

function resize(count) {
  const next = new Float32Array(count * 4);
  next.set(birds.subarray(0, next.length));
  for (let bird = birds.length / 4; bird < count; bird += 1) {
    const angle = Math.random() * 6.283;
    const far = Math.sqrt(Math.random()) * 0.24 * Math.min(wish.width, wish.height);
    const at = bird * 4;
    next[at] = wish.width / 2 + Math.cos(angle) * far * 1.6;
    next[at + 1] = wish.height * 0.44 + Math.sin(angle) * far;
    next[at + 2] = Math.cos(angle + 1.6) * 2;
    next[at + 3] = Math.sin(angle + 1.6) * 2;
  }
  birds = next;
}

function step() {
  const count = birds.length / 4;
  const { width, height } = wish;
  time += 1;
  grid.fill(birds, count, SIGHT, width, height);
  // The flock's roost wanders, so that it never comes to rest.
  const roostX = width * (0.5 + 0.27 * Math.sin(time * 0.0061));
  const roostY = height * (0.44 + 0.22 * Math.sin(time * 0.0097 + 1));

  for (let bird = 0; bird < count; bird += 1) {
    const at = bird * 4;
    const x = birds[at];
    const y = birds[at + 1];
    let [n, sx, sy, vx, vy, ax, ay] = [0, 0, 0, 0, 0, 0, 0];
    grid.around(x, y, other => {
      const o = other * 4;
      const dx = birds[o] - x;
      const dy = birds[o + 1] - y;
      const d = dx * dx + dy * dy;
      if (other === bird || d > SIGHT * SIGHT) return true;
      n += 1;
      sx += dx;
      sy += dy;
      vx += birds[o + 2];
      vy += birds[o + 3];
      if (d < NEAR * NEAR) {
        const push = 1 - Math.sqrt(d) / NEAR;
        ax -= dx * push;
        ay -= dy * push;
      }
      return n < CROWD;
    });
    let fx = (roostX - x) * 0.00022 + ax * 0.05 * wish.separation;
    let fy = (roostY - y) * 0.00034 + ay * 0.05 * wish.separation;
    if (n > 0) {
      fx += (sx / n) * 0.0034 * wish.cohesion + (vx / n - birds[at + 2]) * 0.075 * wish.alignment;
      fy += (sy / n) * 0.0034 * wish.cohesion + (vy / n - birds[at + 3]) * 0.075 * wish.alignment;
    }
    if (wish.x >= 0) {
      // The pointer is a hawk.
      const dx = x - wish.x;
      const dy = y - wish.y;
      const d = Math.hypot(dx, dy) + 1;
      if (d < 130) {
        fx += (dx / d) * (1 - d / 130) * 0.9;
        fy += (dy / d) * (1 - d / 130) * 0.9;
      }
    }
    let nx = birds[at + 2] + fx;
    let ny = birds[at + 3] + fy;
    const speed = Math.hypot(nx, ny) || 1;
    const wanted = Math.min(FAST, Math.max(SLOW, speed));
    nx *= wanted / speed;
    ny *= wanted / speed;
    birds[at] = x + nx;
    birds[at + 1] = y + ny;
    birds[at + 2] = nx;
    birds[at + 3] = ny;
  }
}
