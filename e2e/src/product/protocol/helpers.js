// A host without the SDK: the hub's frame, and ports to it.
const hubAt = async (origin) => {
  const frame = Object.assign(document.createElement('iframe'), { src: `${origin}/hub.html`, name: 'hub' });
  const loaded = once(frame, 'load');
  document.body.append(frame);
  await within(loaded, 'the hub');
  return frame;
};
/** A port to the hub, with the handshake sent. `heard` holds all that came by it, in order. */
const connection = (frame, origin, hello = { version: 2 }) => {
  const { port1: port, port2 } = new MessageChannel();
  const line = { port, heard: [], waiting: [], last: 0 };
  port.onmessage = ({ data }) => {
    line.heard.push(data);
    line.waiting = line.waiting.filter(({ accept, resolve }) => !accept(data) || resolve(data));
  };
  /** The first message that is accepted, already heard or still to come. */
  line.hear = (accept, what) => within(new Promise((resolve) => {
    const found = line.heard.find(accept);
    if (found) resolve(found);
    else line.waiting.push({ accept, resolve });
  }), what);
  line.answer = (id) => line.hear((data) => data?.id === id && 'ok' in data, `the answer to request ${id}`);
  line.answers = (id) => line.heard.filter((data) => data?.id === id && 'ok' in data);
  line.send = (message) => {
    line.last += 1;
    port.postMessage({ id: line.last, ...message });
    return line.last;
  };
  line.ask = (message) => line.answer(line.send(message));
  /** Ports keep the order, and the hub answers from tasks of their own: after two more requests nothing is on its way. */
  line.settle = async () => {
    await line.ask({ type: 'WAKE' });
    await line.ask({ type: 'ESTIMATE' });
  };
  frame.contentWindow.postMessage({ type: 'CONNECT', ...hello }, origin, [port2]);
  return line;
};
const connected = async (frame, origin) => {
  const line = connection(frame, origin);
  const hello = await line.answer(0);
  if (!hello.ok) throw new Error(`the handshake: ${JSON.stringify(hello.error)}`);
  return line;
};
const codeOf = (answer) => answer.error?.code ?? 'ok';
const put = (files, more = {}) => ({ type: 'PUT_FILES', sessionId: args.session, files, ...more });
const bytesOf = async (line, path) => Array.from(new Uint8Array(await (await line.ask({ type: 'READ_FILE', sessionId: args.session, path })).value.file.arrayBuffer()));
