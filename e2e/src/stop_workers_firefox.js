// Ends the running worker of every registration, as the browser itself does when one has idled for long.
const manager = Cc['@mozilla.org/serviceworkers/manager;1'].getService(Ci.nsIServiceWorkerManager);
const registrations = manager.getAllRegistrations();
const ended = [];
for (let index = 0; index < registrations.length; index += 1) {
  const registration = registrations.queryElementAt(index, Ci.nsIServiceWorkerRegistrationInfo);
  for (const worker of [registration.activeWorker, registration.waitingWorker, registration.installingWorker]) {
    if (worker) ended.push(worker.terminateWorker());
  }
}
await Promise.all(ended);
return ended.length;
