"""What stands on the moderators' desk, and on the form by which people outside report a picture."""

from studio.commands.button_ids import Action

DESK = {
    "to_room": "Back to the room",
    "empty": "No case is open.",
    "empty_hint": "New cases appear here by themselves.",
    "choose": "Choose a case with j and k, and take it with Enter.",
    "decided": "Decided recently",
    "taken": "another moderator has it",
    "yours": "yours",
    "blurred": "Blurred picture {number}; press to see it",
    "note": "Note for the records",
    "keys": "Keys",
    "do_it": "Confirm",
}
DESK_KEYS = {
    "j k": "next and previous case",
    "Enter": "take the case",
    "v": "show or blur the pictures",
    "a": "approve",
    "s": "approve as spoiler",
    "r": "reject",
    "w": "warn",
    "u": "suspend",
    "b": "ban",
    "x": "block the picture",
    "o": "overturn",
}
DECISION_KEYS = {
    Action.APPROVE: "a",
    Action.SPOILER: "s",
    Action.REJECT: "r",
    Action.WARN: "w",
    Action.SUSPEND: "u",
    Action.BAN: "b",
    Action.BLOCK: "x",
    Action.OVERTURN: "o",
}

# The form for people outside.
REPORT = {
    "title": "Report a picture",
    "lead": "Tell the moderators of {room} of a picture that was made here and should not be shown.",
    "picture": "Its id, such as k3v9m2p4qx7a.2, if you know it",
    "file": "Or the picture itself",
    "artist": "Your name as an artist, if it copies your style and you want requests with it refused",
    "reason": "What is wrong with it",
    "send": "Send",
    "sent": "Thank you. If it was made here, the moderators will look at it.",
    "unknown": "This picture was not made here, or is gone already.",
    "nothing": "Give the picture’s id, or attach it.",
}
