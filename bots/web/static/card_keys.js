// One tab stop for each card: arrow keys, Home and End move among what it offers, in its open list up and down as well.
import { $$, alongLine } from "./dom.js";

const offered = (card) => $$("a[href], button:not([disabled])", card).filter((control) => control.checkVisibility());

export function setTabStop(card, stop) {
  const controls = offered(card);
  const current = stop ?? controls.find((control) => control === document.activeElement) ?? controls[0];
  for (const control of controls) control.tabIndex = control === current ? 0 : -1;
}

document.addEventListener("focusin", ({ target }) => {
  const card = target.closest?.("#feed > .card");
  if (card) setTabStop(card, target);
});

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("#feed > .card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const controls = offered(card);
  const upOrDown = event.target.closest("[popover]") && { ArrowUp: "ArrowLeft", ArrowDown: "ArrowRight" }[event.key];
  const at = controls.indexOf(event.target);
  const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: controls.length - 1 };
  const next = controls[places[upOrDown || alongLine(event)]];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
