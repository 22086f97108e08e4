"""Titles, fields and buttons of forms."""

REMIX = "Remix a picture"
REMIX_INTRO = "The picture is painted again with other words."
REWRITE = "Say what to change"
REWRITE_INTRO = "The new prompt is shown to you before anything is painted."
CHANGE = "What to change, such as: make it darker"
PROPOSE = "Propose"
EDIT = "Edit a part of a picture"
EDIT_INTRO = (
    "Choose the cells that may change, or attach a mask. Everything else stays as it is, to the pixel."
)
EDIT_BY_WORDS = "Edit a picture"
EDIT_BY_WORDS_INTRO = (
    "Say what shall change. Cells or a mask limit the change: everything else stays as it is, to the pixel."
)
EXPAND = "Expand a picture"
EXPAND_INTRO = "A picture costs one credit for each megapixel of its new canvas."
BLEND = "Blend pictures"
BLEND_INTRO = "Two to five pictures become new ones that have something of each."
REFERENCE_FORM = "Paint with a reference"
REPORT = "Report a picture"
REPORT_INTRO = "The moderators see the picture and what you write."
APPEAL = "Ask for a second look"
IMAGINE = "Generate pictures"

PAINT = "Paint"
SEND = "Send"
SAVE = "Save"

PICTURE = "Picture"
PICTURE_NUMBERED = "Picture {index}"
PROMPT = "What the picture shows"
NEW_PROMPT = "The new words"
EDIT_PROMPT = "What that part shows"
EDIT_BY_WORDS_PROMPT = "What shall change, such as: make it winter"
EDIT_MODEL = "Another model"
EDIT_MODEL_HINT = "These edit by words alone, without cells or a mask."
EXPAND_PROMPT = "What the new part shows"
BLEND_PROMPT = "What the blend shows"
CELLS = "Cells"
CELLS_HINT = "A1 is top left, D4 bottom right."
MASK = "Or a mask"
MASK_HINT = "An image of the same shape, white where the picture may change."
START_IMAGE = "An image to start from"
START_OR_REFERENCE = "An image to start from, or a reference"
SUBJECT_REFERENCES = "Pictures whose subject to show, by id"
STYLE_REFERENCES = "Pictures whose style to use, by id"
REFERENCES_HINT = "Up to four in all, with commas. Some models weigh them: k3v9m2p4qx7a.2:0.8."
REFERENCE_MODEL = "Model with references"
ROLE = "What the image is"
ROLE_NAMES = {"start": "The start", "subject": "A subject", "style": "A style"}
STRUCTURE_NAMES = {"pose": "A pose to follow", "depth": "A depth to follow", "edges": "Edges to follow"}
CONTROLS = {
    "aspect": "Shape",
    "count": "Number",
    "style": "Style",
    "model": "Model",
    "ref": "Reference",
    "draft": "Draft",
}
SIDES = "Sides"
SIDES_HINT = "All four if you choose none."
AMOUNT = "How much on each side, in percent"
NEW_ASPECT = "Or a new aspect ratio"
ASPECT = "Aspect ratio"
ASPECT_HINT = "Such as 16:9."
COUNT = "How many pictures"
MODEL = "Model"
STYLE = "Style"
CHANNEL = "Channel"
OTHER_PICTURES = "Other pictures, by id"
OTHER_PICTURES_HINT = "Such as k3v9m2p4qx7a.2; several with commas."
LATEST_PICTURES = "Other pictures, from the latest"
OWN_PICTURES = "Your latest pictures"
OTHER_IMAGES = "Or images of your own"
WEIGHTS = "Weights"
WEIGHTS_HINT = "Numbers in the order of the pictures, such as 2, 1."
TOPIC = "What is wrong with it"
REPORT_WORDS = "In your words"
ARTIST_NAME = "Your name as an artist, if it is your style"
ARTIST_HINT = "Requests with this name are then not painted here"
APPEAL_WORDS = "Why it should be allowed"

TOPICS = {
    "intimate": "It is an intimate picture of me, or of somebody I speak for",
    "private": "It shows a private person",
    "child": "It puts a child at risk",
    "sexual": "It is sexual",
    "violent": "It is violent or hateful",
    "rights": "It copies somebody's work",
    "artist": "I am the artist, and it copies my style",
    "other": "Something else",
}
OTHER_TOPIC = "other"
ARTIST_TOPIC = "artist"
INTIMATE_TOPIC = "intimate"

SIDE_NAMES = {"left": "Left", "top": "Top", "right": "Right", "bottom": "Bottom"}

GRID_ALT_TEXT = "The picture under a grid of cells from A1 to D4: {prompt}"
