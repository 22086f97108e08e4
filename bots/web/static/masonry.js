// The feed without holes, for browsers that do not know `grid-lanes`: rows of one pixel, of which each card takes as many
// as it is high. The spans stand in a style sheet of their own, because a card is replaced attribute by attribute.
import { $ } from "./dom.js";

const feed = $("#feed");
const sheet = new CSSStyleSheet();
const heights = new Map(); // id → pixels

function write() {
  const gap = parseFloat(getComputedStyle(feed).columnGap);
  const rules = [...heights].map(([id, height]) => `#${CSS.escape(id)} { grid-row-end: span ${Math.ceil(height + gap)}; }`);
  sheet.replaceSync(`@media (min-width: 700px) { ${rules.join(" ")} }`);
}

const sizes = new ResizeObserver((entries) => {
  let changed = false;
  for (const { target } of entries) {
    const height = target.isConnected ? target.offsetHeight : 0;
    if (heights.get(target.id) === height) continue;
    if (height) heights.set(target.id, height);
    else heights.delete(target.id);
    changed = true;
  }
  if (changed) write();
});

function observe() {
  for (const child of feed.children) if (child.id) sizes.observe(child);
}

if (!CSS.supports("display", "grid-lanes")) {
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  feed.classList.add("packed");
  new MutationObserver(observe).observe(feed, { childList: true });
  observe();
}
