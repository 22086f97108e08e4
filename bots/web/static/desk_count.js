// How many cases are open, on the button of the moderators' desk.
import { $ } from "./dom.js";

const EVERY_MILLISECONDS = 30_000;
const badge = $("#desk-count");

async function refresh() {
  if (document.hidden) return;
  const response = await fetch("/desk/count").catch(() => null);
  if (!response?.ok) return;
  const { count, text } = await response.json();
  badge.textContent = count;
  badge.hidden = count === 0;
  badge.closest("a").title = text;
}

if (badge) {
  refresh();
  setInterval(refresh, EVERY_MILLISECONDS);
  document.addEventListener("visibilitychange", refresh);
}
