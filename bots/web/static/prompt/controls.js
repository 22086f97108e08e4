// The controls beside the prompt: shape, number, style, model, references and draft. They show what is typed, and
// what is chosen in them is typed: nothing else is sent.
import { $, $$ } from "../dom.js";
import { showNotice } from "../notices.js";
import { _ } from "../page_data.js";
import { readFlag, specOf, wordsEnd, writeFlag } from "./flags.js";

const PICTURE = /^([0-9a-hjkmnp-tv-z]{12}\.(?:1[0-6]|[1-9]))(:[\d.]+)?$/;
const box = $("#say");
const controls = $$("#controls [data-flag]");
const list = $("#references");
let listed = "";

function type(text) {
  box.value = text;
  putCaretBehindWords();
  box.dispatchEvent(new Event("typed"));
}

// A value would take in what is typed behind it.
function putCaretBehindWords() {
  const end = wordsEnd(box.value);
  box.setSelectionRange(end, end);
}

export function refreshControls() {
  const spec = specOf(box.value);
  for (const control of controls) {
    const isTaken = spec?.parameters.some(({ name }) => name === control.dataset.flag) ?? false;
    (control.closest("label") ?? control).hidden = !isTaken;
    if (isTaken) show(control, readFlag(box.value, control.dataset.flag));
  }
  listReferences(spec);
}

function show(control, value) {
  if (control.matches("button")) {
    control.ariaPressed = String(value !== "");
    return;
  }
  const offered = control.dataset.flag === "aspect" ? value.replace(/\s/g, "").replace(/[x/]/i, ":") : value.toLowerCase();
  if (![...control.options].some((option) => option.value === offered)) {
    $(".typed", control)?.remove();
    control.append(Object.assign(new Option(value, offered), { className: "typed" }));
  }
  control.value = offered;
  control.previousElementSibling.textContent = offered || control.ariaLabel;
  control.parentElement.classList.toggle("set", offered !== "");
}

$("#controls").addEventListener("change", ({ target }) => type(writeFlag(box.value, target.dataset.flag, target.value)));
$("#controls").addEventListener("click", ({ target }) => {
  const name = target.closest("button")?.dataset.flag;
  if (name === "ref") offerPictures();
  else if (name) type(writeFlag(box.value, name, readFlag(box.value, name) ? "" : "yes"));
});

// ---- references: pictures painted here, by their ids

// The suggestions show the pictures of the feed.
let isOffering = false;
function offerPictures() {
  if (!$("#feed .tile a")) return showNotice(_("There are no pictures yet."));
  const before = readFlag(box.value, "ref");
  box.value = `${writeFlag(box.value, "ref", "")} --ref ${before ? `${before}, ` : ""}`;
  box.focus();
  isOffering = true;
  box.dispatchEvent(new Event("input"));
}
box.addEventListener("typed", () => {
  if (isOffering) putCaretBehindWords();
  isOffering = false;
});

function readReferences(spec) {
  const names = (spec?.parameters ?? []).filter(({ kind }) => kind === "references").map(({ name }) => name);
  return names.flatMap((name) => readFlag(box.value, name).split(/[\s,]+/).map((part) => part.toLowerCase().match(PICTURE))
    .filter(Boolean).map(([, id, weight = ""]) => ({ name, id, weight })));
}

function writeReferences(text, references, names) {
  return names.reduce((before, name) => {
    const of = references.filter((reference) => reference.name === name);
    return writeFlag(before, name, of.map(({ id, weight }) => id + weight).join(", "));
  }, text);
}

function listReferences(spec) {
  const references = readReferences(spec);
  const now = JSON.stringify(references);
  if (now === listed) return;
  listed = now;
  list.replaceChildren(...references.map((reference, place) => entry(reference, place)));
  list.hidden = references.length === 0;
  for (const control of controls) if (control.dataset.flag === "ref") control.ariaPressed = String(references.length > 0);
}

function entry({ name, id }, place) {
  const item = $("#reference").content.firstElementChild.cloneNode(true);
  Object.assign($("img", item), { src: `/thumbnails/${id}`, alt: id });
  const role = $("select", item);
  role.value = name;
  const change = (rewrite) => {
    const references = readReferences(specOf(box.value));
    const names = references.map((reference) => reference.name);
    rewrite(references);
    type(writeReferences(box.value, references, [...new Set([...names, ...references.map((reference) => reference.name)])]));
  };
  role.addEventListener("change", () => {
    change((references) => { references[place].name = role.value; });
    $(`img[alt="${id}"] ~ select`, list)?.focus();
  });
  $(".round", item).addEventListener("click", () => {
    change((references) => references.splice(place, 1));
    box.focus();
  });
  return item;
}

// ---- what is used again of a picture: `--seed 7` in place of another seed, `--ref <picture>` beside the others

export function useFlag(flag) {
  const [, name, value] = flag.match(/^--(\S+) (.+)$/);
  const text = specOf(box.value)?.parameters.some((parameter) => parameter.name === name) ? box.value : "";
  const others = name === "ref" ? readFlag(text, name).split(/[\s,]+/).filter((other) => other && other.split(":")[0] !== value) : [];
  box.focus();
  type(writeFlag(text, name, [...others, value].join(", ")));
}

// Somebody who chose before they typed types words next.
let isFresh = false;
box.addEventListener("focus", () => { isFresh = true; });
box.addEventListener("click", () => {
  const { value, selectionStart } = box;
  if (isFresh && value && selectionStart === value.length && wordsEnd(value) === 0) box.setSelectionRange(0, 0);
  isFresh = false;
});
