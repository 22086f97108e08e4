// Dialogs over the feed: a picture, its family, and the forms that start from it.
import { $, $$, alongLine, sure } from "./dom.js";
import { putFeedBehindDialog, pushDialog, popDialog, onBackOrForward } from "./dialog_history.js";
import { moveNoticesHome, moveNoticesTo, showNotice, showAnswer } from "./notices.js";
import { _ } from "./page_data.js";
import { prepare, upload } from "./uploads.js";
import { request } from "./socket.js";
import { coverPicture } from "./pictures/overlay.js";
import { announceWhenDone, personalize } from "./feed.js";

// What few people open first is loaded when it is.
const load = (path) => import(path).catch(() => showNotice(UNREACHABLE, { bad: true }));
const BRUSH = "./pictures/brush.js";
const COMPARISON = "./pictures/comparison.js";
const VIEWER = "./pictures/viewer.js";
const UNREACHABLE = _("The server could not be reached. Please try again.");
const dialog = $("#dialog");
const body = $("#dialog-body");
let shown = null; // what lies on the dialog that was opened last

export function open(path) {
  return htmx.ajax("GET", path, { target: "#dialog-body", swap: "innerHTML" });
}

function opened(path) {
  shown = body.firstElementChild;
  personalize(body);
  $("#present").open = false;
  if (!dialog.open) dialog.showModal();
  moveNoticesTo(dialog);
  if (path) pushDialog(path, () => dialog.open);
  dialog.scrollTop = 0;
  const cells = $(".cells", body);
  if (cells) {
    chooseCells(cells);
    load(BRUSH).then((brush) => cells.isConnected && brush?.offerBrush(cells.form));
  }
  const compared = $(".divided, .comparison", body);
  if (compared) load(COMPARISON).then((comparison) => compared.isConnected && comparison?.prepareComparison(body));
  if ($("[data-full-screen]", body)) load(VIEWER); // so that it is there at once
  ($("[autofocus]", body) ?? body).focus();
}

document.addEventListener("htmx:after:swap", (event) => {
  const { target, request } = event.detail?.ctx ?? {};
  if (target !== body && !body.contains(event.target)) return;
  if (body.firstElementChild !== shown) opened(request?.action); // else what is open was only brought up to date
});
document.addEventListener("htmx:error", () => showNotice(UNREACHABLE, { bad: true }));
dialog.addEventListener("close", () => {
  if (dialog.open || body.firstElementChild !== shown) return; // late news: the next dialog lies here
  body.replaceChildren();
  moveNoticesHome();
  popDialog();
});
onBackOrForward({
  open,
  close() {
    $("#sure").close();
    dialog.close();
  },
});
dialog.addEventListener("pointerdown", (event) => {
  if (event.target === dialog) dialog.close(); // the backdrop
});
dialog.addEventListener("keydown", (event) => {
  if (event.target.closest("textarea, input")) return;
  $(`[data-key="${alongLine(event)}"]`, body)?.click();
});
if (body.childElementCount) { // somebody followed a link
  putFeedBehindDialog();
  opened();
}

// Forms become commands.
dialog.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-ask]");
  if (!form) return;
  event.preventDefault();
  const send = $(".primary", form);
  send.disabled = true;
  const { files, problem } = await uploadedFiles(form);
  const answer = problem
    ? { ok: false, text: problem }
    : await request({ do: "ask", command: form.dataset.ask, values: valuesOf(form), files });
  send.disabled = false;
  if (!answer.ok) return showProblem(form, answer.text);
  dialog.close();
  if (form.dataset.ask === "settings") showNotice(_("Saved."));
  else showAnswer(answer);
  if (answer.job) announceWhenDone(answer.job);
  if (answer.gathering) open(`/gatherings/${answer.gathering}`);
});

// Several values of a field are joined with commas.
function valuesOf(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") values[name] = name in values ? `${values[name]},${value}` : value;
  }
  return values;
}

