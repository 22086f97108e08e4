// What the server wrote into the page.
const data = JSON.parse(document.getElementById("data").textContent);
export const { catalog, comesBack, me, mostUploadBytes } = data;

// A sentence for its reader, with its values. It is looked up as it stands in the script: the server reads the scripts.
export const _ = (text, values = {}) => (data.texts[text] ?? text).replace(/\{(\w+)\}/g, (__, name) => values[name]);

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
