// Sheets over the wall: a picture, its family, and the forms that start from it.
import { $, $$, sure } from "./dom.js";
import { arrive, enter, leave, onTravel } from "./dialog_history.js";
import { carryHome, carryTo, say, tell } from "./notices.js";
import { words } from "./page_data.js";
import { wish } from "./socket.js";
import { announce, dress } from "./feed.js";

const sheet = $("#sheet");
const body = $("#sheet-body");
let shown = null; // what lies on the sheet that was opened last

export function open(path) {
  return htmx.ajax("GET", path, { target: "#sheet-body", swap: "innerHTML" });
}

function opened(path) {
  shown = body.firstElementChild;
  dress(body);
  $("#present").open = false;
  if (!sheet.open) sheet.showModal();
  carryTo(sheet);
  if (path) enter(path, () => sheet.open);
  sheet.scrollTop = 0;
  const cells = $(".cells", body);
  if (cells) chooseCells(cells);
  ($("[autofocus]", body) ?? body).focus();
}

document.addEventListener("htmx:after:swap", (event) => {
  const { target, request } = event.detail?.ctx ?? {};
  if (body.contains(event.target) || target === body) opened(request?.action);
});
document.addEventListener("htmx:error", () => say(words.unreached, { bad: true }));
sheet.addEventListener("close", () => {
  if (sheet.open || body.firstElementChild !== shown) return; // late news: the next sheet lies here
  body.replaceChildren();
  carryHome();
  leave();
});
onTravel({
  open,
  close() {
    $("#sure").close();
    sheet.close();
  },
});
sheet.addEventListener("pointerdown", (event) => {
  if (event.target === sheet) sheet.close(); // the backdrop
});
sheet.addEventListener("keydown", (event) => {
  if (event.target.closest("textarea, input")) return;
  $(`[data-key="${event.key}"]`, body)?.click();
});
if (body.childElementCount) { // somebody followed a link
  arrive();
  opened();
}

// Forms become commands.
sheet.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-ask]");
  if (!form) return;
  event.preventDefault();
  const values = {};
  for (const [name, value] of new FormData(form)) {
    values[name] = name in values ? `${values[name]},${value}` : value;
  }
  for (const input of $$("[data-empty]", form)) values[input.name] ||= input.dataset.empty;
  if (form.dataset.ask === "edit" && !values.region) return problem(form, words.chooseCells);
  if (values.aspect) {
    delete values.sides;
    delete values.amount;
  }
  const answer = await wish({ do: "ask", command: form.dataset.ask, values });
  if (!answer.ok) return problem(form, answer.text);
  sheet.close();
  if (form.dataset.ask === "settings") say(words.saved);
  else tell(answer);
  if (answer.job) announce(answer.job);
});

// For good, so only after a second word.
sheet.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-forget]");
  if (!button || !(await sure(button.dataset.sure))) return;
  const answer = await wish({ do: "ask", command: "forget-me", values: { confirm: "yes" } });
  if (!answer.ok) return problem(button.closest("form"), answer.text);
  sheet.close();
  say(answer.text);
});

function problem(form, text) {
  const line = $(".problem", form);
  line.textContent = text;
  line.hidden = false;
}

// The new frame around the picture follows the chosen sides.
sheet.addEventListener("change", (event) => {
  const form = event.target.closest("[data-ask=expand]");
  if (!form) return;
  const shaped = form.elements.aspect.value !== "";
  $$("[name=sides], [name=amount]", form).forEach((input) => { input.disabled = shaped; });
  const sides = $$("[name=sides]:checked", form).map((input) => input.value);
  $(".beyond", form).dataset.sides = shaped ? "" : sides.join(" ");
});

// The lettered grid lies exactly on the picture; tap, sweep, or move with the arrow keys.
function chooseCells(cells) {
  const image = $("img", cells.parentElement);
  const boxes = $$("input", cells);
  const lay = () => {
    const scale = Math.min(image.clientWidth / image.width0, image.clientHeight / image.height0);
    const [width, height] = [image.width0 * scale, image.height0 * scale];
    Object.assign(cells.style, {
      left: `${image.offsetLeft + (image.clientWidth - width) / 2}px`,
      top: `${image.offsetTop + (image.clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  };
  image.width0 = Number(image.getAttribute("width"));
  image.height0 = Number(image.getAttribute("height"));
  new ResizeObserver(lay).observe(image);
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
  let paint = null; // whether the sweep chooses or clears
  const at = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".cells label")?.firstChild;
  cells.addEventListener("pointerdown", (event) => {
    const box = at(event);
    if (!box) return;
    event.preventDefault();
    box.releasePointerCapture?.(event.pointerId);
    paint = !box.checked;
    box.checked = paint;
  });
  cells.addEventListener("click", (event) => {
    if (event.detail > 0) event.preventDefault(); // the pointer has done it already; the space bar has not
  });
  cells.addEventListener("pointermove", (event) => {
    const box = paint === null ? null : at(event);
    if (box) box.checked = paint;
  });
  addEventListener("pointerup", () => { paint = null; });
  addEventListener("pointercancel", () => { paint = null; });
}

sheet.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear]")) $$(".cells input", body).forEach((box) => { box.checked = false; });
});
