// Asks the server for parts of a file, as a media player does, and shows what it answers.

/** What is asked, given the file's size. */
const QUESTIONS = size => [
  "bytes=0-43", // the head of the file
  `bytes=${Math.floor(size / 2)}-${Math.floor(size / 2) + 999}`, // a piece from the middle
  "bytes=-16", // the last bytes
  `bytes=${size - 100}-${size + 100}`, // more than there is: clamped
  `bytes=${size}-`, // nothing of it is there
];

const at = id => document.getElementById(id);

/** @param {string} url */
export async function showRanges(url) {
  const whole = await fetch(url, { method: "HEAD" });
  const size = Number(whole.headers.get("content-length"));
  const answers = await Promise.all(QUESTIONS(size).map(range => ask(url, range)));
  at("answers").replaceChildren(...answers.map(row));
  at("head").textContent = describe(answers[0].bytes, size);
}

async function ask(url, range) {
  const response = await fetch(url, { headers: { range } });
  return { range, status: response.status, says: response.headers.get("content-range") ?? "none", bytes: await response.arrayBuffer() };
}

/** The first 44 bytes of a WAV file say what it is. */
function describe(bytes, size) {
  const data = new DataView(bytes);
  const rate = data.getUint32(24, true);
  const seconds = data.getUint32(40, true) / data.getUint32(28, true);
  return `${(size / 1e6).toFixed(2)} MB of ${data.getUint16(34, true)} bit sound at ${rate / 1000} kHz, ${seconds.toFixed(1)} seconds. The first 44 bytes were enough to know.`;
}

function row({ range, status, says, bytes }) {
  const line = document.createElement("tr");
  for (const text of [range, status, says, status === 206 ? bytes.byteLength : "none"]) {
    const cell = line.insertCell();
    if (text === status) cell.append(Object.assign(document.createElement("b"), { textContent: text }));
    else cell.textContent = text;
  }
  return line;
}
