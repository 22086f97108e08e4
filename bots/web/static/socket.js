// The socket: connects again by itself, and sends again what was not answered.
import { $ } from "./dom.js";
import { newId, _ } from "./page_data.js";

const LONGEST_WAIT_SECONDS = 15;
const PING_SECONDS = 25;
const NOT_IN = 4401;
const requests = new Map(); // id → { message, resolve }: sent, not yet answered
const handlers = new Map();
let socket;
let tries = 0;
let heardAt = 0;
let waiting;

export function on(type, handler) {
  handlers.set(type, handler);
}

// Resolves with the answer. A lost connection only delays it: the id makes a repeated request the same one.
export function request(message, { id = newId() } = {}) {
  return new Promise((resolve) => {
    requests.set(id, { message: { ...message, id }, resolve });
    if (!transmit(requests.get(id).message)) showConnectionState(_("Sent. It is sent when the connection is back."));
  });
}

function transmit(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

export function connect() {
  clearTimeout(waiting);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/room`);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", ({ data }) => received(JSON.parse(data)));
  socket.addEventListener("close", closed);
}

function opened() {
  heardAt = Date.now();
  if (tries > 0) showConnectionState(_("Connected again."), 2500);
  tries = 0;
  for (const { message } of requests.values()) transmit(message);
}

function received(message) {
  heardAt = Date.now();
  if (message.type === "answer") {
    const found = requests.get(message.id);
    requests.delete(message.id);
    found?.resolve(message);
  }
  handlers.get(message.type)?.(message);
}

function closed({ code }) {
  if (code === NOT_IN) return location.reload();
  tries += 1;
  const seconds = Math.min(LONGEST_WAIT_SECONDS, 2 ** Math.min(tries - 1, 4)) * (0.75 + Math.random() / 2);
  const lost = _("The connection was lost. Trying again in {seconds} s…", { seconds: Math.ceil(seconds) });
  if (tries > 1 || requests.size) showConnectionState(lost);
  waiting = setTimeout(connect, seconds * 1000);
}

let clearing;
function showConnectionState(text, milliseconds = 0) {
  const line = $("#line");
  clearTimeout(clearing);
  line.textContent = text;
  line.hidden = !text;
  if (milliseconds) clearing = setTimeout(() => showConnectionState(""), milliseconds);
}

// A phone that slept may hold a socket that is dead without knowing it.
setInterval(() => {
  if (socket?.readyState !== WebSocket.OPEN) return;
  if (Date.now() - heardAt > 2.5 * PING_SECONDS * 1000) socket.close();
  else transmit({ do: "ping" });
}, PING_SECONDS * 1000);

function reconnectNow() {
  if (document.visibilityState === "visible" && socket?.readyState === WebSocket.CLOSED) connect();
}
document.addEventListener("visibilitychange", reconnectNow);
addEventListener("online", reconnectNow);
