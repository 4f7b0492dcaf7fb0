// Makes of a build another release, by its words alone: what hub and worker send each other bears another format, or the
// hub another protocol. Stands before everything else of the hub's page and of the worker.
(([ownWire, ownProtocol], [wire, protocol]) => {
  const seen = new WeakSet();
  // What comes in is as this build expects it where it is of this release, and as nobody's where it is not.
  const read = (data) => {
    if (!data || typeof data !== "object" || seen.has(data)) return data;
    seen.add(data);
    if ("vf" in data) data.v = data.v === wire ? ownWire : 0;
    if (data.type === "CONNECT") data.version = data.version === protocol ? ownProtocol : 0;
    return data;
  };
  for (const kind of [self.MessageEvent, self.ExtendableMessageEvent]) {
    if (!kind) continue;
    const { get } = Object.getOwnPropertyDescriptor(kind.prototype, "data");
    const data = { get() { return read(get.call(this)); }, configurable: true };
    Object.defineProperty(kind.prototype, "data", data);
  }
  for (const kind of [self.ServiceWorker, self.Client, self.MessagePort]) {
    if (!kind) continue;
    const { postMessage } = kind.prototype;
    kind.prototype.postMessage = function (message, ...rest) {
      if (message && typeof message === "object" && "vf" in message) message.v = wire;
      return postMessage.call(this, message, ...rest);
    };
  }
})([], []);
