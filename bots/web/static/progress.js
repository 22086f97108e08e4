// How far unfinished jobs are. It goes on counting between two steps, by the time that a step takes, and never beyond
// the next one.
import { $ } from "./dom.js";
import { _ } from "./page_data.js";

const EVERY_MILLISECONDS = 200;
const WORTH_TELLING_SECONDS = 7.5;
const jobs = new Map(); // id → { step, steps, left, at, pace }: seconds left, milliseconds of its time and of a step
let timer;

export function showStep(id, { step, steps, text, left = null }, now = performance.now()) {
  const before = jobs.get(id);
  const taken = before && step > before.step ? (now - before.at) / (step - before.step) : 0;
  const known = before?.pace || (left ? (left * 1000) / Math.max(1, steps - step) : 0);
  const pace = taken && known ? (taken + known) / 2 : taken || known;
  const at = before?.step === step ? before.at : now;
  jobs.set(id, { step, steps, left, at, pace });
  const card = unfinished(id);
  if (card) $(".status", card).textContent = text;
  advance(now);
  timer ??= setInterval(() => advance(), EVERY_MILLISECONDS);
}

const unfinished = (id) => document.querySelector(`#job-${CSS.escape(id)}:has(progress)`);

export function advance(now = performance.now()) {
  for (const [id, { step, steps, left, at, pace }] of jobs) {
    const card = unfinished(id);
    if (!card) jobs.delete(id); // it is over
    if (!card || $("[data-waits=yes]", card)) continue; // or waits again
    const passed = Math.min(now - at, pace);
    const bar = $("progress", card);
    bar.max = steps;
    bar.value = Math.min(steps, step + (pace ? passed / pace : 0));
    if (left !== null && passed > 0) $(".status", card).textContent = stepText(step, steps, left - passed / 1000);
  }
  if (jobs.size) return;
  clearInterval(timer);
  timer = undefined;
}

// As `step` and `about` in bots/texts/jobs.py say it.
function stepText(step, steps, left) {
  const place = _("Step {step} of {steps}", { step: Math.min(step, steps), steps });
  return left < WORTH_TELLING_SECONDS ? place : `${place} · ${_("{time} left", { time: about(left) })}`;
}

function about(seconds) {
  if (seconds >= 100) return _("about {count} min", { count: Math.round(seconds / 60) });
  return _("about {count} s", { count: seconds < 15 ? 10 : Math.round(seconds / 10) * 10 });
}