// The tickets of what was chosen in fields for files, by field.
async function uploadedFiles(form) {
  const files = {};
  const drawn = $(".strokes", form) ? await (await load(BRUSH))?.drawnMask(form) : null;
  if (drawn) {
    const { ticket, problem } = await upload(drawn);
    if (!ticket) return { problem };
    files.mask = [ticket];
  }
  for (const input of $$("input[type=file]", form)) {
    if (drawn && input.name === "mask") continue; // what is drawn is seen
    for (const chosen of [...input.files].slice(0, Number(input.dataset.most))) {
      const { file, problem } = await prepare(chosen);
      const { ticket, problem: refused } = file ? await upload(file) : { problem };
      if (!ticket) return { problem: refused };
      (files[input.name] ??= []).push(ticket);
    }
  }
  return { files };
}

// A suggestion fills its field, or empties it again.
dialog.addEventListener("click", (event) => {
  const suggestion = event.target.closest("[data-fill]");
  if (!suggestion) return;
  const field = document.getElementById(suggestion.dataset.fill);
  field.value = field.value === suggestion.value ? "" : suggestion.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// For good, so only after a second word.
dialog.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-forget]");
  if (!button || !(await sure(button.dataset.sure))) return;
  const answer = await request({ do: "ask", command: "forget-me", values: { confirm: "yes" } });
  if (!answer.ok) return showProblem(button.closest("form"), answer.text);
  dialog.close();
  showNotice(answer.text);
});

function showProblem(form, text) {
  const line = $(".problem", form);
  line.textContent = text;
  line.hidden = false;
}

// The new frame around the picture follows the form: all sides where none is chosen, none where a shape is given.
dialog.addEventListener("input", (event) => {
  const form = event.target.closest("form");
  const frame = form && $(".beyond", form);
  const aspect = form?.elements.aspect;
  if (aspect) {
    $$("[data-fill]", form).forEach((button) => button.setAttribute("aria-pressed", String(button.value === aspect.value)));
  }
  if (!frame) return;
  const sides = $$("[name=sides]:checked", form).map((input) => input.value);
  const shown = sides.length ? sides : $$("[name=sides]", form).map((input) => input.value);
  frame.dataset.sides = aspect.value ? "" : shown.join(" ");
});

// The lettered grid lies exactly on the picture; tap, sweep, or move with the arrow keys.
function chooseCells(cells) {
  const boxes = $$("input", cells);
  coverPicture($("img", cells.parentElement), cells);
  sweep(cells);
  cells.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -4, ArrowDown: 4 }[event.key];
    const next = boxes[boxes.indexOf(event.target) + (step ?? 0)];
    if (!step || !next) return;
    event.preventDefault();
    event.stopPropagation();
    boxes.forEach((box) => { box.tabIndex = -1; });
    next.tabIndex = 0;
    next.focus();
  });
}

function sweep(cells) {
  let choosing = null; // whether the sweep chooses or clears
  const at = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".cells label")?.firstChild;
  cells.addEventListener("pointerdown", (event) => {
    const box = at(event);
    if (!box) return;
    event.preventDefault();
    box.releasePointerCapture?.(event.pointerId);
    choosing = !box.checked;
    box.checked = choosing;
  });
  cells.addEventListener("click", (event) => {
    if (event.detail > 0) event.preventDefault(); // the pointer has done it already; the space bar has not
  });
  cells.addEventListener("pointermove", (event) => {
    const box = choosing === null ? null : at(event);
    if (box) box.checked = choosing;
  });
  addEventListener("pointerup", () => { choosing = null; });
  addEventListener("pointercancel", () => { choosing = null; });
}

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear]")) $$(".cells input", body).forEach((box) => { box.checked = false; });
});

document.addEventListener("click", async (event) => {
  const opener = event.target.closest?.("[data-full-screen], .portrait figure[data-file] > .stage > img");
  if (opener) (await load(VIEWER))?.show($(".stage > img", opener.closest("figure")));
});
