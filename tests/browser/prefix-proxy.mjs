// A reverse proxy that serves another server under a prefix, and knows nothing of what it passes on.

import { createServer, request } from "node:http";

export const prefixProxy = (prefix, target) => new Promise(resolve => {
  const server = createServer((asked, answer) => {
    if (!asked.url.startsWith(prefix)) {
      answer.writeHead(418).end("outside of the prefix");
      return;
    }

    const passed = request(`${target}/${asked.url.slice(prefix.length)}`, { method: asked.method, headers: asked.headers }, got => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.writeHead(502).end());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  }).listen(0, "127.0.0.1", () => resolve({ address: `http://127.0.0.1:${server.address().port}${prefix}`, close: () => server.closeAllConnections() ?? server.close() }));
});
