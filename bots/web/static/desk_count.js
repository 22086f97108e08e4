// How many cases are open, on the button of the moderators' desk: asked for now and then, and told when it changes.
import { $ } from "./dom.js";
import { on } from "./socket.js";

const EVERY_MILLISECONDS = 120_000;
const badge = $("#desk-count");

function show({ count, text }) {
  badge.textContent = count;
  badge.hidden = count === 0;
  badge.closest("a").title = text;
}

async function refresh() {
  if (document.hidden) return;
  const response = await fetch("/desk/count").catch(() => null);
  if (response?.ok) show(await response.json());
}

if (badge) {
  on("desk", show);
  refresh();
  setInterval(refresh, EVERY_MILLISECONDS);
  document.addEventListener("visibilitychange", refresh);
}
