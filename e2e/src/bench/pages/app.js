const report = { app: location.href, modules: self.ran, loads: performance.getEntriesByType('resource').length };
parent.postMessage(report, '*');
requestAnimationFrame(() => parent.postMessage({ painted: location.href, modules: self.ran }, '*'));
