// The address of the open dialog: Back closes it, a link or a reload opens it again.
history.scrollRestoration = "manual"; // the feed may have grown meanwhile, and stays where it is under a dialog

let leaving = false;
let left = Promise.resolve(); // when the address is the feed's again

export async function pushDialog(path, isOpen) {
  await left;
  if (!isOpen()) return;
  history[history.state?.dialog ? "replaceState" : "pushState"]({ dialog: true }, "", path);
}

// The page came with a dialog. The feed lies under it, so Back leads there first.
export function putFeedBehindDialog() {
  if (history.state?.dialog) return; // it was only reloaded
  const path = location.pathname;
  history.replaceState(null, "", "/");
  history.pushState({ dialog: true }, "", path);
}

export function popDialog() {
  if (!history.state?.dialog) return;
  leaving = true;
  left = new Promise((resolve) => { addEventListener("popstate", resolve, { once: true }); });
  history.back();
}

export function onBackOrForward({ open, close }) {
  addEventListener("popstate", () => {
    if (leaving) leaving = false;
    else if (history.state?.dialog) open(location.pathname);
    else close();
  });
}
