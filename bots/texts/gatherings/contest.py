"""Sentences of contests and of the hall of winners."""

NAME = "Contest"
HINT_OPEN = (
    "Make pictures, and enter the best with the button below or with {command}."
    " Nobody sees whose the entries are until the end."
)
HINT_VOTING = (
    "Press Vote: you see six entries at a time, and approve of as many as you like."
    " Nobody sees whose they are, or who voted for what, until the end."
)
HINT_JUDGED = "The moderators choose who wins. Nobody sees whose the entries are until the end."
THEME = "Theme"
RULES = "Rules"
PRIZE = "Prize"
OPENS = "Opens"
ENTER_UNTIL = "Enter until"
VOTE_UNTIL = "Vote until"
ENTRIES = "Entries"
ONE_CREDIT, CREDITS = "{count} credit", "{count} credits"
ONE_ENTRY, MANY_ENTRIES = "{count} entry", "{count} entries"
ONE_WAITS, MANY_WAIT = "{count} waits for a moderator", "{count} wait for a moderator"
ONE_EACH, SEVERAL_EACH = "{count} picture for each person", "up to {count} pictures for each person"
RULE_NEW = "made after the opening"
RULE_OWN = "all that they came from is by the same person"
RULE_NO_UPLOADS = "nothing of them was uploaded"
RULE_ASPECT = "aspect ratio {aspect}"

OPEN_ONE = "Hold a contest"
ENTER = "Enter"
MINE = "My entries"
VOTE = "Vote"
JUDGE = "Choose who wins"
ENTER_PICTURE = "Enter picture {index} into the contest here"
ENTER_TITLE = "Enter a picture"
PICTURE = "Or another one"
PICTURE_HINT = "Its id, such as k3v9m2p4qx7a.2. It was made after the opening of the contest."
ENTRY_ALT_TEXT = "Entry {number} of these"
RESULT_ALT_TEXT = "Number {number}, on place {place}"
WITHDRAW = "Withdraw {number}"
NO_ENTRY_OF_YOURS = "You have not entered any picture."
WAITS = "Number {number} waits for a moderator."
BALLOT = "Your ballot, page {page}"
BALLOT_HINT = "Press the numbers of all entries that you approve of; press again to take one back."
BALLOT_EMPTY = "There is nothing that you could vote for."
NEXT_PAGE = "Next page"
JUDGE_TITLE = "The entries, page {page}"
JUDGE_HINT = "Press the number of the entry that wins. It counts when the contest closes."
JUDGE_EMPTY = "No more entries."

WINNER, WINNERS = "Winner", "Winners"
NO_WINNER = "Nobody won."
NO_ENTRY = "Nobody entered a picture."
RESULT = "{number}. {person}, place {place}: {approvals} of {showings} approve."
RESULT_JUDGED = "{number}. {person}"
GONE = "…"

HALL = "Hall of winners"
HALL_EMPTY = "Nobody has won a contest here yet."
HALL_ENTRY = "{number}. {title}: {person}, {closed}"
HALL_GONE = "{number}. {title}: this place is empty, {closed}"
HALL_ALT_TEXT = "Number {number}: the winner of “{title}”"
HALL_PAGE = "Page {page} of {pages}"
OLDER = "Older"

OUTCOMES = {
    "entered": "Your picture is in. The others may build on it here.",
    "entered_outside": "Your picture is in, out of competition: you won in the last four weeks.",
    "entered_waits": "Your picture waits for a moderator, and is in as soon as it is let through.",
    "withdrawn": "Your picture is withdrawn.",
    "dealt": "Page {part} of your ballot is open: press Vote to see it.",
    "voted": "You approve of number {part} on page {page}. Nobody sees who voted for what.",
    "vote_taken_back": "Your approval of number {part} on page {page} is taken back.",
    "chosen": "It wins when the contest closes. Press Manage and “Go on now” to close it at once.",
}
REFUSALS = {
    "no_pool": "The moderators have not given this channel credits of its own.",
    "no_contest": "No contest is open in this channel.",
    "not_own": "Enter a picture of your own.",
    "entered_most": "You have entered as many pictures as the rules allow: {most}.",
    "entered_before": "This picture is entered already.",
    "made_before": "This picture was made before the contest opened.",
    "not_all_own": "The rules want pictures that came from your own only, and somebody else made a part of this one.",
    "from_upload": "The rules want pictures without uploads, and this one came from an upload.",
    "other_aspect": "The rules want the aspect ratio {aspect}.",
    "full": "There are {most} entries, which is the most.",
    "not_shown": "Press Vote first: you vote for entries that your ballot shows.",
}
REMARKS = {"won": "{person} won the contest."}
