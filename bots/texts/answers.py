"""Answers to commands, in sentences."""

SENT = "Sent to your direct messages."
NOT_SENT = "You cannot be sent direct messages. Please allow them, then try again."
UNDER_WAY = "This request is under way already."
CANCELLED = "Cancelled."
STOPPING = "The job stops at the next step."
KEEPS = "The finished pictures stay. The others are cancelled, and you get their credits back."
DELETED = "The picture was deleted."
DELETED_SEVERAL = "{count} pictures were deleted."
REQUEST_DELETED = (
    "What was kept of this request was deleted: its words, its settings and files that only it used."
)
PAID_AND_GOES_ON = "What was finished is paid. The other pictures of the job are still painted."
PAID_AND_STOPPED = "What was finished is paid. The others are cancelled, and you get their credits back."
STAY_SHOWN = "The message can no longer be changed and still shows them. You can delete the message itself."
STARRED = "Starred; it has {count} star now."
STARRED_SEVERAL = "Starred; it has {count} stars now."
STAR_TAKEN_BACK = "The star was taken back."

SHARED = "Everybody who has this link can see the picture: {link}. Take it back with {command}."
SHARE_TAKEN_BACK = "The link was taken back. Copies that others made stay theirs."

PRIVATE = (
    "Only you will see it: it comes by direct message. With {command} you see it here, if you take none."
)
PUBLISHED = "Everybody can see it now, where you asked for it."

QUEUE = "Your queue"
QUEUE_EMPTY = "You have no jobs in the queue."
BEING_PAINTED = "Being painted."
HISTORY = "Your latest jobs"
WITHOUT_WORDS = "A request whose words are not shown"
A_TURN = "a turn"  # of a game that does not tell yet what was asked for
HISTORY_EMPTY = "You have not painted anything here yet."
STATES = {
    "done": "done",
    "held": "with a moderator",
    "refused": "refused",
    "cancelled": "cancelled",
    "failed": "failed",
}

USED = "You used {count} credit this month."
USED_SEVERAL = "You used {count} credits this month."
NO_LIMIT = "There is no limit here."
LEFT = "{count} is left."
LEFT_SEVERAL = "{count} are left."

LINK_OFFERED = (
    "Type {command} under your other name before {expires}. Keep the code secret: the person who types it shares your"
    " gallery and your quota."
)
LINKED = "Linked: {people}. They share one gallery and one quota."
IDENTITY = "{person} ({platform})"
PARTED = (
    "Your names are separate again. Pictures that were painted under your other names stay with them, and so do this"
    " month's credits."
)
EXPORTED = "What is kept of you, under {names}: {records} and {files}."
EXPORTED_WITHOUT = "{count} file did not fit or is gone."
EXPORTED_WITHOUT_SEVERAL = "{count} files did not fit or are gone."
EXPORT_ELSEWHERE = (
    "The archive cannot be sent here. Link your name with the web page or with Discord ({link}), and use {export}"
    " there."
)
FORGOTTEN = "Everything that was kept of you was deleted for good: {pictures}, under {names}."
FORGOTTEN_REST = "Pictures that others built on yours stay, without your names."
GIVEN = "{person} received {amount} credit from you."
GIVEN_SEVERAL = "{person} received {amount} credits from you."
GIVEN_LEFT = "You have {left} left."
WHO = "{person} (id {id}, known since {first})"
WHO_SEEN = "{person} (id {id}, known since {first}, last seen {last})"

BANNED = "{person} cannot paint here any more. Their waiting jobs were cancelled."
BANNED_UNTIL = "{person} cannot paint here until {until}. Their waiting jobs were cancelled."
BAN_LIFTED = "{person} may paint here again."
NOT_BANNED = "{person} was not banned."

OWN_STYLES = "Your styles"
SHARED_STYLES = "Styles of this community"
NO_STYLES = "No styles are saved. {command} saves one."
MORE_STYLES = "And {names}."
STYLE_AVOIDS = "without {words}"
STYLE_CHANGES = {
    "save": "Saved as {name}. Use it with --style.",
    "share": "{name} is shared: everybody here may use it.",
    "unshare": "{name} is no longer shared.",
    "remove": "{name} was removed.",
}
PROMPTS_SUGGESTED = "Three ways to say it"
PROMPT_REWRITTEN = "The new prompt"
PROMPTS_CHOOSE = "Nothing is painted before you choose."
PROMPTS_HELPED = "Written by a language model and checked by the rules here."
DESCRIBED = "Written by a model that looked at the picture, in English. It may be wrong."
