// The outer page of an Activity: asks Discord's client who somebody is, and then holds the app in a frame. The client
// listens for as long as this page stays, so the app goes from page to page within. It speaks RPC by messages between
// windows: https://docs.discord.com/developers/activities/how-activities-work
// The access token stays on the server, so no command is used that needs AUTHENTICATE.
import { $, Refusal, answerOf, post } from "./dom.js";

const [HANDSHAKE, FRAME, CLOSE] = [0, 1, 2];
const DISCORD = /^https:\/\/(?:[a-z]+\.)?discord\.com$/;
const PATIENCE_SECONDS = 30;
const line = $("#activity");
const asked = line.dataset;
const address = new URLSearchParams(location.search);
// In a window of its own, the client is the window that opened the one around this frame.
const client = parent.opener ?? parent;
const alone = client === window; // in Discord's apps for phones
const referrer = document.referrer && new URL(document.referrer).origin;
// Where the browser does not tell who holds this frame, its policy still lets nobody but Discord do so.
const target = DISCORD.test(referrer) ? referrer : "*";
const answers = new Map(); // nonce, or READY → { resolve, reject }

const isClient = ({ origin, source }) =>
  alone ? [location.origin, "null"].includes(origin) : DISCORD.test(origin) && [client, parent].includes(source);

addEventListener("message", (event) => {
  if (!isClient(event) || !Array.isArray(event.data)) return;
  const [opcode, frame] = event.data;
  if (opcode === CLOSE) fail(asked.failed);
  if (opcode !== FRAME) return;
  const key = frame.cmd === "DISPATCH" ? frame.evt : frame.nonce;
  const waiting = answers.get(key);
  answers.delete(key);
  if (frame.evt === "ERROR") waiting?.reject(new Refusal(asked.failed));
  else waiting?.resolve(frame.data);
});

const answerTo = (key) => new Promise((resolve, reject) => answers.set(key, { resolve, reject }));

function command(cmd, args) {
  const nonce = crypto.randomUUID();
  const answer = answerTo(nonce);
  client.postMessage([FRAME, { cmd, args, nonce }], target);
  return answer;
}

function fail(sentence) {
  line.textContent = sentence;
  const again = $("a", line.nextElementSibling);
  again.href = location.href;
  again.parentElement.hidden = false;
}

async function prove() {
  const late = setTimeout(() => fail(asked.nowhere), PATIENCE_SECONDS * 1000);
  const ready = answerTo("READY");
  const frame_id = address.get("frame_id");
  client.postMessage([HANDSHAKE, { v: 1, encoding: "json", client_id: asked.client, frame_id }], target);
  await ready;
  clearTimeout(late);
  const { code } = await command("AUTHORIZE", {
    client_id: asked.client,
    response_type: "code",
    state: asked.state,
    prompt: "none",
    scope: asked.scope.split(" "),
    code_challenge: asked.challenge,
    code_challenge_method: "S256",
  });
  const body = { code, state: asked.state, instance: address.get("instance_id") };
  const response = await post("/activity", JSON.stringify(body));
  await answerOf(response);
}

function show() {
  const frame = document.createElement("iframe");
  Object.assign(frame, { title: asked.title, allow: "fullscreen; clipboard-write", src: "/" });
  frame.addEventListener("load", () => frame.focus(), { once: true });
  // Links to elsewhere are opened by Discord, which asks first.
  frame.addEventListener("load", () =>
    frame.contentDocument?.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || link.host === location.host || !link.protocol.startsWith("http")) return;
      event.preventDefault();
      command("OPEN_EXTERNAL_LINK", { url: link.href }).catch(() => {});
    }),
  );
  document.body.replaceChildren(frame);
  document.body.className = "activity";
}

// Whoever followed a link to here is not in Discord, and has the ordinary page.
if (location.hostname !== asked.host) location.replace("/");
else prove().then(show, (error) => fail((error instanceof Refusal && error.message) || asked.failed));
