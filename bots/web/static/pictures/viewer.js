// One picture over the whole screen, enlarged as one likes.
import { $ } from "../dom.js";
import { makeZoomable } from "./zoom.js";

const viewer = $("#viewer");
const screen = $(".viewer-body", viewer);
const frame = $(".zoomed", viewer);
const image = $("img", frame);
let shown = "";
const zoom = makeZoomable(frame, $(".stage", frame));

export function show(picture) {
  if (viewer.open) return;
  const whole = new Image();
  whole.src = picture.closest("figure").dataset.file;
  zoom.reset();
  image.alt = picture.alt;
  image.src = shown = picture.currentSrc || picture.src; // is there already; the whole file follows
  const copy = shown;
  whole.decode().then(() => {
    if (viewer.open && shown === copy) image.src = whole.src;
  }, () => {}); // then the copy stays
  viewer.showModal();
  frame.focus();
  screen.requestFullscreen?.().catch(() => {}); // it fills the window all the same
}

viewer.addEventListener("close", () => {
  shown = "";
  image.removeAttribute("src");
  if (document.fullscreenElement) document.exitFullscreen();
});
document.addEventListener("fullscreenchange", () => {
  if (!document.fullscreenElement && viewer.open) viewer.close(); // Escape ends both
});
addEventListener("popstate", () => viewer.close());

const ACTIONS = { in: zoom.zoomIn, out: zoom.zoomOut, whole: zoom.reset, close: () => viewer.close() };
viewer.addEventListener("click", (event) => ACTIONS[event.target.closest("[data-view]")?.dataset.view]?.());
frame.addEventListener("dblclick", (event) => {
  if (zoom.view.scale > 1) zoom.reset();
  else zoom.zoomAt(zoom.shareOf(event), 3);
});
