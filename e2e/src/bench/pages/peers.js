// What the benchmarks need to speak to the packages that we are compared with, as their own code would.

/** A file of the corpus as text, made once. */
const texts = new Map();
const textOf = async (path) => {
  if (!texts.has(path)) {
    const bytes = (await B.files).get(path);
    texts.set(path, bytes && new TextDecoder().decode(bytes));
  }
  return texts.get(path);
};

const peers = {
  /** The proxy page and worker of playground-elements, spoken to as its project element does. */
  async playground(origin) {
    const port = new MessageChannel();
    const id = 'benchmark';
    const element = frame(`${origin}/playground-service-worker-proxy.html#playground-session-id=${id}`);
    await within(once(element, 'load'), 'the proxy page');
    const answer = async ({ data }) => {
      const [{ value: path }] = data.argumentList;
      const content = await textOf(path);
      const value = content === undefined ? { body: 'not found', status: 404 } : { name: path, content, contentType: typeOf(path) };
      return { id: data.id, type: 'RAW', value };
    };
    const connected = new Promise((resolve) => {
      port.port1.onmessage = ({ data }) => {
        if (data.type !== 3) return;
        const toWorker = data.port;
        toWorker.onmessage = ({ data }) => {
          if (data.type !== 4) return;
          const files = new MessageChannel();
          files.port1.onmessage = async (event) => files.port1.postMessage(await answer(event));
          const argumentList = [{ type: 'HANDLER', name: 'proxy', value: files.port2 }, { type: 'RAW', value: id }];
          toWorker.postMessage({ id: String(Math.random()), type: 'APPLY', path: ['setFileAPI'], argumentList }, [files.port2]);
          B.connections += 1;
          resolve();
        };
      };
    });
    const scope = `${origin}/__playground_swfs_/`;
    element.contentWindow.postMessage({ type: 1, scope, port: port.port2 }, origin, [port.port2]);
    await within(connected, 'the worker of playground-elements');
    return { base: `${scope}${id}/`, starts: async () => B.connections };
  },
  /** The controller of static-browser-server, which makes itself an origin: a new one each time. */
  async relay(origin) {
    const { PreviewController } = await relayLibrary;
    const getFileContent = async (path) => {
      const content = await textOf(path.slice(1));
      if (content === undefined) throw new Error(`no ${path}`);
      return content;
    };
    const controller = new PreviewController({ baseUrl: origin, getFileContent });
    return { base: await within(controller.initPreview(), 'the relay of static-browser-server') };
  },
  /** The worker of almostnode, and a page of its origin that answers what it is asked in the form that it takes. */
  async bridge(origin) {
    const ready = once(window, 'message', ({ data }) => data?.bridge === origin);
    const element = frame(`${origin}/bridge.html`);
    await within(once(element, 'load'), 'the bridge page');
    element.contentWindow.postMessage({ files: await B.files }, origin);
    await within(ready, 'the worker of almostnode');
    return { base: `${origin}/__virtual__/3000/` };
  },
};

/** The library of static-browser-server is a CommonJS module. */
const relayLibrary = (async () => {
  const module = { exports: {} };
  const source = await (await fetch('/static-browser-server.js')).text();
  new Function('module', 'exports', 'require', source)(module, module.exports, () => ({}));
  return module.exports;
})();
B.relayLibrary = relayLibrary;

/** Gets a peer ready; gives where its files are. */
B.peer = (kind, origin) => peers[kind](origin);

for (const kind of Object.keys(peers)) {
  openers[kind] = async (origin) => {
    const peer = await peers[kind](origin);
    return { ...peer, window: await probeAt(`${peer.base}probe.html`) };
  };
}
