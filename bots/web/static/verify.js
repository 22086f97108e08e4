// The page that examines a file: dropping, pasting, and an answer without leaving the page. Without it the form is sent.
const form = document.querySelector("#verification");
const input = document.querySelector("#file");
const waiting = document.querySelector("#examining");
let address = "";

async function examine(file) {
  const body = new FormData();
  body.append("file", file);
  waiting.hidden = false;
  form.inert = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("#answer");
    if (!found) return form.submit();
    document.querySelector("#answer").replaceChildren(...found.childNodes);
    show(file);
  } catch {
    form.submit();
  } finally {
    waiting.hidden = true;
    form.inert = false;
  }
}

function show(file) {
  const image = document.querySelector("#examined");
  if (!image) return;
  URL.revokeObjectURL(address);
  address = URL.createObjectURL(file);
  image.addEventListener("load", () => { image.hidden = false; });
  image.src = address;
  image.scrollIntoView({ block: "nearest" });
}

function take(files) {
  const file = [...files].find(({ type }) => type.startsWith("image/"));
  if (!file) return;
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
  examine(file);
}

form.addEventListener("submit", (event) => {
  if (!input.files.length) return;
  event.preventDefault();
  examine(input.files[0]);
});
input.addEventListener("change", () => input.files.length && examine(input.files[0]));
addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("over"); take(event.dataTransfer.files); });
addEventListener("paste", (event) => take(event.clipboardData.files));
