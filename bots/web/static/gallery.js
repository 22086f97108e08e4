// One's own pictures. Only the pages of pictures near the window have their cards: those far away keep their height
// alone, and are asked for again when they come near.
import { $, $$, alongLine } from "./dom.js";

const MOST_FILLED = 4; // pages with cards; one more where the focus is
const NEAR = "1200px";
const gallery = $("#gallery");
const near = new Set();

const query = (after) => {
  const wanted = new URLSearchParams(location.search);
  wanted.delete("after");
  if (after) wanted.set("after", after);
  return wanted;
};

async function load(address) {
  const response = await fetch(address, { headers: { "hx-request": "true" } }).catch(() => null);
  if (!response?.ok) return null;
  const fragment = document.createRange().createContextualFragment(await response.text());
  return { page: $(".pictures", fragment), older: $(".older", fragment) };
}

// ---- pages that come and go

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) near.add(target);
    else near.delete(target);
  }
  for (const target of near) {
    if (target.matches("a.older")) extend(target);
    else fill(target);
  }
  emptyFarPages();
}, { rootMargin: NEAR });

function watch(page, older) {
  if (page) observer.observe(page);
  if (older?.matches("a")) observer.observe(older);
}

let extending = false;
async function extend(link) {
  if (extending) return;
  extending = true;
  const found = await load(link.href.replace("/pictures?", "/pictures/page?"));
  extending = false;
  if (!found?.page && !found?.older) return; // the link is still there, and works without this script
  observer.unobserve(link);
  near.delete(link);
  link.replaceWith(...[found.page, found.older].filter(Boolean));
  watch(found.page, found.older);
  gallery.dispatchEvent(new CustomEvent("filled", { detail: found.page }));
}

const filling = new Map(); // page → when its cards are there
function fill(page) {
  if (page.children.length) return Promise.resolve();
  if (!filling.has(page)) filling.set(page, refill(page).finally(() => filling.delete(page)));
  return filling.get(page);
}

async function refill(page) {
  const found = await load(`/pictures/page?${query(page.dataset.after)}`);
  if (!found?.page) return;
  page.replaceChildren(...found.page.children);
  page.style.minHeight = "";
  gallery.dispatchEvent(new CustomEvent("filled", { detail: page }));
}

function emptyFarPages() {
  const filled = $$(".pictures", gallery).filter((page) => page.children.length);
  const far = filled.filter((page) => !near.has(page) && !page.contains(document.activeElement));
  const distance = (page) => Math.abs(page.getBoundingClientRect().top);
  far.sort((left, right) => distance(right) - distance(left));
  for (const page of far.slice(0, Math.max(0, filled.length - MOST_FILLED))) {
    page.style.minHeight = `${page.offsetHeight}px`;
    // A picture that is still being loaded would keep its card in memory, and go on loading.
    for (const image of $$("img", page)) {
      image.removeAttribute("srcset");
      image.removeAttribute("src");
    }
    page.replaceChildren();
  }
}

// The height of pages without cards follows the width of the window.
addEventListener("resize", () => {
  const filled = $$(".pictures", gallery).find((page) => page.children.length);
  if (!filled) return;
  const style = getComputedStyle(filled);
  const [columns, gap] = [style.gridTemplateColumns.split(" ").length, parseFloat(style.rowGap)];
  const row = filled.firstElementChild.offsetHeight + gap;
  for (const page of $$(".pictures:empty", gallery)) {
    page.style.minHeight = `${Math.ceil(page.dataset.count / columns) * row - gap}px`;
  }
});

// ---- keys: one tab stop for all pictures, arrows inside

const STOPS = ".pictures a, .pictures input";
const kind = () => (gallery.classList.contains("selecting") ? "input" : "a"); // what is moved among
const stops = () => $$(`.pictures ${kind()}`, gallery);

function setTabStop(stop) {
  for (const other of $$(STOPS, gallery)) other.tabIndex = other === stop ? 0 : -1;
}

gallery.addEventListener("filled", ({ detail: page }) => {
  if (page) for (const link of $$("a", page)) link.tabIndex = -1;
  if (!$(`.pictures ${kind()}[tabindex='0']`, gallery)) setTabStop(stops()[0]);
});
gallery.addEventListener("stops-changed", () => {
  const current = $(".pictures [tabindex='0']", gallery)?.closest("li");
  setTabStop((current && $(kind(), current)) ?? stops()[0]);
});
gallery.addEventListener("focusin", ({ target }) => {
  if (target.matches(STOPS)) setTabStop(target);
});
gallery.addEventListener("keydown", async (event) => {
  const link = event.target.closest(STOPS);
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = link.closest(".pictures");
  const columns = getComputedStyle(page).gridTemplateColumns.split(" ").length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const step = steps[alongLine(event)];
  if (!step) return;
  event.preventDefault();
  const place = $$(kind(), page).indexOf(link) + step;
  (await linkAt(page, place))?.focus();
});

// `place` counts within the page, and may lie before or behind it.
async function linkAt(page, place) {
  const beside = place < 0 ? page.previousElementSibling : page.nextElementSibling;
  const count = page.children.length;
  if (place >= 0 && place < count) return $$(kind(), page)[place];
  if (!beside?.matches(".pictures")) return $$(kind(), page)[place < 0 ? 0 : count - 1];
  await fill(beside);
  const others = $$(kind(), beside);
  return others.at(place < 0 ? place : Math.min(place - count, others.length - 1)) ?? others[0];
}

const firstPage = $(".pictures", gallery);
watch(firstPage, $(".older", gallery));
if (firstPage) gallery.dispatchEvent(new CustomEvent("filled", { detail: firstPage }));
