// Passkeys and codes, on the entry page and in the settings.
import { $, Refusal, answerOf, post } from "./dom.js";

// A passkey belongs to the name of a site, and an address is no name.
const works = "parseCreationOptionsFromJSON" in (window.PublicKeyCredential ?? {}) && !/^[\d.]+$|:/.test(location.hostname);
document.body.classList.toggle("with-passkeys", works);

async function ask(path, body) {
  return answerOf(await post(path, body && JSON.stringify(body)));
}

const next = (to) => (to === "/" ? "" : `?${new URLSearchParams({ next: to })}`);

async function addPasskey(button) {
  const { options, challenge } = await ask("/passkeys/options");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  const { to } = await ask(`/passkeys${next(button.dataset.to)}`, { answer: made.toJSON(), challenge });
  location.assign(to);
}

async function usePasskey(button) {
  const { options, challenge } = await ask("/sign-in/passkey/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const used = await navigator.credentials.get({ publicKey });
  const { to } = await ask(`/sign-in/passkey${next(button.dataset.to)}`, { answer: used.toJSON(), challenge });
  location.assign(to);
}

async function showCode(button) {
  const { code } = await ask(`/sign-in/codes/${button.dataset.newCode}`);
  const line = $(`[data-code-of="${button.dataset.newCode}"]`);
  $("output", line).textContent = code;
  line.hidden = false;
  const go = $("#go-on");
  if (go) go.hidden = false;
}

async function remove(button) {
  await answerOf(await post("/sign-in/remove", button.dataset.removeSignIn));
  button.closest("li").remove();
}

// The page around this one is ours, and asks Discord's client as it loads.
const askDiscord = () => parent.location.reload();

const ACTIONS = {
  "[data-ask-discord]": askDiscord,
  "[data-add-passkey]": addPasskey,
  "[data-use-passkey]": usePasskey,
  "[data-new-code]": showCode,
  "[data-remove-sign-in]": remove,
};

document.addEventListener("click", async (event) => {
  const [selector, act] = Object.entries(ACTIONS).find(([selector]) => event.target.closest?.(selector)) ?? [];
  if (!act) return;
  const button = event.target.closest(selector);
  const problem = $("[data-sign-in-problem]");
  problem.hidden = true;
  try {
    await act(button);
  } catch (error) {
    problem.textContent = (error instanceof Refusal && error.message) || problem.dataset.signInProblem;
    problem.hidden = false;
  }
});
