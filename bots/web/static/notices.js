// Notices to one person. A notice is shown and announced where the person is: under the prompt, or on the open
// dialog, behind which the page is inert.
import { $ } from "./dom.js";
import { _ } from "./page_data.js";

const FADES_AFTER_MILLISECONDS = 5000;
const carried = ["#notices", "#line", "#spoken"].map((name) => ({ notice: $(name), home: $(name).parentElement }));

export function moveNoticesTo(dialog) {
  dialog.append(...carried.map(({ notice }) => notice));
}

export function moveNoticesHome() {
  for (const { notice, home } of carried) home.append(notice);
}

let fading;
// One sentence; a problem stays until the next one, everything else fades.
// `point` shows what was typed, with carets under the part that is wrong.
export function showNotice(text, { bad = false, point = "" } = {}) {
  const line = $("#notice");
  clearTimeout(fading);
  line.textContent = text;
  if (point) line.append(Object.assign(document.createElement("pre"), { textContent: point }));
  line.classList.toggle("bad", bad);
  line.setAttribute("role", bad ? "alert" : "status");
  if (text && !bad) fading = setTimeout(() => { line.textContent = ""; }, FADES_AFTER_MILLISECONDS);
}

// An answer that must be copied or read in peace: it stays until it is closed.
export function pinNotice(text, { copy = "" } = {}) {
  const item = $("#pinned-notice").content.firstElementChild.cloneNode(true);
  $("p", item).textContent = text;
  const copying = $("[data-copy]", item);
  if (copy) copying.dataset.copy = copy;
  else copying.remove();
  $(".round", item).addEventListener("click", () => item.remove());
  $("#pinned").append(item);
}

// What a command was answered, beside the dialog or card that it opens.
export function showAnswer({ text = "", keep: isPinned = false, copy = "" }) {
  if (isPinned) pinNotice(text, { copy });
  showNotice(isPinned ? "" : text);
}

export function announce(text) {
  $("#spoken").textContent = text;
}

document.addEventListener("click", async (event) => {
  const copying = event.target.closest?.("[data-copy]");
  if (!copying) return;
  const text = copying.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    showNotice(_("Copied {id}.", { id: text }));
  } catch { // without a secure connection browsers let nobody write to the clipboard
    const sentence = _("The browser does not allow copying here. Please select it and copy it by hand: {id}", { id: text });
    showNotice(sentence, { bad: true });
  }
});
