// The endpoints of /bench that other languages are measured by, on Node's own http module: node server.js HOST PORT
"use strict";

const http = require("node:http");

const tags = ["red", "green", "blue"];
const rows = Array.from({ length: 1000 }, (_, place) => {
  const id = place + 1;
  return {
    id,
    name: `record ${id}`,
    price: id * 1.25,
    active: id % 2 === 0,
    tags: tags.slice(0, id % 4),
    note: id % 3 ? null : `note on ${id}`,
  };
});

function answer(response, status, data) {
  const body = Buffer.from(JSON.stringify(data));
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}

// As the app does: a number in its bounds, or 422.
function whole(url, name, usual) {
  const said = url.searchParams.get(name);
  const number = said === null ? usual : Number(said);
  return Number.isInteger(number) && number >= 0 && number <= 1000 ? number : null;
}

const endpoints = {
  "/health/live": (response) => answer(response, 200, { status: "ok" }),
  "/bench/ping": (response) => answer(response, 200, { message: "pong" }),
  "/bench/noop/async": (response) => answer(response, 200, { message: "hello" }),
  "/bench/json/model": (response, url) => {
    const size = whole(url, "size", 50);
    if (size === null) return answer(response, 422, { detail: "size: 0 to 1000" });
    // New objects for each answer, as the app builds its models.
    return answer(response, 200, { size, records: rows.slice(0, size).map((row) => ({ ...row })) });
  },
  "/bench/io/async": (response, url) => {
    const ms = whole(url, "ms", 10);
    if (ms === null) return answer(response, 422, { detail: "ms: 0 to 1000" });
    return setTimeout(() => answer(response, 200, { calls: 1, ms }), ms);
  },
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const endpoint = endpoints[url.pathname];
  if (!endpoint) return answer(response, 404, { detail: "Not Found" });
  if (request.method !== "GET") return answer(response, 405, { detail: "Method Not Allowed" });
  return endpoint(response, url);
});
server.keepAliveTimeout = 75_000;

const [host, port] = process.argv.slice(2);
server.listen({ host, port: Number(port), backlog: 4096 });
process.on("SIGTERM", () => process.exit(0));
