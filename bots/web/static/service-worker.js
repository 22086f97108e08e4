// Shows a page of its own where a page cannot be reached. It keeps that page and its style, and nothing else: no picture,
// no page of anybody and no answer ever lies in its cache.
const CACHE = "chatelier-offline-1";
const OFFLINE = "/offline";
const KEPT = [OFFLINE, "/static/theme.css", "/static/app.css"];

self.addEventListener("install", (event) => {
  const store = async () => (await caches.open(CACHE)).addAll(KEPT.map((path) => new Request(path, { credentials: "omit" })));
  event.waitUntil(store().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (KEPT.slice(1).includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
  } // everything else goes its way without this script
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const show = async () => {
    const [page] = await self.clients.matchAll({ type: "window" });
    return page ? page.focus() : self.clients.openWindow("/");
  };
  event.waitUntil(show());
});
