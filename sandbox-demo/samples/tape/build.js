// Makes the sample's sound: three short pieces, synthesised on the spot and written as WAV, and the list of them with their outlines.
// It runs in the playground when the sample is put, as a bundler's plug-in would.

const RATE = 24_000;
const SECONDS = 26;
const OUTLINE = 160;

const pitch = note => 440 * 2 ** ((note - 69) / 12);

/** @returns {Promise<{path: string, content: Uint8Array | string}[]>} */
export default async function build() {
  const tracks = [
    { id: "low-tide", title: "Low tide", by: "Pads and bells", tint: "#2f8f9d", compose: lowTide },
    { id: "night-bus", title: "Night bus", by: "Bass, hats, a late chord", tint: "#d2556f", compose: nightBus },
    { id: "greenhouse", title: "Greenhouse", by: "Plucked strings", tint: "#6b9b3c", compose: greenhouse },
  ];
  const files = [];
  const list = [];
  for (const { compose, ...track } of tracks) {
    const sound = new Float32Array(RATE * SECONDS);
    compose(sound);
    finish(sound);
    files.push({ path: `tracks/${track.id}.wav`, content: wav(sound) });
    list.push({ ...track, file: `tracks/${track.id}.wav`, cover: `covers/${track.id}.webp`, outline: outline(sound) });
    // Let the page draw in between.
    await new Promise(resolve => setTimeout(resolve));
  }
  files.push({ path: "tracks/index.json", content: JSON.stringify(list, null, 1) });
  return files;
}

/** Adds a tone with soft ends. `colour` is how much of each overtone there is. */
function tone(sound, { at, long, note, loud, attack = 0.02, colour = [1], decay = 0 }) {
  const from = Math.round(at * RATE);
  const length = Math.min(Math.round(long * RATE), sound.length - from);
  colour.forEach((part, overtone) => {
    // A sine by recurrence: two multiplications a sample.
    const turn = (2 * Math.PI * pitch(note) * (overtone + 1)) / RATE;
    if (turn > Math.PI) return;
    const k = 2 * Math.cos(turn);
    let [before, now] = [-Math.sin(turn), 0];
    for (let n = 0; n < length; n += 1) {
      const t = n / RATE;
      const ends = Math.min(1, t / attack, (length - n) / (RATE * 0.06));
      sound[from + n] += now * part * loud * ends * (decay ? Math.exp(-t * decay * (1 + overtone * 0.6)) : 1);
      [before, now] = [now, k * now - before];
    }
  });
}

function lowTide(sound) {
  const chords = [[45, 52, 57, 60, 64], [41, 48, 57, 60, 65], [48, 55, 60, 64, 67], [43, 50, 59, 62, 67]];
  for (let bar = 0; bar * 6 < SECONDS; bar += 1) {
    const chord = chords[bar % chords.length];
    for (const note of chord) {
      for (const off of [-0.06, 0.07]) tone(sound, { at: bar * 6, long: 7.2, note: note + off, loud: 0.09, attack: 1.8, colour: [1, 0.3, 0.16, 0.06] });
    }
    for (let n = 0; n < 8; n += 1) {
      tone(sound, { at: bar * 6 + n * 0.75 + 0.3, long: 2.4, note: chord[(n * 3 + bar) % 5] + 24, loud: 0.07 * (n % 3 === 0 ? 1.5 : 1), attack: 0.004, colour: [1, 0, 0.4, 0, 0.14], decay: 2.4 });
    }
  }
}

