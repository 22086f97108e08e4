// Several pictures at once: starred, moved, downloaded, compared or deleted.
import { $, $$, sure } from "./dom.js";
import { makeFolder, postJson } from "./folders.js";
import { _ } from "./page_data.js";

const MOST = 200;
const MOST_COMPARED = 4;
const FADES_AFTER_MILLISECONDS = 6000;
const gallery = $("#gallery");
const bar = $("#selection");
const chosen = new Set(); // ids; their cards may be far away, and so not there
let last = null; // the box that was pressed before, for a range

const boxes = () => $$(".pick input", gallery);

function show() {
  const ids = [...chosen];
  $("#selected").textContent = _("Selected: {count}", { count: ids.length });
  $("#selected-zip").href = `/pictures/zip?pictures=${ids.join(",")}`;
  const compare = $("#selected-compare");
  compare.href = `/compare/${ids.join(",")}`;
  compare.hidden = ids.length < 2 || ids.length > MOST_COMPARED;
  for (const link of $$("[data-use]", bar)) {
    link.href = `/?use=${link.dataset.use}&of=${ids.join(",")}`;
    link.hidden = ids.length === 0 || ids.length > Number(link.dataset.most);
  }
  for (const control of $$("[data-selected], #move-to", bar)) control.disabled = ids.length === 0;
  $("#selected-zip").classList.toggle("disabled", ids.length === 0);
  for (const box of boxes()) box.checked = chosen.has(box.value);
}

export const isSelecting = () => gallery.classList.contains("selecting");

function setSelecting(on) {
  gallery.classList.toggle("selecting", on);
  bar.hidden = !on;
  $("#select").ariaPressed = String(on);
  if (!on) chosen.clear();
  show();
  gallery.dispatchEvent(new CustomEvent("stops-changed"));
}

$("#select").addEventListener("click", () => setSelecting(!isSelecting()));
$("#selection-end").addEventListener("click", () => {
  setSelecting(false);
  $("#select").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isSelecting() && !$("dialog[open]")) setSelecting(false);
});
gallery.addEventListener("filled", () => show());

function choose(box, on) {
  if (on && chosen.size >= MOST) return false;
  chosen[on ? "add" : "delete"](box.value);
  return true;
}

// With Shift everything from the box before to this one.
gallery.addEventListener("click", (event) => {
  const box = event.target.closest(".pick input");
  if (!box) return;
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)];
  const range = event.shiftKey && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  const fits = range.every((other) => choose(other, box.checked));
  if (!fits) showNotice(_("At most {count} pictures can be selected at a time.", { count: MOST }));
  last = box;
  show();
});

let clearing;
function showNotice(text) {
  const line = $("#line");
  clearTimeout(clearing);
  line.textContent = text;
  line.hidden = !text;
  clearing = setTimeout(() => { line.hidden = true; }, FADES_AFTER_MILLISECONDS);
}

async function change(wanted, more = {}) {
  bar.inert = true;
  const answer = await postJson("/pictures/selection", { do: wanted, pictures: [...chosen], ...more });
  bar.inert = false;
  showNotice([answer.text ?? _("That did not work. Please try again."), answer.problem].filter(Boolean).join(" "));
  return answer;
}

bar.addEventListener("click", async (event) => {
  const wanted = event.target.closest("[data-selected]")?.dataset.selected;
  if (!wanted) return;
  if (wanted === "delete" && !(await sure(_("Delete the selected pictures for good ({count})?", { count: chosen.size })))) return;
  const { ok, changed = [] } = await change(wanted);
  if (!ok) return;
  if (wanted === "delete") takeAway(changed);
  else setSelecting(false);
});

$("#move-to").addEventListener("change", async (event) => {
  const to = event.target.value;
  event.target.value = "";
  let folder = to === "out" ? "" : to;
  if (to === "new") {
    const made = await makeFolder();
    if (!made) return;
    folder = made.id;
  }
  const moved = [...chosen];
  const { ok } = await change("move", { folder });
  if (!ok) return;
  if (to === "new") location.assign(`/pictures?folder=${folder}`);
  else if (new URLSearchParams(location.search).get("folder")) takeAway(moved);
  else setSelecting(false);
});

function takeAway(ids) {
  for (const id of ids) {
    chosen.delete(id);
    $(`[data-picture="${CSS.escape(id)}"]`, gallery)?.remove();
  }
  setSelecting(chosen.size > 0);
}

show();
