// What lies in the dialog to be compared: before and after under one slider, or pictures side by side that zoom together.
import { $, $$ } from "../dom.js";
import { coverPicture } from "./overlay.js";
import { makeZoomable } from "./zoom.js";

export function prepareComparison(root) {
  const divided = $(".divided", root);
  if (divided) divide(divided);
  const frames = $$(".comparison .zoomed", root);
  const zooms = frames.map((frame) => makeZoomable(frame, $(".stage", frame), {
    onChange: (view) => zooms.forEach((zoom) => zoom.show(view, { quietly: true })),
  }));
  for (const button of $$("[data-zoom]", root)) {
    button.addEventListener("click", () => zooms[0]?.[button.dataset.zoom]());
    button.disabled = false;
  }
}

function divide(divided) {
  const figure = divided.closest("figure");
  const switcher = $("[data-divide]", figure);
  const slider = $("input", divided);
  const before = $("img", divided);
  coverPicture($(".stage > img", figure), divided);
  const move = () => divided.style.setProperty("--share", `${slider.value}%`);
  slider.addEventListener("input", move);
  move();
  before.addEventListener("error", () => {
    divided.hidden = switcher.hidden = true; // it is no longer kept
  });
  switcher.addEventListener("click", () => {
    divided.hidden = !divided.hidden;
    switcher.ariaPressed = String(!divided.hidden);
    if (divided.hidden) return;
    before.src ||= before.dataset.src;
    slider.focus();
  });
  switcher.disabled = false;
}
