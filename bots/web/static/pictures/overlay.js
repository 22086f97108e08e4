// Lays an element exactly over a picture, which may be smaller than its own box (`object-fit: contain`).
export function coverPicture(image, overlay) {
  const [width0, height0] = ["width", "height"].map((name) => Number(image.getAttribute(name)));
  const place = () => {
    const scale = Math.min(image.clientWidth / width0, image.clientHeight / height0);
    const [width, height] = [width0 * scale, height0 * scale];
    Object.assign(overlay.style, {
      left: `${image.offsetLeft + (image.clientWidth - width) / 2}px`,
      top: `${image.offsetTop + (image.clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  };
  new ResizeObserver(place).observe(image);
}
