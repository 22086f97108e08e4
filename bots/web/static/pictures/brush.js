// A mask that is drawn over the picture of an edit, beside its cells: strokes with a size, an eraser, undo and zoom.
import { $, $$ } from "../dom.js";
import { coverPicture } from "./overlay.js";
import { makeZoomable } from "./zoom.js";

const LONGEST_SIDE_PIXELS = 1024; // of the mask; the server fits it to the picture
const COLOUR = "#e07a3f";
const REMEMBERED = "chatelier-mark";
const drawings = new WeakMap(); // form → its drawing

// The drawn mask as a file, white where the picture may change; null where nothing is drawn, or cells are chosen.
export async function drawnMask(form) {
  const drawing = drawings.get(form);
  return drawing?.isChosen && drawing.marksSomething() ? drawing.file() : null;
}

export function offerBrush(form) {
  const frame = $(".zoomed", form);
  const canvas = $("canvas", frame);
  const image = $("img", frame);
  const drawing = new Drawing(canvas, image);
  drawings.set(form, drawing);
  coverPicture(image, canvas);
  const ring = $(".ring", frame);
  const size = $("[data-brush-size]", form);
  const zoom = makeZoomable(frame, $(".stage", frame), {
    mayPan: (event) => drawing.isChosen && event.buttons === 4, // the wheel as a button; two fingers on a phone
    mayWheel: (event) => drawing.isChosen || event.ctrlKey,
    onChange: () => resizeRing(),
  });

  // On the screen the brush keeps its size, so that one zooms in for what is fine.
  const radius = () => Number(size.value) / 200 / zoom.view.scale;
  function resizeRing() {
    const side = radius() * 2 * Math.max(canvas.clientWidth, canvas.clientHeight) * zoom.view.scale;
    Object.assign(ring.style, { width: `${side}px`, height: `${side}px` });
  }

  // ---- drawing

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!event.isPrimary) return drawing.drop(); // a second finger: it zooms
    event.preventDefault();
    frame.focus({ preventScroll: true });
    drawing.begin(radius(), eraser.ariaPressed === "true");
    drawing.extend(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const box = frame.getBoundingClientRect();
    Object.assign(ring.style, { left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px` });
    ring.hidden = event.pointerType === "touch";
    resizeRing();
    if (zoom.isPinched) return drawing.drop(); // the first of two fingers has drawn a little already
    for (const place of event.getCoalescedEvents?.() ?? [event]) drawing.extend(place);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      drawing.finish();
      undo.disabled = !drawing.strokes.length;
    });
  }
  canvas.addEventListener("pointerleave", () => { ring.hidden = true; });

  // ---- tools

  const eraser = $("[data-brush=erase]", form);
  const undo = $("[data-brush=undo]", form);
  const ACTIONS = {
    erase: () => { eraser.ariaPressed = String(eraser.ariaPressed !== "true"); },
    undo: () => {
      drawing.undo();
      undo.disabled = !drawing.strokes.length;
    },
    in: zoom.zoomIn,
    out: zoom.zoomOut,
  };
  form.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-brush]");
    const mark = event.target.closest("[data-mark]");
    if (tool) ACTIONS[tool.dataset.brush]();
    if (mark) choose(mark.dataset.mark);
    if (event.target.closest("[data-clear]") && drawing.isChosen) {
      drawing.clear();
      undo.disabled = !drawing.strokes.length;
    }
  });
  frame.parentElement.addEventListener("keydown", (event) => {
    if (!drawing.isChosen || event.target.matches("input")) return;
    const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey);
    const other = !event.ctrlKey && !event.metaKey && { e: ACTIONS.erase, "[": () => size.stepDown(), "]": () => size.stepUp() }[event.key];
    if (!isUndo && !other) return;
    event.preventDefault();
    if (isUndo) ACTIONS.undo();
    else other();
    resizeRing();
  });
  size.addEventListener("input", resizeRing);

  // ---- cells or brush

  function choose(mark) {
    drawing.isChosen = mark === "brush";
    form.classList.toggle("brushing", drawing.isChosen);
    $(".cells", frame).disabled = drawing.isChosen;
    canvas.hidden = !drawing.isChosen;
    ring.hidden = true;
    for (const button of $$("[data-mark]", form)) button.ariaPressed = String(button.dataset.mark === mark);
    try {
      localStorage.setItem(REMEMBERED, mark);
    } catch {
      // Then the cells are offered first again.
    }
  }
  $("[data-mark=brush]", form).disabled = false;
  choose(remembered());
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "brush" ? "brush" : "cells";
  } catch {
    return "cells";
  }
}

// Strokes with their places and radii in shares of the picture's longer side.
class Drawing {
  isChosen = false;
  strokes = [];
  #stroke = null;

  constructor(canvas, image) {
    const [width, height] = ["width", "height"].map((name) => Number(image.getAttribute(name)));
    const scale = Math.min(1, LONGEST_SIDE_PIXELS / Math.max(width, height));
    [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    this.canvas = canvas;
    this.longer = Math.max(canvas.width, canvas.height);
  }

  begin(radius, erases) {
    this.#stroke = { radius, erases, places: [] };
  }

  extend({ clientX, clientY }) {
    if (!this.#stroke) return;
    const box = this.canvas.getBoundingClientRect();
    const longer = Math.max(box.width, box.height);
    this.#stroke.places.push([(clientX - box.left) / longer, (clientY - box.top) / longer]);
    paint(this.canvas, { ...this.#stroke, places: this.#stroke.places.slice(-2) }, this.longer, COLOUR);
  }

  finish() {
    if (this.#stroke?.places.length) this.strokes.push(this.#stroke);
    this.#stroke = null;
  }

  drop() {
    if (!this.#stroke) return;
    this.#stroke = null;
    this.#repaint();
  }

  undo() {
    this.strokes.pop();
    this.#repaint();
  }

  clear() {
    if (!this.marksSomething()) return;
    this.strokes.push({ clears: true });
    this.#repaint();
  }

  marksSomething() {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    const { data } = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let place = 3; place < data.length; place += 4) if (data[place] > 127) return true;
    return false;
  }

  async file() {
    const mask = document.createElement("canvas");
    [mask.width, mask.height] = [this.canvas.width, this.canvas.height];
    for (const stroke of this.strokes) paint(mask, stroke, this.longer, "#fff");
    const context = mask.getContext("2d");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#000";
    context.fillRect(0, 0, mask.width, mask.height);
    const blob = await new Promise((done) => mask.toBlob(done, "image/png"));
    return new File([blob], "mask.png", { type: "image/png" });
  }

  #repaint() {
    this.canvas.getContext("2d", { willReadFrequently: true }).clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) paint(this.canvas, stroke, this.longer, COLOUR);
  }
}

function paint(canvas, { radius, erases, places, clears }, longer, colour) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (clears) return context.clearRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  Object.assign(context, { strokeStyle: colour, lineWidth: Math.max(2, 2 * radius * longer), lineCap: "round", lineJoin: "round" });
  context.beginPath();
  const [[x, y]] = places;
  context.moveTo(x * longer - 0.01, y * longer); // a line without length draws nothing, and a tap makes a dot
  for (const [toX, toY] of places) context.lineTo(toX * longer, toY * longer);
  context.stroke();
  context.globalCompositeOperation = "source-over";
}
