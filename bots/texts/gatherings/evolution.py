"""Sentences of evolutions."""

TITLE = "Evolution"
HINT = (
    "Press the numbers of all pictures that you would like to see more of; press again to take one back."
    " The best two become parents of the next generation."
)
RESTS = "Too few people voted, so it rests. The next vote wakes it."
PAINTING = "Generation {round} of {rounds} is being painted: {ready} of {count} are ready."
PAINTING_FIRST = "The first generation is being painted: {ready} of {count} are ready."
CHOSEN = "Number {number} of generation {round} was chosen."
CHOSEN_BY_LOT = "Number {number} of generation {round} was chosen by lot, as another one came as far."
BY_LOT = "By lot"
BY_LOT_GENERATION = "Generation {round}"
ROUND = "Generation"
ROUND_OF = "{round} of {rounds}"
STARTED = "From"
WAITS = "{count} picture waits for a moderator", "{count} pictures wait for a moderator"
ALT_TEXT = "Picture {number} of generation {round}"
ALT_TEXT_BROUGHT = "Picture {number} of generation {round}, brought by {name}"
STRIP = "The chosen picture of each generation, from left to right"
START = "Start"
CAPTION = "{round}: {votes}"
VOTE, VOTES = "{count} vote", "{count} votes"
PAINTED = "Painted"
CHOSE = "Chose"
NOBODY = "No generation was decided."
ADD = "Add mine"
ADD_TITLE = "Bring a picture"
ADD_FIELD = "Your picture"
ADD_HINT = "Its id, such as k3v9m2p4qx7a.2. It takes the place of the wildcard."
ADD_SUBMIT = "Bring it"
BRANCH = "Branch"
BRANCH_TITLE = "Branch an evolution"
BRANCH_FIELD = "From which picture?"
BRANCH_EARLIER = "Or an earlier one"
BRANCH_EARLIER_HINT = "Generation and number, such as 3.2; it counts instead of the menu."
BRANCH_CHOICE = "Generation {round}, number {number}"
BRANCH_START = "The picture it started from"
BRANCH_SUBMIT = "Start"

VOTED = "You approve of number {part}. Nobody sees who voted for what."
TAKEN_BACK = "Your approval of number {part} is taken back."
ADDED = "Your picture is in the next generation."
REFUSALS = {
    "no_such_picture": "There is no such picture. Write a generation and a number, such as 3.2.",
    "last_round": "This is the last generation, so nothing comes after it.",
    "one_each": "You brought a picture for the next generation already.",
    "full": "Others brought as many pictures as the next generation has room for.",
    "not_own": "Bring a picture of your own.",
}
REMARKS = {"extended": "Fewer than {quorum} people voted, so there is as much time once more."}
