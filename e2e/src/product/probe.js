// A page of a session that does what session code would, and how a host page has it do that.
/** A document that fetches what it is asked to, as the session's own code would. */
const PROBE = `<!doctype html><meta charset="utf-8"><title>probe</title><script>
addEventListener('message', async ({ data, source }) => {
  if (!data?.ask) return;
  const report = { answered: data.ask };
  try {
    const response = await fetch(data.url, data.init);
    Object.assign(report, { status: response.status, etag: response.headers.get('etag'), range: response.headers.get('content-range') });
    const body = await response.text();
    Object.assign(report, { text: data.brief ? body.slice(0, 60) : body, length: body.length });
  } catch (error) { report.error = String(error); }
  source.postMessage(report, '*');
});
parent.postMessage({ probe: location.href, controlled: !!navigator.serviceWorker?.controller }, '*');
</script>`;
let asked = Math.random();
/** Has a mounted probe fetch a URL. */
const ask = async (preview, url, more = {}, limit = undefined) => {
  asked += 1;
  const id = `ask-${asked}`;
  const answer = once(window, 'message', (event) => event.data?.answered === id);
  preview.element.contentWindow.postMessage({ ask: id, url, ...more }, '*');
  return (await within(answer, `the probe's fetch of ${url}`, limit)).data;
};
