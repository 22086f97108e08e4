"""Sentences of refusals, by kind and reason, and what may help against them."""

POLICY = {
    "": "The rules here do not allow this ({category}).",
    "doubtful": "This may be against the rules here, so nothing was generated.",
}

BANNED = {"for_good": "You cannot paint here.", "until": "You cannot paint here until {until}."}

RATE = {
    "": "That is a lot at once. Please try again in {wait}.",
    "address": (
        "People who are new here and come from your network share what they may ask for. Please try again in {wait}."
    ),
    "invite": "People who are new here ask for a lot at once. Please try again in {wait}.",
    "community": "People here ask for a lot at once. Please try again in {wait}.",
    "everybody": "Many people ask at once. Please try again in {wait}.",
    "refused": "Several of your requests were refused. Please try again in {wait}.",
    "uploads": "You uploaded many images. Please try again in {wait}.",
}

CONCURRENCY = {
    "person": ("You already have {count} job waiting.", "You already have {count} jobs waiting."),
    "address": (
        "People who are new here and come from your network share {count} job at once, and it is taken.",
        "People who are new here and come from your network share {count} jobs at once, and none is free.",
    ),
    "invite": (
        "People who are new here and came in with the same invite word share {count} job at once, and it is taken.",
        "People who are new here and came in with the same invite word share {count} jobs at once, and none is free.",
    ),
}

CREDITS = {
    "person": (
        "This needs {count} credit and you have {balance}.",
        "This needs {count} credits and you have {balance}.",
    ),
    "address": (
        "This needs {count} credit. People who are new here and come from your network share their credits; left"
        " for you: {balance}.",
        "This needs {count} credits. People who are new here and come from your network share their credits; left"
        " for you: {balance}.",
    ),
    "invite": (
        "This needs {count} credit. People who are new here and came in with the same invite word share their"
        " credits; left for you: {balance}.",
        "This needs {count} credits. People who are new here and came in with the same invite word share their"
        " credits; left for you: {balance}.",
    ),
}

STORAGE_QUOTA = {
    "person": "Your pictures take {used} of {limit} MiB. Delete some with /delete, then ask again.",
    "community": (
        "The pictures of this community take {used} of {limit} MiB. Ask again when some were deleted, or tell an"
        " administrator."
    ),
}

NOT_ALLOWED = {
    "": "Only the person who made this, or a moderator, can do that.",
    "moderators_only": "Only moderators can do that.",
    "uploads_paused": "The moderators paused uploads here until {until}.",
    "own_community_only": "You moderate the people of this community only.",
    "nobody_moderates": "Nobody moderates here, so nobody could look again.",
    "claim_first": "Claim the case first: it shows you the words that it is about.",
    "words_unreadable": (
        "The words of this request cannot be read, because the evidence key is another. It cannot be let through."
    ),
    "own_case": "This case is about you or came from you: somebody else has to judge it.",
    "ban_oneself": "You cannot ban yourself.",
    "unban_oneself": "Somebody else has to lift your ban.",
    "banned_elsewhere": (
        "They were banned in another community, where they go by another name: it is lifted there."
    ),
    "own_pictures_only": "Only the person who made a picture can share it.",
    "own_jobs_only": "Only the person who asked for this can show it.",
    "hidden_picture": "This picture is hidden until somebody asks for it, so it cannot be shared.",
    "no_web_address": (
        "There is no web page to share it on. The operator can set its address: CHATELIER_WEB__PUBLIC_URL."
    ),
    "maker_only": "Only the person who made the picture can answer this.",
    "asker_only": "Only the person who asked for this can appeal.",
    "no_appeal": "This refusal cannot be appealed.",
    "own_picture": "This is your own picture: delete it, and it is gone.",
    "no_remix": "The person who made this picture does not want others to build on it.",
    "ask_first": (
        "This started from somebody's own image, and they want to be asked first. Vary one of its pictures."
    ),
    "job_running": "One of your jobs is being painted. Wait for it or cancel it, and then ask again.",
    "request_needed": (
        "The words and files of this request stay while they may be needed: for an appeal, by the moderators, or in a"
        " gathering. `/forget-me` deletes everything that is kept of you."
    ),
    "give_here_only": "You can give credits to the people of this community only.",
}

CONSENT = {
    "": (
        "This image shows a face. If everybody in it agreed to be painted, send the same image again within 15"
        " minutes; otherwise please choose another one."
    ),
}

CASE_TAKEN = {
    "closed": "This case was decided already. Please take another one.",
    "claimed": "This case was taken by another moderator. Please take another one.",
}

PAUSED = {"": "A moderator has paused the studio. Please try again later."}
ELSEWHERE = {"": "Pictures are made in other channels here. Please ask there."}

ADVICE = {
    "ask_a_moderator": "A moderator can tell you more.",
    "tell_the_moderator": (
        "A moderator looks at it and reads what was refused. You can tell them your side once:"
        " /appeal {job} --reason …"
    ),
    "ends_by_itself": "That ends by itself.",
    "let_one_finish": "Let one finish or cancel one, then try again.",
    "wait_for_credits": "Ask for fewer pictures, or wait for the new month's credits on {renewed}.",
    "own_from": "You have your own from {until} on.",
    "namesake": "#{id} is @{name}, known since {first}.",
    "namesake_seen": "#{id} is @{name}, known since {first}, last seen {last}.",
    "words_prompt": "It is about these words of your prompt: “{words}”. Edit them and try again.",
    "words_negative": "It is about these words of what you leave out: “{words}”. Edit them and try again.",
    "words_style": "It is about these words of the style: “{words}”. Choose another style and try again.",
    "words_earlier": (
        "It is about these words of a picture that this starts from: “{words}”. Start from another and try again."
    ),
    "words_together": (
        "It is about these words, together with those of the pictures that this starts from: “{words}”. Edit them and"
        " try again."
    ),
    "self_harm": (
        "If you think of hurting yourself, please talk to somebody: findahelpline.com has people who listen, in your"
        " country, free of charge."
    ),
    "other_words": "Please try something else.",
    "core": "No setting and no moderator changes this.",
    "appeal_picture": (
        "You can appeal once, until {until}, and a moderator looks at it again: /appeal {picture} --reason …"
    ),
    "appeal": "If this is a mistake, appeal: a moderator can let it through.",
    "leave_the_artist_out": (
        "This artist asked that their style is not imitated here. Leave the name out and try again."
    ),
    "nobody_moderates": "Nobody moderates here.",
    "name_a_moderator": (
        "To name a moderator, the administrator sets CHATELIER_WEB__MODERATOR_INVITE to a word: a visitor who"
        " enters the web page with it moderates."
    ),
    "ask_in_a_server": "In a server, its moderators can let such a request through.",
    "no_setting": "No setting changes this.",
    "policy_setting": (
        "The administrator decides about this with {settings} in the policy file (CHATELIER_MODERATION__POLICY)."
    ),
    "word_list": (
        "The administrator decides about this with the list of words (CHATELIER_MODERATION__WORD_LIST)."
    ),
    "blocked_pictures": (
        "The administrator decides about this with the list of blocked pictures"
        " (CHATELIER_MODERATION__BLOCKED_PICTURES)."
    ),
}
