// Helpers of every table: see table.rs.
const wrong = [];
let checked = 0;
/** Both are the same as JSON. */
const same = (what, found, wanted) => {
  checked += 1;
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value) ?? 'undefined');
  if (a !== b) wrong.push(`${what}: found ${a}, wanted ${b}`);
};
const holds = (what, condition, found) => {
  checked += 1;
  if (!condition) wrong.push(`${what}: found ${JSON.stringify(found)}`);
};
/** A request that no cache answers or takes part in. */
const ask = (path, headers = {}, init = {}) => within(fetch(path, { cache: 'no-store', headers, ...init }), `the answer to ${path}`);
const header = (response, name) => response.headers.get(name);
const textOf = async (response) => [response.status, await within(response.text(), `the text of ${response.url}`)];
/** What a promise rejects with: its code, or its name where it has none. */
const refusal = async (promise) => {
  try {
    return `resolved to ${JSON.stringify(await promise)}`;
  } catch (error) {
    return error.code ?? error.name;
  }
};
/** A page of ours that a person understands: status, words, a code for support, and nothing that loads. */
const isPage = async (what, response, status, title, code) => {
  same(`${what}: status`, response.status, status);
  same(`${what}: type`, header(response, 'content-type'), 'text/html; charset=utf-8');
  same(`${what}: not sniffed`, header(response, 'x-content-type-options'), 'nosniff');
  same(`${what}: not stored`, header(response, 'cache-control'), 'no-store');
  const policy = header(response, 'content-security-policy') ?? '';
  holds(`${what}: policy`, policy.startsWith("default-src 'none'"), policy);
  const page = new DOMParser().parseFromString(await within(response.text(), `the page ${response.url}`), 'text/html');
  same(`${what}: title`, page.title, title);
  same(`${what}: heading`, page.querySelector('h1')?.textContent, title);
  same(`${what}: shown status`, page.querySelector('.s')?.textContent, String(status));
  same(`${what}: code`, page.querySelector('.c code')?.textContent, code);
  const words = [...page.querySelectorAll('main p:not(.s, .c)')].map((p) => p.textContent);
  holds(`${what}: says what happened and what to do`, words.length >= 2 && words.every((text) => text.length > 20), words);
  holds(`${what}: loads nothing`, !page.querySelector('script[src], link, img, iframe, object, [src], [style*=url]'), page.body?.innerHTML);
  return page;
};
/** Loads a URL in a frame of this document; gives what came to be shown. */
const frameAt = async (src, prepare = () => {}) => {
  const frame = document.createElement('iframe');
  const loaded = once(frame, 'load');
  frame.src = src;
  prepare(frame);
  document.body.append(frame);
  await within(loaded, `the frame of ${src}`);
  const { location, document: shown } = frame.contentWindow;
  const seen = { path: location.pathname + location.search, title: shown.title, text: shown.body?.innerText.trim() };
  frame.remove();
  return seen;
};
