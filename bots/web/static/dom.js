// What every page is read and asked with.
export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// The key with which one moves along a line of text as with this one from left to right.
const TURNED = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };
export const alongLine = ({ key }) => (document.documentElement.matches(":dir(rtl)") && TURNED[key]) || key;

export async function post(path, body) {
  return fetch(path, { method: "POST", body, headers: { "X-Form-Token": document.body.dataset.token } });
}

// With a sentence of ours for the person. Those of other errors are the browser's own, and are not shown.
export class Refusal extends Error {}

// The answer to a post as an object; else a `Refusal` with what the server said, or with nothing.
export async function answerOf(response) {
  const answer = await response.json().catch(() => ({})); // a proxy's page of its own is no answer
  if (!response.ok) throw new Refusal(answer.text);
  return answer;
}

// Resolves to true when the person means it. `yes` is the word on the button that says so, else the page's own.
export function sure(question, yes) {
  const dialog = $("#sure");
  const button = $("button[value=yes]", dialog);
  button.dataset.usual ??= button.textContent;
  button.textContent = yes ?? button.dataset.usual;
  $("#sure-text").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", function answered() {
      if (dialog.open) return; // late news of the question before this one
      dialog.removeEventListener("close", answered);
      resolve(dialog.returnValue === "yes");
    });
  });
}
