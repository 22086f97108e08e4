"""Sentences of requests that cannot be carried out, by kind and reason."""

BAD_REQUEST = {
    "button_unknown": "This button does not belong to a picture here.",
    "form_unknown": "This form does not belong to a picture here.",
    "upload_gone": "That image is not here any more. Please start again from the message that shows it.",
    "attachment_gone": "The attached image is not here any more. Please attach it again.",
    "no_image": "There is no image on that message.",
    "not_from_here": "This picture was not made here, as far as the records go.",
    "nothing_to_vote_on": "There is nothing to vote on: that job has no two pictures.",
    "no_prompt_helper": "There is no prompt helper here. An administrator can set one up.",
    "no_captioner": "Nothing here describes pictures. An administrator can set that up.",
    "tray_full": "Your tray holds {most} pictures. Blend them or empty it first.",
    "not_finished": "It is not finished yet. Please try again when you see it.",
    "all_deleted": "The pictures of this job were deleted.",
}

UNKNOWN_COMMAND = {
    "": "There is no command /{name}. Type /help to see what there is.",
    "nearest": "There is no command /{name}. Did you mean /{nearest}?",
}

NOT_FOUND = {
    "picture": "Picture {id} was not found.",
    "folder": "That folder was not found. It may have been deleted, or is no longer shared.",
    "job": "Job {id} was not found.",
    "case": "Case {id} was not found.",
    "proposal": "These proposed prompts are not here any more. Please ask again.",
    "style": "Style {name} was not found.",
    "evidence": "Evidence {id} was not found.",
    "notice": "Notice {id} was not found.",
    "name": "@{name} was not found.",
    "this_picture": "That picture was not found.",
    "this_person": "That person was not found.",
    "this_page": "That page was not found.",
    "file": "The picture's file was not found.",
    "source": "A picture that this starts from was not found.",
    "gathering": "Gathering {id} was not found.",
    "kind_of_gathering": "That kind of gathering was not found.",
    "part": "That part was not found.",
    "winner": "The winner was not found.",
    "open_case": "No case is open.",
    "request": "The request of job {id} was deleted.",
    "left_of_job": "Job {id} has no pictures, and nothing else of it is left to delete.",
}

AMBIGUOUS_NAME = {"": "Several people fit @{name}. Name one by the id."}

NOT_SUPPORTED = {
    "operation": "The model {model} cannot {operation}. It can do: {able}.",
    "image_prompt": "The model {model} cannot use an image as a prompt. It can do: {able}.",
    "references": "The model {model} cannot use pictures as references. It can do: {able}.",
    "structure": "The model {model} cannot follow the {kind} of a picture.",
    "needs_picture": "The model {model} cannot imagine without a picture. It can do: edit.",
    "loras": "The model {model} cannot use LoRAs. It can do: {able}.",
    "lora": "The model {model} cannot use the LoRA {name}: its file is damaged or was made for another model.",
    "lora_but_others": (
        "The model {model} cannot use the LoRA {name}: its file is damaged or was made for another model. It can"
        " use these LoRAs: {others}."
    ),
    "embedding": (
        "The model {model} cannot use the embedding {name}: its file is damaged or was made for another model."
    ),
    "single_steps": "The model {model} cannot be measured step by step.",
}
