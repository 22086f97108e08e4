"""Sentences of murals."""

TITLE = "Mural: {theme}"
NAME = "Mural"
UNTITLED = "Mural"
HINT = (
    "Press Paint a cell, choose one of the named cells and write what it shows."
    " It goes on from the cells around it, until the whole is full."
)
FIRST_IS_PAINTED = "The first cell is being painted. Then the cells beside it open."
FIRST_IS_MISSING = "The first cell is the host's: {host}, press Paint a cell."
PROGRESS = "Painted"
COUNT = "{painted} of {cells}"
LATELY = "Lately"
EVERYBODY = "Painted by"
WAITS = "{count} cell waits for a moderator", "{count} cells wait for a moderator"
FULL = "It is full."
ENDED = "It has ended."
ALT_TEXT = "The mural: {painted} of {cells} cells are painted"
ALT_TEXT_OPEN = "The mural: {painted} of {cells} cells are painted. Open are {open}."

PAINT = "Paint a cell"
LOOK = "Look closer"
STORY = "Story"
UNDO = "Undo mine"
CHOOSE = "Choose mine"
WHOLE = "The whole picture in full size"

FORM_TITLE = "Paint a cell"
CELL_FIELD = "Which cell?"
CELL = "Cell {cell}"
YOUR_CELL = "Cell {cell}, kept for you"
WORDS_FIELD = "What does it show?"
HOW_FIELD = "How does it begin?"
SOFTLY = "Continue softly what is around it"
NEW = "Something new"
FORM_SUBMIT = "Paint"

DETAIL = "Cells {first} to {last} of the mural"
LOOK_TITLE = "Around {cell}"
DIRECTIONS = {"left": "←", "up": "↑", "down": "↓", "right": "→"}
STORY_TITLE = "The story of the mural"
STORY_ALT_TEXT = "The cells of the mural, in the order in which they were painted"
LINEAGE = "Lineage"
LINEAGE_TITLE = "Lineage of the mural: {theme}"
LINEAGE_ALT_TEXT = (
    "The cells of the mural with the names of those who painted them, and the whole below. {summary}"
)
MADE_OF = "It was put together from {cells}, painted by {people}."
CELLS = "{count} cell", "{count} cells"
CREDIT = "{person}: {cells}"
PART_OF = "It is cell {cell} of the mural “{theme}”, which {people} painted."
SHOW_WHOLE = "The whole mural"
NO_STORY = "There is no story to tell yet."
CHOOSE_TITLE = "Which one becomes cell {cell}?"
CHOOSE_HINT = "Without a choice it is the first one, {when}."
CANDIDATE = "Candidate {number} for cell {cell}"
NOTHING_TO_CHOOSE = "You have nothing to choose at the moment."

OUTCOMES = {
    "painting": "Cell {cell} is yours, and is being painted.",
    "offered": "Somebody was quicker with {taken}. Cell {cell} is kept for you for five minutes, with your words:"
    " press Paint a cell again.",
    "chosen": "It is cell {cell} now.",
    "undone": "Cell {cell} is free again. Your picture stays among your own.",
}
REFUSALS = {
    "no_cell": "There is no such cell.",
    "not_open": "Nothing is painted beside that cell yet. Take one that is open.",
    "no_open": "No cell is open at the moment. One opens as soon as another is painted.",
    "first_is_hosts": "The first cell is the host's.",
    "busy": "You have a cell in work. Finish that one first.",
    "quarter": "You have painted {most} cells, as many as one person may.",
    "cooldown": "Let others paint, too. You may go on in {minutes} min.",
    "nothing_to_undo": "You have no cell to take back.",
    "undo_late": "That was more than ten minutes ago. A moderator can remove it.",
    "undo_built_on": "The next cell goes on from it already. A moderator can remove it.",
}
REMARKS = {
    "choose": "{person}, two pictures for cell {cell} are ready. Press Choose mine within ten minutes."
}
