// What the room was given by the server, and how it speaks to people.
import { $ } from "./document.js";

const data = JSON.parse(document.getElementById("data").textContent);
export const { catalog, words, me, mostUploadBytes } = data;

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
