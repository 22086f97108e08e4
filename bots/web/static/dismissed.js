// Cards of refused, failed and cancelled jobs that were put away in this browser. They stay in the history.
const KEY = "chatelier-dismissed";
const MOST_REMEMBERED = 500;

function ids() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch { // storage is forbidden, or somebody else wrote there
    return [];
  }
}

export const isDismissed = (card) => card.matches(".refused, .failed, .cancelled") && ids().includes(card.id);

export function dismiss(card) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...ids(), card.id].slice(-MOST_REMEMBERED)));
  } catch {
    // Then it is back after a reload.
  }
  card.remove();
}
