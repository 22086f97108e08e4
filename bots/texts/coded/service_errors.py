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
    "nearly_full": (
        "The disk is nearly full, so nothing new is painted at the moment. Nothing was lost or charged; an"
        " administrator has to make room."
    ),
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
HELPER = {
    "": "The prompt helper does not answer at the moment. Please write the new words yourself.",
    "captioner": "The model that describes pictures does not answer at the moment. Please try again later.",
    "not_described": "This picture has not been described yet. Please try again later.",
    "nothing": "The prompt helper proposed nothing that can be painted here. Please write the new words yourself.",
    "busy": "The prompt helper has too much to do at the moment. Please write the new words yourself.",
}
PAINTING = {
    "": "Something broke on our side. Nothing was charged; please try again.",
    "not_a_number": (
        "The picture turned into noise without end. Try again with another seed, less guidance or more steps."
    ),
    "too_large": "There is not enough memory for this picture. Ask for a smaller one.",
    "shutting_down": "The worker is shutting down. Your request is kept.",
    "upscaler_broken": "The upscaler gave no usable picture. Please tell an administrator.",
    "remote_away": "The server of this model does not answer. Nothing was charged; please try again later.",
    "remote_slow": (
        "The server of this model took longer than {seconds} seconds. Nothing was charged; please try again later."
    ),
    "remote_busy": "The server of this model is too busy. Nothing was charged; please try again in a few minutes.",
    "remote_broken": "The server of this model is in trouble. Nothing was charged; please try again later.",
    "remote_refused": (
        "The server of this model refuses this request. Nothing was charged; try other words or another size."
    ),
    "remote_key_refused": (
        "The server of this model does not accept this installation's key. Please tell an administrator."
    ),
    "remote_absent": "The server does not have this model or this operation. Please tell an administrator.",
    "remote_no_image": (
        "The server of this model sent something that is no picture. Nothing was charged; please tell an"
        " administrator."
    ),
    "remote_other_size": (
        "The server of this model sent a picture of {got} pixels instead of {wanted}. Nothing was charged; try another"
        " aspect."
    ),
    "too_large_to_upscale": "There is too little memory to enlarge this. Please try later.",
}
SETTINGS = {"": "A setting is wrong. Please tell an administrator."}