function nightBus(sound) {
  const beat = 60 / 104;
  const roots = [38, 38, 34, 36];
  let seed = 7;
  const random = () => ((seed = (seed * 16807) % 2147483647) / 2147483647) * 2 - 1;
  for (let step = 0; step * beat * 0.5 < SECONDS - 0.5; step += 1) {
    const at = step * beat * 0.5;
    const root = roots[Math.floor(step / 16) % 4];
    if ([0, 3, 6, 8, 11, 14].includes(step % 16)) tone(sound, { at, long: 0.42, note: root + (step % 16 === 14 ? 12 : 0), loud: 0.4, attack: 0.006, colour: [1, 0.5, 0.25, 0.1], decay: 4 });
    if (step % 8 === 4) [3, 7, 10, 14].forEach((up, n) => tone(sound, { at: at + n * 0.012, long: 1.3, note: root + 24 + up, loud: 0.075, attack: 0.01, colour: [1, 0.3, 0.3, 0.1], decay: 2 }));
    const hat = Math.round(at * RATE);
    const drum = step % 4 === 2 ? 0.22 : step > 15 ? 0.06 : 0.03;
    for (let n = 0; n < RATE * 0.09 && hat + n < sound.length; n += 1) sound[hat + n] += random() * drum * Math.exp((-n / RATE) * (step % 4 === 2 ? 34 : 90));
    if (step % 4 === 0) {
      let phase = 0;
      for (let n = 0; n < RATE * 0.22 && hat + n < sound.length; n += 1) {
        phase += (2 * Math.PI * (46 + 110 * Math.exp((-n / RATE) * 34))) / RATE;
        sound[hat + n] += Math.sin(phase) * 0.55 * Math.exp((-n / RATE) * 13);
      }
    }
  }
}

function greenhouse(sound) {
  const scale = [52, 55, 57, 59, 62, 64, 67, 69, 71, 74];
  let seed = 3;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  let place = 4;
  for (let at = 0; at < SECONDS - 2; at += 0.214) {
    if (random() < 0.22) continue;
    place = Math.max(0, Math.min(scale.length - 1, place + Math.round((random() - 0.5) * 5)));
    pluck(sound, at, pitch(scale[place]), 0.3 + 0.2 * random(), random);
    if (random() < 0.16) pluck(sound, at, pitch(scale[place % 4] - 12), 0.5, random);
  }
}

/** A string after Karplus and Strong: noise in a loop that loses its edge. */
function pluck(sound, at, frequency, loud, random) {
  const period = Math.max(2, Math.round(RATE / frequency));
  const string = Float32Array.from({ length: period }, () => random() * 2 - 1);
  const from = Math.round(at * RATE);
  for (let n = 0; n < RATE * 2 && from + n < sound.length; n += 1) {
    const here = n % period;
    const value = string[here];
    string[here] = (value + string[(here + 1) % period]) * 0.4985;
    sound[from + n] += value * loud * Math.min(1, (RATE * 2 - n) / 800);
  }
}

/** Rounds off peaks, fades both ends and brings the whole to one loudness. */
function finish(sound) {
  let peak = 0;
  for (let n = 0; n < sound.length; n += 1) peak = Math.max(peak, Math.abs((sound[n] = Math.tanh(sound[n] * 1.1))));
  const fade = RATE * 1.5;
  for (let n = 0; n < sound.length; n += 1) sound[n] *= (0.89 / peak) * Math.min(1, n / 400, (sound.length - n) / fade);
}

/** The loudest sample of each slice, from 0 to 1. */
function outline(sound) {
  const slice = Math.ceil(sound.length / OUTLINE);
  return Array.from({ length: OUTLINE }, (_, at) => Math.round(sound.subarray(at * slice, (at + 1) * slice).reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 100) / 100);
}

/** One channel, 16 bit. */
function wav(sound) {
  const data = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const word = (at, text) => [...text].forEach((letter, n) => data.setUint8(at + n, letter.charCodeAt(0)));
  word(0, "RIFF");
  data.setUint32(4, 36 + sound.length * 2, true);
  word(8, "WAVEfmt ");
  data.setUint32(16, 16, true);
  data.setUint16(20, 1, true);
  data.setUint16(22, 1, true);
  data.setUint32(24, RATE, true);
  data.setUint32(28, RATE * 2, true);
  data.setUint16(32, 2, true);
  data.setUint16(34, 16, true);
  word(36, "data");
  data.setUint32(40, sound.length * 2, true);
  sound.forEach((value, n) => data.setInt16(44 + n * 2, Math.round(value * 32767), true));
  return new Uint8Array(data.buffer);
}
