// The address of the open sheet: Back closes it, a link or a reload opens it again.
history.scrollRestoration = "manual"; // the wall may have grown meanwhile, and stays where it is under a sheet

let leaving = false;
let left = Promise.resolve(); // when the address is the wall's again

export async function enter(path, isOpen) {
  await left;
  if (!isOpen()) return;
  history[history.state?.sheet ? "replaceState" : "pushState"]({ sheet: true }, "", path);
}

// The page came with a sheet. The wall lies under it, so Back leads there first.
export function arrive() {
  if (history.state?.sheet) return; // it was only reloaded
  const path = location.pathname;
  history.replaceState(null, "", "/");
  history.pushState({ sheet: true }, "", path);
}

export function leave() {
  if (!history.state?.sheet) return;
  leaving = true;
  left = new Promise((resolve) => { addEventListener("popstate", resolve, { once: true }); });
  history.back();
}

export function onTravel({ open, close }) {
  addEventListener("popstate", () => {
    if (leaving) leaving = false;
    else if (history.state?.sheet) open(location.pathname);
    else close();
  });
}
