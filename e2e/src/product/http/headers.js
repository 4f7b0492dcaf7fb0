for (const [path, status] of [['index.html', 200], ['a.js', 200], ['a.txt', 200], ['missing.js', 404], ['docs', 200]]) {
  const answer = await ask(path);
  same(`${path}: status`, answer.status, status);
  same(`${path}: Origin-Agent-Cluster`, header(answer, 'origin-agent-cluster'), '?1');
  same(`${path}: nosniff`, header(answer, 'x-content-type-options'), 'nosniff');
  if (status !== 200) continue;
  same(`${path}: content policy`, header(answer, 'content-security-policy'), args.policy);
  same(`${path}: Cache-Control`, header(answer, 'cache-control'), 'no-cache');
  same(`${path}: quiet`, [header(answer, 'x-dns-prefetch-control'), header(answer, 'referrer-policy')], args.open ? [null, null] : ['off', 'same-origin']);
  same(`${path}: isolation`, ['cross-origin-opener-policy', 'cross-origin-embedder-policy', 'cross-origin-resource-policy'].map((name) => header(answer, name)),
    args.isolated ? ['same-origin', 'require-corp', 'cross-origin'] : [null, null, null]);
}
holds('the document is in a cluster of its own', self.originAgentCluster !== false, self.originAgentCluster);
