// The figures are brought up to date while the page is looked at.
const EVERY_MILLISECONDS = 5000;

async function refresh() {
  if (document.hidden || document.activeElement !== document.body) return; // nothing moves under a reader's cursor
  const response = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (response?.status === 401) return location.reload(); // the form to sign in again
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
}

setInterval(refresh, EVERY_MILLISECONDS);
