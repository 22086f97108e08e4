// Images brought along: by the button, by dropping or by pasting.
import { $ } from "./dom.js";
import { showNotice } from "./notices.js";
import { catalog, _ } from "./page_data.js";
import { prepare, upload } from "./uploads.js";

const list = $("#attached");
const picker = $("#file");
let attached = []; // { name, ticket, role, item, url }

export async function attach(files) {
  for (const chosen of [...files]) {
    const { file, problem } = await prepare(chosen);
    if (file) add(file);
    else showNotice(problem, { bad: true });
  }
}

// How many pictures the command that is being typed starts from.
function mostImages() {
  const name = $("#say").value.match(/^\s*\/(\w+)/)?.[1];
  return catalog.find((spec) => spec.name === name)?.parameters.filter(({ kind }) => kind === "image").length ?? 1;
}

// Whether a command only looks at its file. Such a file is not taken in, and what it tells is all that is sent.
function examines(text) {
  const name = text.match(/^\s*\/(\w+)/)?.[1];
  return catalog.find((spec) => spec.name === name)?.parameters.some(({ kind }) => kind === "file") ?? false;
}

async function add(file) {
  const name = file.name || "image";
  const several = mostImages() > 1;
  const role = !several && attached.some((image) => image.role === "image") ? "mask" : "image";
  // One picture and one mask at most, or as many pictures as the command takes.
  if (several) attached.slice(0, Math.max(0, attached.length - mostImages() + 1)).forEach(remove);
  else attached.filter((image) => image.role === role).forEach(remove);
  const entry = { name, role, ticket: null, url: URL.createObjectURL(file) };
  entry.item = row(entry);
  attached.push(entry);
  list.append(entry.item);
  list.hidden = false;
  showNotice(_("Attaching {name}…", { name }));
  const problem = await send(entry, file);
  if (problem) {
    remove(entry);
    showNotice(problem, { bad: true });
  } else if (attached.includes(entry)) {
    entry.item.classList.remove("busy");
    showNotice(_("{name} is attached.", { name }));
    $("#say").focus();
  }
}

async function send(entry, file, examined = examines($("#say").value)) {
  const { ticket, problem } = await upload(file, { examined });
  Object.assign(entry, { file, examined, ticket });
  return problem ?? "";
}

function row(entry) {
  const item = document.createElement("li");
  item.className = "busy";
  const role = Object.assign(document.createElement("button"), { type: "button", className: "link" });
  const update = () => {
    role.textContent = entry.role === "image" ? _("to paint from") : _("as mask");
    role.title = entry.role === "image"
      ? _("Used as the picture to start from. Press to use it as a mask.")
      : _("Used as a mask, white where the picture may change. Press to use it as the picture.");
  };
  role.addEventListener("click", () => {
    if (mostImages() > 1) return; // all of them are pictures
    const other = attached.find((image) => image !== entry);
    entry.role = entry.role === "image" ? "mask" : "image";
    if (other) other.swap(entry.role === "image" ? "mask" : "image");
    update();
  });
  entry.swap = (to) => { entry.role = to; update(); };
  update();
  const away = Object.assign(document.createElement("button"), { type: "button", className: "round", textContent: "×" });
  away.setAttribute("aria-label", _("Remove {name}", { name: entry.name }));
  away.addEventListener("click", () => {
    remove(entry);
    $("#say").focus();
  });
  item.append(Object.assign(document.createElement("img"), { src: entry.url, alt: entry.name }), role, away);
  return item;
}

function remove(entry) {
  attached = attached.filter((image) => image !== entry);
  entry.item.remove();
  URL.revokeObjectURL(entry.url);
  list.hidden = attached.length === 0;
}

// Files that were attached before the command was typed are sent once more for what it does. A sentence if one fails.
export async function uploadAgainFor(text) {
  for (const entry of attached) {
    if (!entry.ticket || entry.examined === examines(text)) continue;
    const problem = await send(entry, entry.file, examines(text));
    if (problem) return problem;
  }
  return "";
}

export function tickets() {
  const several = mostImages() > 1;
  const [image = null, ...more] = attached.filter(({ role }) => several || role === "image").map(({ ticket }) => ticket);
  const mask = several ? null : (attached.find(({ role }) => role === "mask")?.ticket ?? null);
  return { image, mask, more: several ? more : [] };
}

export const busy = () => attached.some(({ ticket }) => !ticket);
export const clear = () => [...attached].forEach(remove);

$("#attach").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => {
  attach(picker.files);
  picker.value = "";
});
document.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  placeFiles(event.clipboardData.files);
});

// To the open form, where it takes files; else to the prompt.
function placeFiles(files) {
  const field = $("#dialog[open] input[type=file]");
  if (field) field.files = files;
  else attach(files);
}

let depth = 0;
const carries = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (carries(event) && depth++ === 0) document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (carries(event) && --depth === 0) document.body.classList.remove("dragging");
});
addEventListener("dragover", (event) => carries(event) && event.preventDefault());
addEventListener("drop", (event) => {
  depth = 0;
  document.body.classList.remove("dragging");
  if (!carries(event)) return;
  event.preventDefault();
  placeFiles(event.dataTransfer.files);
});
