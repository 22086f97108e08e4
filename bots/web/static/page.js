// What the page was given by the server, and how it speaks to people.
const data = JSON.parse(document.getElementById("data").textContent);
export const { catalog, words, me, mostUploadBytes } = data;
export const token = document.body.dataset.token;
export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

let fading;
// One sentence under the prompt; a problem stays until the next one, everything else fades.
// `point` shows what was typed, with carets under the part that is wrong.
export function say(text, { bad = false, point = "" } = {}) {
  const line = $("#said");
  clearTimeout(fading);
  line.textContent = text;
  if (point) {
    const pre = document.createElement("pre");
    pre.textContent = point;
    line.append(pre);
  }
  line.classList.toggle("bad", bad);
  line.setAttribute("role", bad ? "alert" : "status");
  if (text && !bad) fading = setTimeout(() => { line.textContent = ""; }, 5000);
}

export function speak(text) {
  $("#spoken").textContent = text;
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function post(path, body) {
  return fetch(path, { method: "POST", body, headers: { "X-Form-Token": token } });
}

// Resolves to true when the person means it.
export function sure(question) {
  const dialog = $("#sure");
  $("#sure-text").textContent = question;
  $("[value=no]", dialog).textContent = words.no;
  $("[value=yes]", dialog).textContent = words.yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
