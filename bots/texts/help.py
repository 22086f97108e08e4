"""Help: what can be typed, and what reactions do."""

TITLE = "What you can ask for"
OPTIONAL = "(optional) {summary}"
EXAMPLE = "Example: {command}"
ONE_COMMAND = "Type {help} and a command's name to see its options."
FLAGS = "Flags work in the words too: {flags}. {alternatives} paints one of each."
FLAGS_EXAMPLE = "--ar 3:2 --seed 7 --no text --steps 20"
ALTERNATIVES_EXAMPLE = "a {red,blue} bird"
REACTIONS = "React to a picture: 1️⃣–4️⃣ vary, 🔁 again, ⬆️ upscale, ⭐ star, ✉️ send to me, ❌ cancel or delete, 🚩 report."
REACTIONS_OF_SEVERAL = "Where several pictures are shown, ⬆️ ⭐ 🚩 mean the first."
TOGETHER = "With others: {commands}. Type {help} to read about them."
TOGETHER_TITLE = "What you can do together"
TOGETHER_LIST = (
    "{gather} lists what goes on here, with a way in. The host and the moderators find “Manage” below the"
    " message."
)
TOGETHER_RULES = (
    "Each person has one vote, also under linked names, and nobody sees the counts before the end. Nothing is charged"
    " for what fails or is skipped."
)
TOGETHER_COLLECT = (
    "{collect}, or “Add to blend” in the menu of a message, keeps up to five pictures for a blend."
)
# The first words in a community that the bot was added to.
GREETING_TITLE = "Let’s paint together"
GREETING_TRY = "Try it: {command}"
GREETING_DESK = (
    "{command} chooses the channel where moderators see cases. Choose one that members cannot read."
)
GREETING_CHANNELS = (
    "{command} chooses the channels where pictures are painted. Without it, that is everywhere."
)
GREETING_HELP = "{command} lists everything else."
GREETING_INVITE = "In a channel, {command} lets me in first."
GREETING_TRY_EXAMPLE = "a red fox in the snow"
# What an empty conversation with the bot offers.
SUGGESTIONS_TITLE = "What shall we paint?"
SUGGEST_THEME = "Paint the theme: {theme}"
SUGGEST_VARY = "Vary “{prompt}”"
SUGGEST_EXAMPLE = "Paint {prompt}"
SUGGEST_HELP = "What can I ask for?"
