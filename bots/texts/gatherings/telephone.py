"""Sentences of the game of telephone."""

TITLE = "Telephone"
LOBBY_HINT = (
    "One writes, the words become a picture, the next one sees only the picture and writes what they see."
    " Join; it starts when {players} people have joined."
)
RUNNING_HINT = (
    "Whose turn it is presses the button and sees the last picture, which nobody else does."
    " All pictures and words are shown at the end."
)
PLAYERS = "Players"
JOINED = "{count} of {players}"
TURN = "A turn lasts"
TURN_LENGTHS = {"90s": "90 seconds", "1h": "an hour", "1d": "a day"}
CHAINS = "Chains"
CHAIN_COUNTS = {"one": "one", "all": "as many as players"}
CHAIN = "Chain {chain}"
TURN_NUMBER = "turn {number}: {person}, {doing}"
WAITING = "waits for the next player"
CHAIN_OVER = "is complete"
DOING = {
    "offered": "has not looked yet",
    "claimed": "writes",
    "wanted": "is being painted",
    "generating": "is being painted",
    "choosing": "chooses a picture",
    "held": "waits for a moderator",
}
STOPPING = "It was stopped. What is being painted is awaited, then all is revealed."
ENDED_EARLY = "It ended before the reveal. Chains of fewer than {fewest} turns cost nothing."

START = "Start now"
MY_TURN = "My turn"
STOP = "Stop"
AGAIN = "Again"
AGAIN_TITLE = "Another game"
AGAIN_SUBMIT = "Open"

PANEL_TITLE = "Your turn"
DESCRIBE = "Write what you see in this picture. The next one sees only what comes of your words."
BEGIN = "You begin a chain: write anything that can be painted. The next one sees only the picture."
UNTIL = "You have until {when}."
WRITE = "Write"
WRITE_TITLE = "What do you see?"
BEGIN_TITLE = "What shall be painted?"
WORDS = "Your words"
WORDS_HINT = "They become the next picture. They cannot be changed afterwards."
LAST_PICTURE = "The last picture of the chain"
CHOOSE = "Which picture goes on? Without a choice the first one does, until {when}."
CANDIDATE = "Candidate {number}"
PAINTING = "Your words are being painted. Press again in a moment, to choose one of two pictures."
HELD = "Your words or pictures wait for a moderator. You lose no time."
NOT_YOURS = "It is not your turn. You get a message when it is."
NOT_PLAYING = "You do not play in this game, so wait for the reveal."

REVEALING = "Chain {chain} of {chains}"
LINK = "{number}. {person} wrote: “{words}”"
GONE = "…"
LINK_ALT_TEXT = "Turn {number} of chain {chain}, by {name}"
VOTE_HINT = "Which turn was the best? Press its number; press again to take it back."
BEST = "Best turn of chain {chain}: number {number}, by {person}, with {votes}."
BEST_BY_LOT = (
    "Best turn of chain {chain}, drawn by lot: number {number}, by {person}; others have {votes}, too."
)
VOTE, VOTES = "{count} vote", "{count} votes"
DROPPED = (
    "{count} chain was too short to be shown. Its credits are returned.",
    "{count} chains were too short to be shown. Their credits are returned.",
)
STRIP = "All turns of chain {chain}, from left to right"
CAPTION = "{number}. {name}"

OUTCOMES = {
    "started": "It has started.",
    "looked": "It is your turn.",
    "written": "Your words are being painted. Press “My turn” in a moment, to choose one of two pictures.",
    "chosen": "Picture {number} goes on.",
    "stopping": "Nobody writes any more. All is revealed when nothing is being painted.",
    "voted": "You voted. Nobody sees who voted for what.",
    "vote_taken_back": "Your vote is taken back.",
}
REFUSALS = {
    "begun": "It has begun already. Join the next one.",
    "full": "At most {most} people play. Join the next one.",
    "too_few": "At least {fewest} people have to join first.",
    "no_words": "Write something first.",
}
REMARKS = {
    "offered": "{person}, it is your turn at telephone.",
    "warned": "{person}, your turn at telephone ends in {minutes} minutes.",
    "refused": "{person}, nothing came of your words. Write other ones.",
    "choose": "{person}, your pictures are there. Choose one within a minute, or the first one goes on.",
    "skipped": "The turn of {person} was skipped. Somebody else gets it.",
}
