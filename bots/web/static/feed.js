// The feed of cards: each card is one job and is replaced in place whenever the job changed.
import { $, $$, sure } from "./dom.js";
import { dismiss, isDismissed } from "./dismissed.js";
import { showNotice, announce, showAnswer } from "./notices.js";
import { me, _ } from "./page_data.js";
import { showStep } from "./progress.js";
import { on, request } from "./socket.js";
import { setTabStop } from "./card_keys.js";
import { tellReady } from "./ready.js";

const feed = $("#feed");
const mine = new Set(); // jobs asked for here and not finished
const held = new Map(); // job → { at, html }: came while the top of the feed was out of sight

on("wall", ({ html }) => {
  held.clear();
  countNews();
  htmx.swap({ target: feed, text: html, swap: "innerMorph" }).then(() => $$(".card", feed).forEach(personalize));
});

on("cards", ({ cards, gone }) => {
  for (const id of gone) {
    document.getElementById(`job-${id}`)?.remove();
    held.delete(id);
  }
  for (const card of cards) show(card);
  countNews();
});

on("progress", ({ jobs }) => {
  for (const [id, step] of Object.entries(jobs)) {
    showStep(id, step);
    const image = document.querySelector(`#job-${CSS.escape(id)} .preview`);
    if (image && step.preview && image.src !== step.preview) {
      image.src = step.preview;
      image.hidden = false;
    }
  }
});

on("waiting", ({ jobs }) => {
  for (const [id, text] of Object.entries(jobs)) {
    const status = document.querySelector(`#job-${CSS.escape(id)} .status[data-waits="yes"]`);
    if (status) status.textContent = text;
  }
});

on("received", ({ id }) => {
  const status = document.querySelector(`#placeholder-${CSS.escape(id)} .status`);
  if (status) status.textContent = _("Received.");
});

// A blank card for what was just typed, until its card is there.
const placeholders = new Map(); // job → the blank card that waits for its own

export function showPlaceholder(id, text) {
  const placeholder = $("#placeholder").content.firstElementChild.cloneNode(true);
  placeholder.id = `placeholder-${id}`;
  $(".prompt bdi", placeholder).textContent = text;
  feed.prepend(placeholder);
  $("#empty")?.remove();
  placeholder.scrollIntoView({ block: "nearest" });
  return placeholder;
}

export function resolvePlaceholder(placeholder, jobId) {
  if (!placeholder) return;
  if (!jobId || document.getElementById(`job-${jobId}`)) placeholder.remove();
  else placeholders.set(jobId, placeholder);
}

function show({ id, at, state, html }) {
  $("#empty")?.remove();
  const card = document.getElementById(`job-${id}`);
  if (card) {
    const focused = card.contains(document.activeElement) ? document.activeElement.dataset.press : null;
    htmx.swap({ target: card, text: html, swap: "outerMorph" }).then(() => {
      const fresh = document.getElementById(`job-${id}`);
      if (!fresh) return;
      personalize(fresh);
      if (focused && !fresh.contains(document.activeElement)) $(`[data-press="${focused}"]`, fresh)?.focus();
    });
  } else if (isAbove(at) && !placeholders.has(id)) {
    held.set(id, { at, html });
  } else {
    insert(id, at, html);
  }
  if (state === "done" && mine.delete(id)) {
    const prompt = $(".prompt", cardOf(html)).textContent;
    announce(_("Your pictures are ready: {prompt}", { prompt }));
    tellReady(prompt);
  }
}

const cardOf = (html) => $(".card", document.createRange().createContextualFragment(html));

// Whether the feed is read so far down that its newest card, and so one of this time, is above the window.
function isAbove(at) {
  const newest = $(":scope > .card", feed);
  return newest !== null && newest.getBoundingClientRect().bottom < 0 && Number(newest.dataset.at) <= at;
}

// What is read stays where it is: cards in a grid would all move on by one.
function showHeld() {
  for (const [id, { at, html }] of held) insert(id, at, html);
  held.clear();
  countNews();
}

