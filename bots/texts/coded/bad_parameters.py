"""Sentences of `BadParameterError`, by its reason."""

from bots.texts.translation import Msgid

_REGIONS = "Name cells such as A1, B2-C3 or A1,D4, or say top left, right, center, border or everything."

UNSEEN_CHANNEL = "I see no channel {channel} here. Name one of this server, such as #desk, that I may view."
LACKING_IN_CHANNEL = "In {channel} I lack: {permissions}."
SENTENCES: dict[str, Msgid] = {
    # values of any kind
    "missing": "The {parameter} is missing. For example: {example}",
    "empty_prompt": "The {parameter} is empty. Describe the picture in a few words.",
    "too_long": "The {parameter} must be at most {most:,} characters long, not {length:,}.",
    "not_a_number": "The {parameter} must be a number.",
    "not_whole": "The {parameter} must be a whole number.",
    "too_small": "The {parameter} must be at least {low}.",
    "too_big": "The {parameter} must be at most {high}.",
    "out_of_range": "The {parameter} must lie between {low} and {high}.",
    "for_good": "The {parameter} must have an end, such as 30m, 12h or 7d.",
    "whole_range": "The {parameter} must be a whole number between {low:,} and {high:,}.",
    "not_a_choice": "The {parameter} must be one of: {choices}.",
    "too_long_word": "A word or phrase must be at most {most} characters long.",
    "too_many_words": "A community may list at most {most:,} words.",
    "not_a_picture_id": "The {parameter} must be given by its id, such as k3v9m2p4qx7a.2.",
    "not_a_job_id": "The {parameter} must be given by its id, such as k3v9m2p4qx7a.",
    "not_an_id": "Name a picture or a job by its id, such as k3v9m2p4qx7a.2.",
    "not_a_case_id": "The {parameter} must be given by its id, such as k3v9m2p4qx7a.",
    "not_a_gathering_id": (
        "The {parameter} must be that of a gathering, such as k3v9m2p4qx7a. /gather lists them."
    ),
    "not_attached": "The {parameter} must be attached.",
    "not_a_duration": "Write the duration as 30m, 12h, 7d or 2w, or: for good.",
    "nobody": "There is nobody of that name here.",
    "a_bot": "The {parameter} is a bot.",
    "server_only": "The {parameter} can be named in a server only, not in direct messages.",
    # typed lines
    "unknown": "/{command} does not take “{name}”. It takes: {takes}.",
    "unknown_flag": "“{flag}” is unknown. /{command} takes: {takes}.",
    "unknown_flag_nearest": "“{flag}” is unknown. Did you mean {nearest}?",
    "flag_without_value": "“{flag}” needs a value. For example: {example}",
    "no_free_text": "/{command} takes no free text. For example: {example}",
    # prompts with alternatives
    "too_many_alternatives": "This makes {made} different pictures; the most is {most}.",
    "more_alternatives_than_pictures": (
        "These words have {alternatives} alternatives. Ask for as many pictures, or leave their number out."
    ),
    "empty_alternative": "One of these says nothing at all.",
    "empty_braces": "There is nothing between these braces.",
    "nested_braces": "Braces cannot stand inside braces.",
    "brace_not_opened": "This brace closes nothing; write \\}} for the letter.",
    "brace_not_closed": "This brace is never closed; write \\{{ for the letter.",
    # pictures and images
    "picture_or_image": "Give a picture id or attach an image, not both.",
    "no_picture": "Give the id of a picture, or attach an image.",
    "no_file": "Attach the picture, as the file you have.",
    "no_region": "Say which part to change, for example B2-C3, or attach a mask.",
    "no_region_for_model": (
        "Say which part to change, for example B2-C3, or attach a mask: the model {model} cannot edit by words"
        " alone. Models that can: {able}."
    ),
    "empty_region": f"The {{parameter}} is empty. {_REGIONS}",
    "unknown_cell": "There is no cell {cell}; the grid goes from A1 to D4.",
    "not_in_grid": f"The {{parameter}} is not a part of the grid. {_REGIONS}",
    "word_not_in_grid": f"“{{word}}” is not a part of the grid. {_REGIONS}",
    "too_many_pictures": (
        "At most {count} picture can be requested at a time here.",
        "At most {count} pictures can be requested at a time here.",
    ),
    "too_many_drafts": (
        "At most {count} draft can be requested at a time here.",
        "At most {count} drafts can be requested at a time here.",
    ),
    "count_of_drafts": "At most {most} pictures at a time, or with --draft {drafts} drafts.",
    "no_drafts": "The model {model} paints neither smaller nor in fewer steps. Models for drafts: {able}.",
    "no_drafts_anywhere": "The model {model} paints neither smaller nor in fewer steps, so there are no drafts.",
    "not_a_draft": "This picture is no draft: it has its full size already.",
    "source_too_large": "{width}×{height} is large already; up to {megapixels} megapixels can be enlarged.",
    "comes_out_the_same": "An upscaled picture comes out the same each time. Vary it instead.",
    # sizes
    "not_an_aspect": "Write the aspect as two numbers, for example 3:2.",
    "aspect_range": "The {parameter} must lie between 1:4 and 4:1.",
    "aspect_or_sides": "Give an aspect, or width and height, not both.",
    "aspect_unchanged": "The picture already is {across}:{down}; choose another aspect.",
    "not_a_size": "Write the size as width and height in pixels, for example 512x768.",
    "size_range": "Each side must lie between {low} and {high} pixels.",
    "fixed_size": ("The model {model} paints about {side}×{side} pixels always; ask for a ratio with --ar."),
    "size_alone": "Give a size alone, without aspect, width and height.",
    "not_multiples": "The width and the height must be multiples of {grid} for this model.",
    "too_large_for_model": "The width and the height are too large for {model}: at most about {most}×{most}.",
    "sides_or_aspect": "Give sides or a new aspect, not both.",
    "picture_or_words": "Give a picture or words to start from, one of the two.",
    "amount_or_aspect": "Give an amount or a new aspect, not both.",
    "not_sides": "The {parameter} must be some of {sides}, or all.",
    "unknown_side": "There is no side {side}; use {sides}.",
    "least_amount": "The {parameter} must be at least 1 percent.",
    "canvas_too_large": "The canvas would be {width}×{height} pixels, and at most {most} a side are allowed.",
    # blends
    "weights_not_numbers": "The weights must be numbers, for example {example}.",
    "weights_for_each": "Give one weight for each of the {pictures} pictures, for example {example}.",
    "weights_range": "The weights must lie between 0 and 100, and not all be 0; for example {example}.",
    "too_few_to_blend": "A blend takes {fewest} to {most} pictures; give another.",
    "too_many_to_blend": "A blend takes at most {most} pictures, and these are {given}.",
    "blended_twice": "The {parameter} was given already; its weight makes it count more.",
    # models and what belongs to them
    "unknown_name": "There is no {parameter} {name} here; there are {known}.",
    "unknown_name_of_one": "There is no {parameter} {name} here; there is only {known}.",
    "unknown_name_of_none": "There is no {parameter} {name} here; there are none.",
    "unknown_name_nearest": "There is no {parameter} {name} here; there are {known}. Did you mean {nearest}?",
    "unknown_lora": "The model {model} has no LoRA {name}; it has {known}.",
    "unknown_lora_of_none": "The model {model} has no LoRA {name}; it has none.",
    "unknown_lora_nearest": "The model {model} has no LoRA {name}; it has {known}. Did you mean {nearest}?",
    "too_many_references": (
        "The model {model} takes at most {count} picture at once.",
        "The model {model} takes at most {count} pictures at once.",
    ),
    "no_references": "The model {model} cannot use pictures as references. Models that can: {able}.",
    "no_references_anywhere": "The model {model} cannot use pictures as references, nor can any other here.",
    "no_reference_weights": "The model {model} cannot weigh its references. Models that can: {able}.",
    "no_reference_weights_anywhere": "The model {model} cannot weigh its references, nor can any other here.",
    "too_many_pictures_named": "At most {most} references at a time.",
    "not_picture_ids": (
        "Name the pictures by their ids, with commas between, such as k3v9m2p4qx7a.2 or k3v9m2p4qx7a.2:0.8."
    ),
    "reference_weight": "The weight of a reference must lie between 0.05 and 2, such as k3v9m2p4qx7a.2:0.8.",
    "no_structure": "The model {model} cannot follow the {parameter} of a picture. Models that can: {able}.",
    "no_structure_anywhere": (
        "The model {model} cannot follow the {parameter} of a picture, nor can any other here."
    ),
    "one_picture": "Name one picture for the {parameter}, by its id, such as k3v9m2p4qx7a.2 or k3v9m2p4qx7a.2:0.8.",
    "tier_needed": "{name} is for people from the tier {tier} on; yours is {own}.",
    "missing_folder_name": "Give the folder a name.",
    "folder_taken": "You have a folder {name} already. Choose another name.",
    "too_many_folders": "At most {most} folders can be kept. Delete one first.",
    "style_name": "Name a style with letters, digits and spaces, such as ink wash.",
    "style_taken": "There is a style {name} already. Choose another name.",
    "style_of_nothing": "Say what the style consists of: words, a negative prompt, a model, LoRAs or references.",
    "style_braces": "The words of a style may contain {{prompt}} and no other braces.",
    "too_many_styles": "At most {most} styles can be saved. Remove one first.",
    "lora_twice": "Name each LoRA once.",
    "too_many_loras": "At most {most} LoRAs at a time.",
    "lora_weight_not_a_number": "Write the weight of a LoRA as a number, for example pixel:0.8.",
    "lora_weight_range": "The weight of a LoRA must lie between -2 and 2.",
    "unknown_upscaler_of_none": "There is no upscaler {name} here; there is only the usual one.",
    "own_scheduler": "The model {model} uses its own scheduler only.",
    "fewer_steps": "The steps must be fewer for this scheduler at this strength.",
    # people, credits and names
    "no_words": "That picture has no words that could be changed.",
    "nothing_finished": "None of its pictures is finished yet.",
    "already_over": "The {parameter} is over already.",
    "credits_unlimited": "Credits never run out here, so there is nothing to give.",
    "credits_to_oneself": "You cannot give credits to yourself.",
    "unknown_code": (
        "The {parameter} is not known, or is older than 15 minutes. Type /link on the other platform for a new one."
    ),
    "own_code": "The {parameter} is your own: type it where you have your other name.",
    "nothing_linked": "You have linked no other names, so there is nothing to part.",
    "one_account": (
        "Your names in direct messages and in the home server are one account, so they stay linked: the same limits and"
        " bans hold for both."
    ),
    # moderation
    "not_taken_down": "This picture was not taken down, or the time to appeal is over.",
    "not_refused": "The {parameter} was not refused, so there is nothing to appeal.",
    "not_a_decision": "The {parameter} of this case must be one of: {choices}.",
    "only_stricter": "A community may only be stricter: hold or refuse.",
    "only_lower_threshold": "A community may only be stricter: at most {most}.",
    "not_a_score": "A threshold is a number above 0, at most 1.",
    "unknown_role": "The roles of public figures are {roles}.",
    "unknown_policy_language": "The languages of this installation are {languages}.",
    "age_restricted_by_discord": (
        "On Discord, mark the channel itself as age-restricted, in its settings: that holds here as well."
    ),
    "other_models_here": "The model {model} is not for this channel. Models here: {able}.",
    "unknown_category": "The categories are {categories}.",
    "unknown_tier": "The tiers are {tiers}.",
    "not_like": "Write it like this: {example}.",
    "not_themes": "Write it like this: Autumn light | Rain.",
    "not_a_pair": "Write it like this: {pair}.",
    "unseen_channel": UNSEEN_CHANNEL,
    "lacking_in_channel": LACKING_IN_CHANNEL,
    "no_messages": "A forum or a category takes no messages. Name a text channel, such as #desk.",
    # files and tools of administrators
    "no_row": "Line {line} is no row with text and label.",
    "no_label": "Line {line}: the label must be unsafe or begin with benign.",
    "list_too_large": "The file is larger than any list of hashes; please split it.",
    "not_csv": "The file cannot be read as CSV in UTF-8.",
    "not_pdq": (
        "No column says of which kind its hashes are: name it pdq, md5, sha1 or sha256, or add a column type with PDQ"
        " or another of these in each row."
    ),
    "hash_too_short": "Give at least the first eight hexadecimal digits.",
    "no_cuda": "There is no CUDA card here that torch can use. Ask `chatelier doctor`.",
}

# What a parameter is called in a sentence, where its name is no word of the language.
PARAMETERS = {
    "dm": "direct message setting",
    "what": "id",
    "to": "person",
    "picture2": "second picture",
    "picture3": "third picture",
    "picture4": "fourth picture",
    "picture5": "fifth picture",
    "image2": "second image",
    "image3": "third image",
    "image4": "fourth image",
    "image5": "fifth image",
    "negative": "negative prompt",
    "lora": "LoRA",
    "ref": "reference",
    "sref": "style reference",
}

# Rules of a community whose value has two parts.
PAIRS = {
    "tier": "a role and a tier, such as 123456 trusted",
    "credits": "a tier and its credits a month, such as member 200",
    "pool": "a channel and its credits a month, such as 1234567890 500",
    "policy": "a category and an action, such as violence hold",
}
