// What may come next in the prompt: commands, flags, choices and pictures, from the catalogue.
import { $, $$ } from "./dom.js";
import { announce } from "./notices.js";
import { catalog, _ } from "./page_data.js";

const box = $("#say");
const list = $("#choices");
let suggestions = [];
let chosen = -1;

// Each suggestion replaces the text from `from` to the caret.
function suggest() {
  const caret = box.selectionStart;
  const text = box.value.slice(0, caret);
  const slash = text.match(/^\s*\/(\w*)$/);
  if (slash) return commands(slash[1], caret - slash[1].length - 1);
  const spec = catalog.find(({ name }) => text.match(/^\s*\/(\w+)\s/)?.[1] === name);
  const parameters = (spec ?? catalog.find(({ name }) => name === "imagine")).parameters;
  const flag = text.match(/(?:^|\s)(--|—|–)([\w-]*)$/);
  if (flag) return flags(parameters, flag[2], caret - flag[1].length - flag[2].length);
  const value = text.match(/(?:--|—|–)(\w+)[ =]((?:[\w.:]+[, ]+)*)([\w:.+-]*)$/);
  const parameter = value && parameters.find(({ name, aliases }) => [name, ...aliases].includes(value[1]));
  const goesOn = !value?.[2] || value[2].trimEnd().endsWith(","); // else what is typed may be anything
  if (parameter?.kind === "references" && goesOn) return feedPictures("", value[3], caret - value[3].length);
  if (parameter && !value[2]) return values(parameter, value[3], caret - value[3].length);
  const picture = spec && text.match(/^\s*\/\w+\s+([a-z0-9.]*)$/);
  if (picture) return pictures(parameters, picture[1], caret - picture[1].length);
  return [];
}

function commands(start, from) {
  return catalog
    .filter(({ name }) => name.startsWith(start.toLowerCase()))
    .map(({ name, summary }) => ({ from, text: `/${name} `, shown: `/${name}`, summary }));
}

function flags(parameters, start, from) {
  return parameters
    .filter(({ name, kind, positional }) => !positional && kind !== "image" && kind !== "mask" && name.startsWith(start))
    .map(({ name, summary }) => ({ from, text: `--${name} `, shown: `--${name}`, summary }));
}

function values(parameter, start, from) {
  return parameter.choices
    .filter((choice) => choice.startsWith(start) && choice !== start)
    .map((choice) => ({ from, text: `${choice} `, shown: choice, summary: "" }));
}

// The pictures at the top of the feed, for commands that start from one; only one's own where no other will do.
function pictures(parameters, start, from) {
  const wanted = parameters.find(({ positional }) => positional);
  return wanted?.kind === "picture" ? feedPictures(wanted.own ? ".mine" : "", start, from) : [];
}

function feedPictures(within, start, from) {
  return $$(`#feed ${within} .tile a[href^='/view/']`)
    .map((link) => ({ id: link.getAttribute("href").slice(6), image: $("img", link) }))
    .filter(({ id }) => id.startsWith(start) && id !== start)
    .slice(0, 8)
    .map(({ id, image }) => ({ from, text: `${id} `, shown: id, summary: image.alt, image: image.getAttribute("src") }));
}

export function refresh() {
  suggestions = suggest();
  chosen = suggestions.length ? 0 : -1;
  list.replaceChildren(...suggestions.map(option));
  list.hidden = suggestions.length === 0;
  highlightChosen();
  if (suggestions.length) announce(_("Suggestions: {count}", { count: suggestions.length }));
}

function option({ shown, summary, image }, index) {
  const item = document.createElement("li");
  item.id = `choice-${index}`;
  item.setAttribute("role", "option");
  if (image) item.append(Object.assign(document.createElement("img"), { src: image, alt: "" }));
  item.append(Object.assign(document.createElement("code"), { textContent: shown }));
  item.append(Object.assign(document.createElement("span"), { textContent: summary }));
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // keep the focus in the prompt
    applySuggestion(index);
  });
  return item;
}

function highlightChosen() {
  [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
  if (chosen >= 0) {
    box.setAttribute("aria-activedescendant", `choice-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  } else {
    box.removeAttribute("aria-activedescendant");
  }
}

function applySuggestion(index) {
  const { from, text } = suggestions[index];
  box.setRangeText(text, from, box.selectionStart, "end");
  box.dispatchEvent(new Event("typed"));
  refresh();
}

export function close() {
  suggestions = [];
  list.hidden = true;
  box.removeAttribute("aria-activedescendant");
}

// Returns true when the key belonged to the list.
export function handleKey(event) {
  if (list.hidden) return false;
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves) {
    chosen = (chosen + moves[event.key] + suggestions.length) % suggestions.length;
    highlightChosen();
  } else if (event.key === "Tab" && !event.shiftKey) {
    applySuggestion(chosen);
  } else if (event.key === "Enter" && !finished()) {
    applySuggestion(chosen);
  } else if (event.key === "Escape") {
    close();
  } else {
    return false;
  }
  event.preventDefault();
  return true;
}

// The text already says what the chosen suggestion would put there.
function finished() {
  const { from, text } = suggestions[chosen];
  return box.value.slice(from, box.selectionStart).trim() === text.trim();
}

box.addEventListener("input", refresh);
box.addEventListener("click", refresh);
box.addEventListener("blur", close);
