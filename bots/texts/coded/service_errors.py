"""Sentences of failures on our side, by kind and reason."""

TROUBLE = {"": "Something broke on our side. Nothing was charged; please try again."}
QUEUE = {
    "": "The queue is not available at the moment. Your request is saved and starts when the queue is back.",
}
DATABASE = {
    "": "The database is not available at the moment. Nothing was lost or charged; please try again in a minute.",
}
STORAGE = {
    "": "The pictures could not be stored. Nothing was charged; please tell an administrator.",
    "full": "The disk for pictures is full, so nothing was stored or charged. An administrator has to make room.",
    "read_only": "The place for pictures cannot be written to. Nothing was charged; an administrator has to allow it.",
    "no_access": (
        "The storage for pictures does not let the studio in. Nothing was charged; an administrator has to check its"
        " keys and permissions."
    ),
    "no_place": (
        "The folder or bucket for pictures is not there. Nothing was charged; an administrator has to create it or"
        " correct CHATELIER_STORAGE_URL."
    ),
    "no_answer": "The storage for pictures does not answer. Nothing was charged; please try again in a minute.",
}
INSPECTION = {
    "": "The picture could not be checked, so it is not shown. Nothing was charged; please try again.",
}
EXAMINATION = {
    "": "The image could not be examined. Please try again, or save it again as PNG or JPEG first.",
}
SIGNING = {
    "": "The picture could not be signed, so it is not shown. Nothing was charged; please try again.",
}
MODEL = {
    "": "The model cannot be loaded. Please tell an administrator.",
    "missing_addon": "The file {file} is not on this machine. Please tell an administrator.",
}
PAINTING = {
    "": "Something broke on our side. Nothing was charged; please try again.",
    "not_a_number": (
        "The picture turned into noise without end. Try again with another seed, less guidance or more steps."
    ),
    "too_large": "There is not enough memory for this picture. Ask for a smaller one.",
    "shutting_down": "The worker is shutting down. Your request is kept.",
    "upscaler_broken": "The upscaler gave no usable picture. Please tell an administrator.",
    "too_large_to_upscale": "There is too little memory to enlarge this. Please try later.",
}
SETTINGS = {"": "A setting is wrong. Please tell an administrator."}
