// Range player: an <audio> element, its wave, and the list of tracks.

import { showRanges } from "./ranges.js";
import { drawWave } from "./wave.js";

const at = id => document.getElementById(id);
const audio = at("audio");
const here = path => new URL(`../${path}`, import.meta.url).href;
const tracks = await (await fetch(here("tracks/index.json"))).json();
const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
let current = 0;

tracks.forEach((track, number) => {
  const button = document.createElement("button");
  button.type = "button";
  const words = document.createElement("div");
  words.append(Object.assign(document.createElement("strong"), { textContent: track.title }), Object.assign(document.createElement("span"), { textContent: track.by }));
  button.append(Object.assign(document.createElement("img"), { src: here(track.cover), alt: "" }), words);
  button.addEventListener("click", () => choose(number, true));
  const item = document.createElement("li");
  item.append(button);
  at("list").append(item);
});

function choose(number, play) {
  current = (number + tracks.length) % tracks.length;
  const track = tracks[current];
  document.documentElement.style.setProperty("--tint", track.tint);
  at("title").textContent = track.title;
  at("by").textContent = track.by;
  at("cover").src = here(track.cover);
  at("cover").alt = `Cover of ${track.title}`;
  audio.src = here(track.file);
  [...at("list").querySelectorAll("button")].forEach((button, at) => button.toggleAttribute("aria-current", at === current));
  at("list").querySelector("[aria-current]").setAttribute("aria-current", "true");
  if (play) audio.play();
  showRanges(here(track.file)).catch(error => (at("head").textContent = `The server was of no help: ${error.message}`));
  draw();
}

function draw() {
  const part = audio.duration ? audio.currentTime / audio.duration : 0;
  drawWave(at("wave"), tracks[current].outline, part);
  at("elapsed").textContent = clock(audio.currentTime);
  at("total").textContent = clock(audio.duration || 0);
  at("seek").value = Math.round(part * 1000);
  at("seek").setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(audio.duration || 0)}`);
}

function tick() {
  draw();
  if (!audio.paused) requestAnimationFrame(tick);
}

at("seek").addEventListener("input", () => {
  if (audio.duration) audio.currentTime = (at("seek").value / 1000) * audio.duration;
  draw();
});
at("play").addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
at("previous").addEventListener("click", () => choose(current - 1, !audio.paused));
at("next").addEventListener("click", () => choose(current + 1, !audio.paused));
for (const name of ["play", "pause"]) {
  audio.addEventListener(name, () => {
    at("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    at("play-shape").setAttribute("d", audio.paused ? "M7 4v16l13-8z" : "M8 5v14M16 5v14");
    tick();
  });
}
for (const name of ["loadedmetadata", "seeked"]) audio.addEventListener(name, draw);
audio.addEventListener("ended", () => choose(current + 1, true));
audio.addEventListener("error", () => (at("head").textContent = `The browser could not play ${tracks[current].file}.`));
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

choose(0, false);
