// What the room was given by the server.
const data = JSON.parse(document.getElementById("data").textContent);
export const { catalog, words, me, mostUploadBytes } = data;

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
