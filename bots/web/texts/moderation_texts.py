"""What stands on the moderators' desk, and on the form by which people outside report a picture."""

from studio.domain.cases import Decision

DESK = {
    "to_room": "Back to the room",
    "empty": "Nothing lies on the desk.",
    "empty_hint": "Cases appear here by themselves.",
    "choose": "Choose a case with j and k, and take it with Enter.",
    "decided": "Decided last",
    "taken": "in another moderator’s hands",
    "yours": "yours",
    "claim": "Take this case",
    "blurred": "Blurred picture {number}; press to see it",
    "seen": "Picture {number}",
    "note": "A word for the records",
    "keys": "Keys",
    "moderators_only": "Only moderators can open the desk.",
    "of": "by",
    "filed": "filed by",
    "outside": "somebody outside",
    "sure": "{deed}: really?",
    "do_it": "Do it",
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
    Decision.APPROVE: "a",
    Decision.SPOILER: "s",
    Decision.REJECT: "r",
    Decision.WARN: "w",
    Decision.SUSPEND: "u",
    Decision.BAN: "b",
    Decision.BLOCK: "x",
    Decision.OVERTURN: "o",
}

# The form for people outside.
REPORT = {
    "title": "Report a picture",
    "lead": "Tell the moderators of {room} of a picture that was made here and should not be shown.",
    "picture": "Its id, such as k3v9m2p4qx7a.2, if you know it",
    "file": "Or the picture itself",
    "reason": "What is wrong with it",
    "send": "Send",
    "sent": "Thank you. If it was made here, the moderators will look at it.",
    "unknown": "This picture was not made here, or is gone already.",
    "nothing": "Give the picture’s id, or attach it.",
}
