// A gathering that lies in the dialog is looked up again every few seconds, so that everybody sees what others did.
import { $ } from "./dom.js";

const EVERY_MILLISECONDS = 3000;
const AFTER_A_PRESS_MILLISECONDS = 400;
const body = $("#dialog-body");
let shown = "";

async function refresh() {
  const live = $("[data-live]", body);
  if (!live || document.hidden) return;
  const response = await fetch(live.dataset.live, { headers: { "hx-request": "true" } }).catch(() => null);
  if (!response?.ok) return;
  const html = await response.text();
  if (html === shown || !live.isConnected) return;
  // Buttons stay the elements they are: a press, or what it asked for, may be under way.
  htmx.swap({ target: live, text: (shown = html), swap: "innerMorph" });
}

setInterval(refresh, EVERY_MILLISECONDS);
body.addEventListener("click", (event) => {
  if (event.target.closest("[data-live] [data-press]")) setTimeout(refresh, AFTER_A_PRESS_MILLISECONDS);
});
