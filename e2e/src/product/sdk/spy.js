// Between the SDK and its hubs: `counts` is how many requests there were of a kind, `meddle` may change one on its way.
const counts = {};
let meddle = () => {};
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function postMessage(message, ...rest) {
  if (message?.type) {
    counts[message.type] = (counts[message.type] ?? 0) + 1;
    if (meddle(message) === false) return;
  }
  post.call(this, message, ...rest);
};
const hubFrames = () => [...document.querySelectorAll('iframe[src$="/hub.html"]')];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
