// That pictures are ready, for somebody who looks elsewhere: in the title, and as a notification where it was asked for.
import { $ } from "./dom.js";
import { _ } from "./page_data.js";

const KEY = "chatelier-notify";
const title = document.title;
const box = $("#notify");
let ready = 0;

const isWatched = () => document.visibilityState === "visible" && document.hasFocus();

export async function tellReady(prompt) {
  if (isWatched()) return;
  ready += 1;
  document.title = `(${ready}) ${_("Ready")} · ${title}`;
  if (!box.checked || Notification.permission !== "granted") return;
  const options = { body: prompt, icon: "/static/icons/icon-192.png", tag: "chatelier-ready" };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker) worker.showNotification(_("Your pictures are ready"), options); // phones know no other way
  else new Notification(_("Your pictures are ready"), options);
}

function reset() {
  if (!isWatched()) return;
  ready = 0;
  document.title = title;
}
document.addEventListener("visibilitychange", reset);
addEventListener("focus", reset);

function remembered() {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

if ("Notification" in window) {
  box.closest("label").hidden = false;
  box.checked = remembered() && Notification.permission === "granted";
  box.addEventListener("change", async () => {
    box.checked = box.checked && (await Notification.requestPermission()) === "granted";
    try {
      localStorage.setItem(KEY, box.checked ? "yes" : "no");
    } catch {
      // Then it is asked for again next time.
    }
  });
}
