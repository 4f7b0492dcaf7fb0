// What was kept by a cache of the page's shows neither a worker's part nor bytes that came.
const reached = performance.getEntriesByType('resource').filter((load) => load.workerStart > 0 || load.transferSize > 0);
parent.postMessage({ app: location.href, modules: self.ran, reached: reached.length }, '*');
requestAnimationFrame(() => parent.postMessage({ painted: location.href, modules: self.ran }, '*'));
