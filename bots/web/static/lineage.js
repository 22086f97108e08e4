// The family tree: lines between the pictures of its lists, arrow keys from one to the next, and who belongs to whom.
import { $, $$, alongLine } from "./dom.js";

const root = $("#lineage");
const lines = $(".lines", root);
let scale = 1;
const nodes = new Map($$("[data-node]", root).map((node) => [node.dataset.node, node]));
const parentsOf = (node) => node.dataset.parents.split(" ").map((id) => nodes.get(id)).filter(Boolean);
const childrenOf = (node) => [...nodes.values()].filter((other) => parentsOf(other).includes(node));

// ---- lines

const paths = [...nodes.values()].flatMap((child) => parentsOf(child).map((parent) => {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  lines.append(path);
  return { path, parent, child };
}));

function draw() {
  const corner = root.getBoundingClientRect();
  const at = (x, y) => `${(x - corner.left) / scale} ${(y - corner.top) / scale}`;
  for (const { path, parent, child } of paths) {
    const [above, below] = [parent, child.firstElementChild].map((element) => element.getBoundingClientRect());
    const [x1, y1] = [above.left + above.width / 2, above.bottom];
    const [x2, y2] = [below.left + below.width / 2, below.top];
    const middle = (y1 + y2) / 2;
    path.setAttribute("d", `M ${at(x1, y1)} C ${at(x1, middle)} ${at(x2, middle)} ${at(x2, y2)}`);
  }
}
root.classList.add("drawn");

// ---- zoom: by buttons, keys, and the wheel with Ctrl, which is also what two fingers on a touchpad are

const frame = root.parentElement;
const [LEAST, MOST, STEP, WHEEL] = [0.4, 3, 1.25, 0.005];

// Made smaller, the tree has room for more pictures side by side; made larger, it scrolls in its frame.
function zoomTo(wanted) {
  scale = Math.min(MOST, Math.max(LEAST, wanted));
  root.style.width = scale === 1 ? "" : `${frame.clientWidth / Math.min(1, scale)}px`;
  root.style.transform = scale === 1 ? "" : `scale(${scale})`;
  frame.style.height = scale === 1 ? "" : `${root.offsetHeight * scale}px`;
  draw();
}
const ZOOMS = { in: () => zoomTo(scale * STEP), out: () => zoomTo(scale / STEP), usual: () => zoomTo(1) };
const KEYS = { "+": ZOOMS.in, "=": ZOOMS.in, "-": ZOOMS.out, 0: ZOOMS.usual };
for (const button of $$("[data-zoom]")) button.addEventListener("click", ZOOMS[button.dataset.zoom]);
frame.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return; // else the page scrolls
  event.preventDefault();
  zoomTo(scale * Math.exp(-event.deltaY * WHEEL));
}, { passive: false });
// Only where the tree or its buttons have the focus: elsewhere, single characters are left to whoever speaks to a page.
for (const place of [frame, $(".tree-tools")]) {
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}
new ResizeObserver(() => (scale === 1 ? draw() : zoomTo(scale))).observe(frame);

// ---- whose ancestors and descendants they are

function reach(node, next, found = new Set()) {
  if (!found.has(node)) {
    found.add(node);
    for (const other of next(node)) reach(other, next, found);
  }
  return found;
}

function choose(node) {
  root.classList.toggle("choosing", Boolean(node));
  const [above, below] = node ? [reach(node, parentsOf), reach(node, childrenOf)] : [new Set(), new Set()];
  for (const other of nodes.values()) other.classList.toggle("kin", above.has(other) || below.has(other));
  for (const { path, parent, child } of paths) {
    path.classList.toggle("kin", [above, below].some((side) => side.has(parent) && side.has(child)));
  }
}
const chosen = () => root.querySelector(":focus-visible")?.closest("[data-node]");
root.addEventListener("pointerover", ({ target }) => choose(target.closest("[data-node]") ?? chosen()));
root.addEventListener("pointerleave", () => choose(chosen()));
root.addEventListener("focusin", () => choose(chosen()));
root.addEventListener("focusout", () => choose(null));

// ---- keys: one tab stop; arrows lead along a generation, up to parents and down to children

const links = $$("[data-node] > a", root);
const setTabStop = (stop) => links.forEach((link) => { link.tabIndex = link === stop ? 0 : -1; });
const middleOf = (element) => element.getBoundingClientRect().left + element.offsetWidth / 2;

// The nearest of those in a direction that has a picture: from a deleted one, one goes on.
function nearest(link, next) {
  const found = [];
  const look = (node) => next(node).forEach((other) => (other.firstElementChild.matches("a") ? found.push(other.firstElementChild) : look(other)));
  look(link.parentElement);
  const away = (other) => Math.abs(middleOf(other) - middleOf(link));
  return found.sort((left, right) => away(left) - away(right))[0];
}

root.addEventListener("focusin", ({ target }) => links.includes(target) && setTabStop(target));
root.addEventListener("keydown", (event) => {
  const link = event.target.closest("[data-node] > a");
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  const generation = $$("[data-node] > a", link.closest(".generation"));
  const at = generation.indexOf(link);
  const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: generation.length - 1 };
  const upOrDown = { ArrowUp: parentsOf, ArrowDown: childrenOf }[event.key];
  const next = upOrDown ? nearest(link, upOrDown) : generation[places[alongLine(event)]];
  if (!upOrDown && !(alongLine(event) in places)) return;
  event.preventDefault();
  next?.focus();
});
setTabStop($("[aria-current]", root) ?? links[0]);
