// The moderators' desk: a list that keeps itself fresh, one claimed case, and keys for everything.
import { $, $$, post, sure } from "../dom.js";

const REFRESH_SECONDS = 3;
const cases = $("#cases");
const place = $("#case");
const choose = place.innerHTML;
let chosen = null; // the case under the cursor
let claimed = null; // the case that this moderator claimed
const revealed = new Set(); // ids of the cases whose small pictures are shown

async function postJson(path, body = {}) {
  const response = await post(path, JSON.stringify(body));
  const text = await response.text();
  try {
    return { ok: response.ok, ...JSON.parse(text) };
  } catch {
    return { ok: false, text }; // a sentence: to somebody who moderates no more, or from a proxy
  }
}

let clearing;
function showNotice(text) {
  const line = $("#line");
  clearTimeout(clearing);
  line.textContent = text;
  line.hidden = !text;
  clearing = setTimeout(() => { line.hidden = true; }, 5000);
}

const narrow = matchMedia("(max-width: 760px)"); // there the case lies above the list
const lines = () => $$(".case-line", cases);
const caseOf = (element) => element.closest(".case-line").dataset.case;

const title = document.title;
function showCount() {
  const count = Number($(".open-cases", cases)?.dataset.count ?? 0);
  $("#open-count").textContent = count;
  $("#open-count").hidden = count === 0;
  document.title = count ? `(${count}) ${title}` : title;
}

function selectCase(id) {
  chosen = id;
  for (const line of lines()) {
    line.classList.toggle("chosen", line.dataset.case === id);
    line.classList.toggle("in-hand", line.dataset.case === claimed);
  }
  for (const glance of $$(".glance", cases)) {
    if (revealed.has(caseOf(glance)) !== glance.classList.contains("seen")) reveal(glance);
  }
  if (!(narrow.matches && claimed)) $(".chosen", cases)?.scrollIntoView({ block: "nearest" });
}

function moveSelection(step) {
  const ids = lines().map((line) => line.dataset.case);
  if (!ids.length) return;
  const at = ids.indexOf(chosen);
  selectCase(ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + step))]);
}

let shown = cases.innerHTML;
async function refreshCases() {
  try {
    const response = await fetch("/desk/cases");
    if ([400, 401].includes(response.status)) return location.reload(); // who moderates no more is told so
    const html = await response.text();
    if (response.ok && html !== shown) {
      const open = $(".decided", cases)?.open;
      // Lines stay the elements they are: a press that is under way still counts.
      await htmx.swap({ target: cases, text: (shown = html), swap: "innerMorph" });
      if (open && $(".decided", cases)) $(".decided", cases).open = true;
      selectCase(chosen);
      showCount();
    }
  } catch {
    // The next refresh may reach the server again.
  }
}

async function claimCase(id) {
  const answer = await postJson(`/desk/${id}/claim`);
  if (!answer.ok) return showNotice(answer.text);
  claimed = id;
  place.innerHTML = answer.html;
  selectCase(id);
  if (narrow.matches) scrollTo({ top: 0 });
  refreshCases();
}

async function decide(button) {
  if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
  const { decision } = button.dataset;
  const note = $("#note").value;
  for (const choice of $$("[data-decision]", place)) choice.disabled = true;
  const answer = await postJson(`/desk/${claimed}/decide`, { decision, note });
  if (!answer.ok) {
    for (const choice of $$("[data-decision]", place)) choice.disabled = false;
    const line = $(".problem", place);
    line.textContent = answer.text;
    line.hidden = false;
    return;
  }
  showNotice(answer.text);
  const ids = lines().map((line) => line.dataset.case);
  chosen = ids[ids.indexOf(claimed) + 1] ?? ids[ids.indexOf(claimed) - 1] ?? null;
  claimed = null;
  place.innerHTML = choose;
  await refreshCases();
  selectCase(chosen);
}

async function changeLockdown(button) {
  if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
  button.disabled = true;
  const answer = await postJson("/desk/lockdown", { on: button.dataset.lockdown === "on" });
  button.disabled = false;
  showNotice(answer.text);
  refreshCases();
}

// A picture is fetched only when a moderator asks for it.
function reveal(button) {
  const image = $("img", button);
  button.dataset.blurred ??= image.getAttribute("src");
  const seen = button.classList.toggle("seen");
  image.src = seen ? button.dataset.seen : button.dataset.blurred;
  if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", seen);
}

function toggleGlance(button) {
  const id = caseOf(button);
  if (!revealed.delete(id)) revealed.add(id);
  reveal(button);
}

// Of the case that is open, else of the one under the cursor.
function toggleSeen() {
  const pictures = $$("[data-seen]", place);
  if (pictures.length) return pictures.forEach(reveal);
  const glance = $(".chosen .glance", cases);
  if (glance) toggleGlance(glance);
}

document.addEventListener("click", (event) => {
  const line = event.target.closest(".case-line");
  const picture = event.target.closest("[data-seen]");
  const decision = event.target.closest("[data-decision]");
  const lockdown = event.target.closest("[data-lockdown]");
  if (picture) (line ? toggleGlance : reveal)(picture);
  else if (line) {
    event.preventDefault();
    claimCase(line.dataset.case);
  }
  else if (decision) decide(decision);
  else if (lockdown) changeLockdown(lockdown);
});

const KEYS = { j: () => moveSelection(1), k: () => moveSelection(-1), ArrowDown: () => moveSelection(1), ArrowUp: () => moveSelection(-1) };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("#sure").open) return;
  if (event.target.closest("input, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (KEYS[event.key]) KEYS[event.key]();
  else if (event.key === "Enter" && chosen && !event.target.closest("button, a, summary")) claimCase(chosen);
  else if (event.key === "v") toggleSeen();
  else {
    const button = claimed && $(`[data-key="${CSS.escape(event.key)}"]`, place);
    if (!button || button.disabled) return;
    decide(button);
  }
  event.preventDefault();
});

// A case that was pressed before this script ran, or that a link elsewhere names, stands in the address.
const asked = location.hash.match(/^#case-(\w+)$/);
if (asked) {
  history.replaceState(null, "", location.pathname);
  claimCase(asked[1]);
} else moveSelection(0);
showCount();
setInterval(refreshCases, REFRESH_SECONDS * 1000);
