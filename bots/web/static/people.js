// Who is here, and one's own name.
import { $, post, sure } from "./dom.js";
import { showNotice } from "./notices.js";
import { _, comesBack } from "./page_data.js";
import { on } from "./socket.js";

on("people", ({ html }) => {
  const people = $("#people");
  people.innerHTML = html;
  $("#names").replaceChildren($("template", people).content.cloneNode(true));
});

// Questions and notices that wait in the messages.
on("post", ({ count, text }) => {
  const badge = $("#post-count");
  badge.hidden = count === 0;
  badge.textContent = count;
  if (text) showNotice(text);
});

$("#rename").addEventListener("submit", async (event) => {
  event.preventDefault();
  const line = $("#rename .problem");
  const response = await post("/name", $("#my-name").value);
  const answer = await response.json();
  line.hidden = response.ok;
  line.textContent = answer.text ?? "";
  if (response.ok) {
    $("#my-name").value = answer.name;
    $("#present").open = false;
  }
});

$("#leave").addEventListener("click", async () => {
  const question = comesBack
    ? _("Leave? Your pictures stay, and you come back with your account, passkey or code.")
    : _("Leave? Your pictures stay. You cannot come back under this name, which stays taken, unless you make a way back in your settings first.");
  if (!(await sure(question, _("Leave")))) return;
  await post("/leave");
  location.assign("/");
});

$("#present").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  $("#present").open = false;
  $("#present summary").focus();
});
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#present")) $("#present").open = false;
});
