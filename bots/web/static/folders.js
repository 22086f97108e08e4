// Folders of pictures: made, renamed, shared and deleted.
import { $, post, sure } from "./dom.js";

const naming = $("#naming");

export async function postJson(path, body) {
  const response = await post(path, JSON.stringify(body)).catch(() => null);
  const answer = response ? await response.json() : {};
  return { ok: response?.ok ?? false, ...answer };
}

// Asks for a name until `act` takes it; resolves with what `act` answered, or null where the person gave up.
export function askName(act, name = "") {
  const [field, problem] = [$("input", naming), $(".problem", naming)];
  field.value = name;
  problem.hidden = true;
  naming.showModal();
  field.select();
  return new Promise((resolve) => {
    let answer = null;
    $("form", naming).onsubmit = async (event) => {
      event.preventDefault();
      answer = await act(field.value);
      problem.textContent = answer.text ?? "";
      problem.hidden = answer.ok;
      if (answer.ok) naming.close();
      else answer = null;
    };
    $("[data-cancel]", naming).onclick = () => naming.close();
    naming.addEventListener("close", () => resolve(answer), { once: true });
  });
}

export const makeFolder = () => askName((name) => postJson("/folders", { name }));

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-new-folder]")) {
    const made = await makeFolder();
    if (made) location.assign(`/pictures?folder=${made.id}`);
  }
  const button = event.target.closest("[data-folder-do]");
  if (!button) return;
  const { folder, name } = button.closest("[data-folder]").dataset;
  const change = (body) => postJson(`/folders/${folder}`, body);
  const wanted = button.dataset.folderDo;
  if (wanted === "rename") {
    if (await askName((name) => change({ do: wanted, name }), name)) location.reload();
    return;
  }
  if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
  const { ok } = await change({ do: wanted });
  if (ok && wanted === "delete") location.assign("/pictures");
  else location.reload(); // which says what became of it
});