// Newest first. A card older than everything shown belongs to a page that was not scrolled to yet.
function insert(id, at, html) {
  const later = $$(":scope > .card", feed).find((other) => Number(other.dataset.at) <= at);
  if (!later && $("#older") && !placeholders.has(id)) return;
  held.delete(id);
  const card = cardOf(html);
  if (!placeholders.has(id)) card.classList.add("arriving");
  const placeholder = placeholders.get(id);
  placeholders.delete(id);
  if (placeholder?.isConnected) placeholder.replaceWith(card);
  else feed.insertBefore(card, later ?? $("#older"));
  htmx.process(card);
  personalize(card);
}

// What differs from person to person: one's own cards, one's own stars, one's own clock.
export function personalize(root) {
  if (isDismissed(root)) return root.remove();
  if (root.matches(".card")) {
    root.classList.toggle("mine", root.dataset.owner === me);
    setTabStop(root);
  }
  for (const star of $$("[data-starred]", root)) {
    star.setAttribute("aria-pressed", String(star.dataset.starred.split(" ").includes(me)));
  }
  for (const time of $$("time", root)) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const short = today ? { timeStyle: "short" } : { dateStyle: "medium" };
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, short).format(at);
    time.title = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeStyle: "short" }).format(at);
  }
}

// Its end is announced. Nobody is taken away from what they look at for it.
export function announceWhenDone(jobId) {
  mine.add(jobId);
  if (isAbove(Infinity)) showNotice(_("Accepted. Its card is at the top of the feed."));
}

// After typing, which is done at the top.
export function scrollToJob(jobId) {
  mine.add(jobId);
  const scroll = () => document.getElementById(`job-${jobId}`)?.scrollIntoView({ block: "nearest" });
  setTimeout(scroll, 150);
}

function countNews() {
  const button = $("#news");
  button.hidden = held.size === 0;
  button.textContent = _("{count} new above", { count: held.size });
}

$("#news").addEventListener("click", () => scrollTo({ top: 0, behavior: "smooth" }));
addEventListener("scroll", () => {
  if (held.size && scrollY < 200) showHeld();
}, { passive: true });

// htmx brought older cards or a dialog.
document.addEventListener("htmx:after:swap", () => {
  $$(".card:not(.dressed)").forEach((card) => {
    card.classList.add("dressed");
    personalize(card);
  });
});

// What a moderator hid shows itself to whoever wants to see it.
document.addEventListener("click", (event) => {
  const veil = event.target.closest?.("[data-unveil]");
  if (!veil) return;
  const covered = veil.closest(".spoiler");
  covered.classList.remove("spoiler");
  for (const image of covered.querySelectorAll("img.blurred")) image.classList.remove("blurred");
  veil.parentElement.remove();
});

document.addEventListener("click", (event) => {
  const card = event.target.closest?.("[data-dismiss]")?.closest(".card");
  if (!card) return;
  const next = card.nextElementSibling ?? card.previousElementSibling;
  dismiss(card);
  if (next) $("a, button", next)?.focus();
});

// Buttons and reactions, wherever they are.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-press]");
  if (!button || button.ariaBusy === "true") return;
  if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
  button.ariaBusy = "true";
  const answer = await request({ do: "press", button: button.dataset.press });
  button.ariaBusy = null;
  if (!answer.ok) return showNotice(answer.text, { bad: true });
  showAnswer(answer);
  if (answer.go) location.assign(answer.go);
  if (answer.open) return openDialog(answer.open);
  if (answer.job) announceWhenDone(answer.job);
  if (answer.job || (answer.text && button.dataset.sure)) $("#dialog").close(); // it led to something else, or is gone
  else if ($("#dialog").open && location.pathname.startsWith("/mine/")) openDialog(location.pathname); // a list changed
  else if ("pressed" in answer && $("#dialog").open) button.setAttribute("aria-pressed", String(answer.pressed));
});

function openDialog(path) {
  return htmx.ajax("GET", path, { target: "#dialog-body", swap: "innerHTML" });
}
