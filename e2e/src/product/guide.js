// What the rows of a guide are tried with.
const element = (name, attributes) => new Promise((resolve, reject) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.onload = made.onloadedmetadata = () => resolve(made);
  made.onerror = () => reject(new Error(`no ${name}`));
  document.body.append(made);
});
const answers = (worker, port = worker) => new Promise((resolve, reject) => {
  port.onmessage = () => resolve(true);
  worker.onerror = () => reject(new Error('no worker'));
});
const script = (code) => URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
/*__ROWS__*/
const found = {};
const attempt = async ([name, row]) => {
  try {
    found[name] = await within(Promise.resolve().then(row), name, args.absent.includes(name) ? 3000 : 20000);
  } catch (error) {
    found[name] = `${error.name}: ${error.message}`;
  }
};
// At once, as what is not there often shows by never coming, for which nobody waits long; but one after another what touches the page or its worker.
const alone = ([name]) => /^Service workers|pushState/.test(name);
await Promise.all(Object.entries(rows).filter((row) => !alone(row)).map(attempt));
for (const row of Object.entries(rows).filter(alone)) await attempt(row);
return found;
