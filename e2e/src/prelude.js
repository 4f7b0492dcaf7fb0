// Helpers in scope of every script that the suite runs in a page.
const describe = (error) => {
  if (!(error && typeof error === 'object')) return String(error);
  const code = error.code ? ` [${error.code}]` : '';
  return `${error.name}${code}: ${error.message}\n${error.stack ?? ''}`;
};
/** The promise, or an error that names what was awaited after so many ms. */
const within = (promise, what, limit = 20000) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for ${what}`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
/** The next event of the target for which `accept` holds. */
const once = (target, type, accept = () => true) => new Promise((resolve) => {
  target.addEventListener(type, function listener(event) {
    if (!accept(event)) return;
    target.removeEventListener(type, listener);
    resolve(event);
  });
});
/** Adds a frame and gives the report that its document posts to its parent. `attributes` may hold src or srcdoc. */
const probe = async (attributes, limit) => {
  const frame = document.createElement('iframe');
  frame.name = `probe-${Math.random()}`;
  for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
  const report = once(window, 'message', (event) => event.data?.probe === frame.name);
  document.body.append(frame);
  return (await within(report, `the report of the frame ${JSON.stringify(attributes).slice(0, 300)}`, limit)).data.report;
};
const sha256 = async (data) => {
  const bytes = data instanceof Blob ? await data.arrayBuffer() : data;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
