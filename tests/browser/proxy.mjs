// A proxy as people put before a host: everything below a path, which it takes off.

import { createServer, request } from "node:http";
import { once } from "node:events";

/** Serves `target` below `path`. */
export async function proxy(target, path) {
  const { hostname, port } = new URL(target);
  const server = createServer((asked, answer) => {
    if (!asked.url.startsWith(`${path}/`)) {
      answer.writeHead(404).end();
      return;
    }
    const headers = { ...asked.headers, "x-forwarded-prefix": path };
    const onward = request({ hostname, port, method: asked.method, path: asked.url.slice(path.length), headers }, (found) => {
      answer.writeHead(found.statusCode, found.headers);
      found.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}${path}`, stop: () => server.closeAllConnections() || server.close() };
}
