"""What stands on the pages of the room, and what its scripts say."""

from markupsafe import Markup

# For the scripts, which fill in the braces.
SCRIPT_WORDS = {
    "received": "Received.",
    "lost": "The connection was lost. Trying again in {seconds} s…",
    "back": "Connected again.",
    "attached": "{name} is attached.",
    "attaching": "Attaching {name}…",
    "notImage": "Only images can be attached.",
    "tooLarge": "That image is larger than {mebibytes} MiB.",
    "uploadFailed": "The image could not be attached. Please try again.",
    "asPicture": "to paint from",
    "asMask": "as mask",
    "asPictureHint": "Used as the picture to start from. Press to use it as a mask.",
    "asMaskHint": "Used as a mask, white where the picture may change. Press to use it as the picture.",
    "detach": "Remove {name}",
    "news": "{count} new above",
    "ready": "Your pictures are ready: {prompt}",
    "copied": "Copied {id}.",
    "copyByHand": "The browser does not allow copying here. Please select it and copy it by hand: {id}",
    "above": "Accepted. Its card is at the top of the feed.",
    "waiting": "Sent. It is sent when the connection is back.",
    "stillAttaching": "The image is still on its way. Please try again in a moment.",
    "help": "What you can type, and what the reactions do.",
    "suggestions": "{count} suggestions",
    "saved": "Saved.",
    "leave": "Leave",
    "leaveSure": "Leave the room? Your pictures stay. You cannot come back under this name: it stays taken.",
    "unreached": "The server could not be reached. Please try again.",
}

# What stands on the pages themselves.
PAGE = {
    "lead": "A room where people paint together, with words.",
    "your_name": "Your name",
    "invite_word": "Invite word",
    "look_after": "I moderate this room",
    "moderators_word": "Moderators’ word",
    "come_in": "Come in",
    "skip": "Skip to the prompt",
    "change": "Change",
    "leave": "Leave the room",
    "help_title": "Help: commands and reactions",
    "attached_images": "Attached images",
    "attach": "Attach an image",
    "describe": "Describe a picture…",
    "what_to_paint": "What should be generated? Type / for commands.",
    "suggestions": "Suggestions",
    "wall": "Feed",
    "close_hint": "Close (Esc)",
    "drop": "Drop the picture to paint from it",
    "bare": "There are no pictures yet.",
    "bare_hint": "Describe a picture and press Enter. Everybody in the room sees it come to life.",
    "older": "Older pictures…",
    "fields": "Cells of the picture that may change; arrow keys move, space chooses",
    "clear_fields": "Clear cells",
    "keep": "Keep",
    "picture_before": "Picture before",
    "picture_after": "Next picture",
    "made_from": "Made from",
    "became": "Made from this picture",
    "from_whom": "from",
    "and_whom": "and",
    "cancel_or_delete": "Cancel or delete what is yours",
    "delete": "Delete",
    "delete_all": "Delete all pictures of this job for good?",
    "delete_one": "Delete this picture for good?",
    "what_to_type": "What you can type",
    "into_prompt": "Put it into the prompt",
    "own_images": "Images of your own",
    "back": "Back to the room",
    "details": "Details",
    "paint": "Paint",
    "close": "Close",
    "help": "Help",
    "star": "Star",
    "download": "Download",
    "dismiss": "Dismiss this card",
    "deleted": "deleted",
    "recipe": "Recipe",
    "reactions": "Reactions",
    "progress": "Progress",
    "picture": "Picture",
    "job": "Job",
    "copy_it": "Copy",
    "no_choice": "Default",
    "hidden": "Hidden by a moderator; press to see it",
    "messages": "Messages",
    "no_messages": "There is nothing for you.",
    "your_settings": "Your settings",
    "desk": "The moderators’ desk",
    "desk_short": "Desk",
    "rules": "The rules of this room",
    "rules_hint": "Change one with /community and its name, such as /community pictures 2, or /community pause.",
    "forget": "Forget me",
    "forgotten": "Everything that was kept of you is deleted.",
    "forget_sure": "Delete all your pictures, words and settings for good, under all your names?",
}

HELP_TYPING = Markup(
    "Words without a slash are painted: <q>a red apple on a blue background</q>. Type <kbd>/</kbd> for commands "
    "and <kbd>--</kbd> for their flags; <kbd>↑</kbd> <kbd>↓</kbd> choose, <kbd>Tab</kbd> takes, <kbd>Enter</kbd> "
    "sends, <kbd>Esc</kbd> closes."
)
HELP_IMAGES = Markup(
    "Attach one with the picture button, drop it anywhere, or paste it. Then write what to make of it, for "
    "instance <code>/edit a small boat --region B3-C4</code>. A second one is taken as a mask, white where the "
    "picture may change. With <code>/blend</code>, up to five are blended."
)
