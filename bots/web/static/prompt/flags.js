// Flags in the prompt, found as the server finds them (studio/commands/flags.py). The prompt alone is sent: what the
// controls beside it show is read here, and what they change is written here.
import { catalog } from "../page_data.js";

const DASH = "[\\-\\u2010-\\u2015\\u2212\\u2e3a\\u2e3b\\ufe58\\ufe63\\uff0d]";
const LONG = /[\u2013-\u2015\u2e3a\u2e3b]/;
const RUN = new RegExp(`(?<!${DASH})(?<!${DASH}\\s)(${DASH}(?:\\s?${DASH})*)(\\s?)([A-Za-z][\\p{L}\\p{N}_\\-]*)`, "gu");
const GLUED = new RegExp(`^[A-Za-z]+(?=${DASH}?\\d)`, "u");
const ANSWER = /^(?:\s*[=:：]\s*|\s+)(yes|no|on|off|true|false)(?=[\s,;]|$)/i;
const READABLE = { integer: /^-?\d/, number: /^-?[\d.,]/, aspect: /^\d[\d.,]*\s*[:x/]/i, size: /^\d+\s*[x×*]/i, choice: /^\w/ };
const AROUND = /^["'`«»‘’“”\s]+|["'`«»‘’“”\s,;]+$/g;

// The command that is typed; undefined for one that there is not.
export function specOf(text) {
  const name = text.match(/^\s*\/(\S*)/)?.[1].toLowerCase() ?? "imagine";
  return catalog.find((spec) => spec.name === name);
}

const namedIn = (spec, word) => spec?.parameters.find(({ name, aliases }) => [name, ...aliases].includes(word.toLowerCase()));

// Whether dashes before a known name are meant as its flag, and not as a hyphen or a dash of prose.
function isMeant({ kind, word, dashes, gap, before, rest }) {
  const single = dashes.length === 1;
  const followsWord = /[\p{L}\p{N}]$/u.test(before);
  if (followsWord && (single || /\s/.test(dashes))) return false;
  if (single && new RegExp(`[\\p{L}\\p{N}_]${dashes}(?=[\\s.,;:!?)]|$)`, "u").test(rest)) return false;
  const isReadable = READABLE[kind]?.test(rest.replace(/^[\s=:：]*["']?/, "")) ?? false;
  if (gap) return (!single || LONG.test(dashes)) && isReadable;
  return !(single && word.length === 1) || isReadable || !(kind in READABLE);
}

// In their order; a value goes on to the next flag. An unknown one, which the server refuses, has no parameter.
function findFlags(text) {
  const spec = specOf(text);
  const found = [];
  for (const { 0: { length }, 1: dashes, 2: gap, 3: typed, index } of text.matchAll(RUN)) {
    const glued = typed.match(GLUED)?.[0];
    const parameter = namedIn(spec, typed) ?? (glued && namedIn(spec, glued));
    const word = parameter && !namedIn(spec, typed) ? glued : typed;
    const nameEnd = index + length - typed.length + word.length;
    const [before, rest] = [text.slice(0, index), text.slice(nameEnd)];
    const isFlag = parameter
      ? isMeant({ kind: parameter.kind, word, dashes, gap, before, rest })
      : dashes.length > 1 && !gap && !/[\p{L}\p{N}]$/u.test(before);
    if (isFlag) found.push({ parameter, start: index, nameEnd });
  }
  return found.map(({ parameter, start, nameEnd }, place) => {
    const next = found[place + 1]?.start ?? text.length;
    if (parameter?.kind !== "switch") return { parameter, start, end: next, value: text.slice(nameEnd, next).replace(/^[\s=:：]*/, "").replace(AROUND, "") };
    const answer = text.slice(nameEnd).match(ANSWER);
    return { parameter, start, end: nameEnd + (answer?.[0].length ?? 0), value: /^(no|off|false)$/i.test(answer?.[1] ?? "") ? "" : "yes" };
  });
}

// What stands behind a flag, by whichever of its names; the last one counts. Empty where there is none.
export const readFlag = (text, name) => findFlags(text).findLast(({ parameter }) => parameter?.name === name)?.value ?? "";

// The text with this value behind the flag; an empty one takes the flag away.
export function writeFlag(text, name, value) {
  let left = text;
  for (const { start, end } of findFlags(text).filter(({ parameter }) => parameter?.name === name).reverse()) {
    left = `${left.slice(0, start).trimEnd()} ${left.slice(end).trimStart()}`;
  }
  if (left.trim() === "") left = "";
  const flag = specOf(text)?.parameters.find((parameter) => parameter.name === name)?.kind === "switch" ? `--${name}` : `--${name} ${value}`;
  return value ? `${left.trimEnd()} ${flag}` : left.trimEnd();
}

// Where the words end and the flags begin.
export const wordsEnd = (text) => text.slice(0, findFlags(text)[0]?.start ?? text.length).trimEnd().length;
