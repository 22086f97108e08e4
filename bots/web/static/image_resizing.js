// Photos on their way to the server, which paints from 2,048 pixels a side at most.
const SIDE_PIXELS = 2048;
const QUALITY = 0.92;

// Browsers that cannot show a HEIC give it no type.
export const isImage = (file) => file.type.startsWith("image/") || /\.(avif|heic|heif)$/i.test(file.name);

// The file itself, or a smaller copy of one that is too large to be sent; null where the browser cannot read it.
export async function fitted(file, mostBytes) {
  if (file.size <= mostBytes) return file;
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_PIXELS / Math.max(whole.width, whole.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [whole.width, whole.height].map((side) => Math.max(1, Math.round(side * scale)));
    canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/webp", QUALITY));
    return smaller && smaller.size <= mostBytes ? new File([smaller], file.name, { type: smaller.type }) : null;
  } catch {
    return null;
  }
}
