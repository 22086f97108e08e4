// Images on their way to the server, from the prompt and from forms.
import { post } from "./dom.js";
import { fitted, isImage } from "./image_resizing.js";
import { mostUploadBytes, _ } from "./page_data.js";

// The file as it may be sent, or the problem with it as a sentence.
export async function prepare(file) {
  if (!isImage(file)) return { problem: _("Only images can be attached.") };
  const smaller = await fitted(file, mostUploadBytes);
  if (smaller) return { file: smaller };
  return { problem: _("That image is larger than {mebibytes} MiB.", { mebibytes: mostUploadBytes / 1024 ** 2 }) };
}

// The ticket under which the server has the image, or a problem. `examined`: it is looked at only, and not stored.
export async function upload(file, { examined = false } = {}) {
  try {
    const response = await post(examined ? "/uploads?look" : "/uploads", file);
    const answer = await response.json();
    return response.ok ? { ticket: answer.ticket } : { problem: answer.text };
  } catch {
    return { problem: _("The image could not be attached. Please try again.") };
  }
}
