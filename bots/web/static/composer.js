// The prompt: Enter sends, Shift+Enter breaks the line, ↑ brings back what was typed before.
import { $ } from "./dom.js";
import { showNotice, showAnswer } from "./notices.js";
import { catalog, newId, _ } from "./page_data.js";
import { request } from "./socket.js";
import { scrollToJob, resolvePlaceholder, showPlaceholder } from "./feed.js";
import { open } from "./dialogs.js";
import * as completion from "./completion.js";
import * as attachments from "./attachments.js";
import { refreshControls, useFlag } from "./prompt/controls.js";
import { wordsEnd } from "./prompt/flags.js";

const form = $("#composer");
const box = $("#say");
const typed = [];
let recalled = 0;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = box.value.trim();
  if (!text) return box.focus();
  if (attachments.busy()) return showNotice(_("The image is still on its way. Please try again in a moment."), { bad: true });
  const problem = await attachments.uploadAgainFor(text);
  if (problem) return showNotice(problem, { bad: true });
  const { image, mask, more } = attachments.tickets();
  completion.close();
  typed.push(text);
  recalled = typed.length;
  box.value = "";
  promptChanged();
  showNotice("");
  const id = newId();
  const placeholder = paints(text) ? showPlaceholder(id, text) : null;
  const answer = await request({ do: "say", text, image, mask, more }, { id });
  resolvePlaceholder(placeholder, answer.job);
  if (!answer.ok) {
    if (!box.value) box.value = text; // what was typed is not lost to a typing mistake
    promptChanged();
    return showNotice(answer.text, { bad: true, point: answer.point });
  }
  if (answer.job) {
    attachments.clear();
    scrollToJob(answer.job);
  }
  if (answer.go) return location.assign(answer.go);
  if (answer.open) open(answer.open);
  if (answer.text) showAnswer(answer);
});

function paints(text) {
  const name = text.match(/^\/(\S+)/)?.[1];
  return !name || catalog.some((spec) => spec.name === name && spec.paints);
}

box.addEventListener("keydown", (event) => {
  if (event.isComposing || completion.handleKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "ArrowUp" && (box.value === "" || box.value === typed[recalled])) {
    recallPrompt(-1, event);
  } else if (event.key === "ArrowDown" && box.value !== "" && box.value === typed[recalled]) {
    recallPrompt(1, event);
  }
});

function recallPrompt(by, event) {
  const next = recalled + by;
  if (next < 0 || next > typed.length) return;
  event.preventDefault();
  recalled = next;
  box.value = typed[recalled] ?? "";
  promptChanged();
}

// For browsers without field-sizing.
function resizePrompt() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 176)}px`;
}

function promptChanged() {
  resizePrompt();
  refreshControls();
}
for (const change of ["input", "typed"]) box.addEventListener(change, promptChanged);

export function setPrompt(text) {
  box.value = text;
  box.focus();
  box.setSelectionRange(wordsEnd(text), wordsEnd(text));
  promptChanged();
  completion.refresh();
}

// A slash anywhere starts a command.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, dialog[open]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!box.value) setPrompt("/");
  else box.focus();
});

document.addEventListener("click", (event) => {
  const example = event.target.closest?.("[data-type], [data-add]");
  if (!example) return;
  example.closest("[popover]")?.hidePopover();
  $("#dialog").close();
  const { type, add = "" } = example.dataset;
  if (type) setPrompt(type);
  else if (add.startsWith("--ref ") && !$("#controls [data-flag=ref]")) setPrompt(`/remix ${add.slice(6)} `); // no model takes any
  else useFlag(add);
});

// What one types first is the prompt. On a phone the keyboard would cover half of the feed.
if (!$("#dialog").open && matchMedia("(hover: hover)").matches) box.focus({ preventScroll: true });
// What came with the address is typed once.
if (location.search) history.replaceState(history.state, "", location.pathname);
promptChanged();
