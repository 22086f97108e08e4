// Zoom and pan: by the wheel, by two fingers, by dragging and by keys.
const MOST = 8;
const STEP = 1.5;
const WHEEL = 0.002;
const PAN = 0.12; // of the frame, for one press of an arrow key

// Enlarges `stage`, which fills `frame`. `mayPan` says whether one pointer moves it; `mayWheel` whether the wheel zooms.
// Of the view, x and y are the place of the stage's corner in shares of the frame. `onChange` hears of each new view.
export function makeZoomable(frame, stage, { mayPan = () => true, mayWheel = () => true, onChange = () => {} } = {}) {
  let view = { scale: 1, x: 0, y: 0 };
  const pointers = new Map();
  let moved = 0; // pixels since the press: a drag is no click

  const clamp = (value, scale) => Math.min(0, Math.max(1 - scale, value));
  function show({ scale, x, y }, { quietly = false } = {}) {
    view = { scale, x: clamp(x, scale), y: clamp(y, scale) };
    stage.style.transform = scale === 1 ? "" : `translate(${view.x * 100}%, ${view.y * 100}%) scale(${scale})`;
    frame.classList.toggle("enlarged", scale > 1);
    if (!quietly) onChange(view);
  }

  const shareOf = ({ clientX, clientY }) => {
    const box = frame.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  };
  function zoomAt(place, factor) {
    const scale = Math.min(MOST, Math.max(1, view.scale * factor));
    const by = scale / view.scale;
    show({ scale, x: place.x - (place.x - view.x) * by, y: place.y - (place.y - view.y) * by });
  }
  const zoomBy = (factor) => zoomAt({ x: 0.5, y: 0.5 }, factor);
  const reset = () => show({ scale: 1, x: 0, y: 0 });

  frame.addEventListener("wheel", (event) => {
    if (!mayWheel(event) || (view.scale === 1 && event.deltaY > 0)) return; // there the page scrolls
    event.preventDefault();
    zoomAt(shareOf(event), Math.exp(-event.deltaY * WHEEL));
  }, { passive: false });

  frame.addEventListener("pointerdown", (event) => {
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, event);
  });
  addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (pointers.size === 2) pinch(before, event);
    else if (mayPan(event)) pan(before, event);
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, ({ pointerId }) => pointers.delete(pointerId));
  }

  function pan(before, event) {
    const [from, to] = [shareOf(before), shareOf(event)];
    show({ ...view, x: view.x + to.x - from.x, y: view.y + to.y - from.y });
  }
  function pinch(before, event) {
    const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    const distance = (one) => Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
    const middle = (one) => shareOf({
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    });
    const [from, to] = [middle(before), middle(event)];
    view = { ...view, x: view.x + to.x - from.x, y: view.y + to.y - from.y };
    zoomAt(to, distance(event) / distance(before));
  }

  const KEYS = {
    "+": () => zoomBy(STEP),
    "=": () => zoomBy(STEP),
    "-": () => zoomBy(1 / STEP),
    0: reset,
  };
  const ARROWS = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    const [x, y] = (view.scale > 1 && ARROWS[event.key]) || [];
    if (x === undefined && !KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    if (x === undefined) KEYS[event.key]();
    else show({ ...view, x: view.x + x, y: view.y + y });
  });

  return {
    show,
    reset,
    zoomAt,
    shareOf,
    zoomIn: () => zoomBy(STEP),
    zoomOut: () => zoomBy(1 / STEP),
    get view() { return view; },
    get isPinched() { return pointers.size > 1; },
    get isDragged() { return moved > 6; },
  };
}
