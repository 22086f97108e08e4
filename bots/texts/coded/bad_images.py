"""Sentences of `BadImageError`, by its reason."""

SENTENCES = {
    "not_an_image": "This image cannot be used: it is not an image.",
    "empty": "This image cannot be used: the file is empty.",
    "other_kind": "This image cannot be used: it is {file_kind}. Please send a PNG, JPEG, WebP, AVIF, HEIC or GIF.",
    "unreadable": "This image cannot be read.",
    "damaged": "This image cannot be used: the file is damaged. Please save it again as PNG, JPEG or WebP.",
    "unsafe": "This image could not be opened safely. Please save it again as PNG or JPEG.",
    "busy": "Too many images are being opened now. Please try again in a minute.",
    "no_avif": "AVIF files cannot be read here. Please save the image as PNG, JPEG or WebP.",
    "no_heic": (
        "HEIC files cannot be read here. Please save the image as JPEG: on an iPhone, choose Settings › Camera ›"
        " Formats › Most Compatible, or share the photo by mail, which converts it."
    ),
    # sizes
    "too_many_bytes": "This image has {mebibytes:.1f} MiB, and at most {most} MiB are allowed.",
    "over_limit": "This image is larger than {most} MiB.",
    "too_small": "This image is too small: {width}×{height} pixels. Each side needs at least {least} pixels.",
    "too_large": (
        "This image is too large: {width}×{height} pixels. At most {most_side} pixels a side and"
        " {most_megapixels:.1f} megapixels are allowed."
    ),
    "too_thin": (
        "This image is too thin: {width}×{height} pixels. Fitted to {fitted} pixels, its shorter side would have"
        " fewer than {least}. Please cut it shorter."
    ),
    "too_much_memory": "This image needs more memory than a picture may. Please make it smaller.",
    "cannot_shrink": "This image cannot be made small enough for {most_bytes} bytes.",
    "transparent": "This image is fully transparent, so there is nothing to see.",
    # masks
    "no_mask": "There is no mask. Name the part to change, for example B2-C3, or attach a mask.",
    "other_shape": (
        "The mask is {mask_width}×{mask_height} pixels and the picture {width}×{height}. Please send a mask of the"
        " same size, or of the same ratio of width to height."
    ),
    "black_mask": "The mask is all black, so there is nothing to repaint. Paint the part to change white.",
    "white_mask": (
        "The mask is all white, so nothing of the picture would stay. Paint what is to stay black, or make a"
        " variation of the whole picture instead."
    ),
    # where it comes from
    "foreign_to_discord": "This image does not come from Discord. Please attach it.",
    "foreign_to_slack": "This image does not come from Slack. Please upload it here.",
    "not_fetched": "This image could not be fetched from {platform}. Please try again.",
    "gone": "This image is not here any more. Please upload it again.",
    "nothing_to_report": "Give the picture’s id, or attach it.",
    "unreadable_file": "{file} cannot be read ({cause}).",
}

# What people send by mistake.
FILE_KINDS = {
    "empty": "empty",
    "text": "an SVG or XML text",
    "html": "a web page",
    "video": "a video or another file of that family",
    "bmp": "a BMP",
    "tiff": "a TIFF",
    "pdf": "a PDF",
    "photoshop": "a Photoshop file",
    "icon": "an icon",
    "zip": "a ZIP archive",
    "gzip": "a compressed file",
    "postscript": "a PostScript file",
    "jpeg2000": "a JPEG 2000",
    "jpegxl": "a JPEG XL",
    "unknown": "not a picture that can be read",
}
