"""The vocabulary of prompts: numbers, colours, sizes, styles, and words without a meaning to draw."""

from engine.layout_prior.language.relations import RELATIONS
from engine.layout_prior.language.scene_words import SCENES, SEASONS, TIMES

NUMBERS: dict[str, int] = {
    word: number
    for number, words in enumerate(
        [
            "one single",
            "two pair couple",
            "three",
            "four",
            "five several few many some",
            "six",
            "seven",
            "eight",
            "nine",
        ],
        start=1,
    )
    for word in words.split()
} | {str(number): number for number in range(1, 10)}
COUNT_MAX = 9

# sRGB, 0..255: the middle tone that shading is built around.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (226, 42, 48),
    "orange": (247, 136, 28),
    "yellow": (252, 208, 40),
    "green": (56, 168, 72),
    "blue": (44, 112, 226),
    "purple": (136, 72, 200),
    "pink": (250, 120, 178),
    "brown": (134, 84, 48),
    "black": (46, 46, 54),
    "white": (244, 244, 248),
    "grey": (140, 146, 156),
    "turquoise": (38, 190, 190),
    "gold": (232, 176, 44),
    "silver": (188, 196, 206),
    "beige": (226, 206, 170),
    "navy": (28, 44, 104),
    "lime": (150, 214, 50),
    "maroon": (122, 28, 44),
    "light blue": (136, 196, 250),
    "dark blue": (26, 50, 130),
    "light green": (150, 218, 130),
    "dark green": (24, 96, 52),
    "dark red": (150, 22, 32),
    "light pink": (252, 190, 214),
}
COLOUR_NAMES: dict[str, str] = {name: name for name in COLOURS} | {
    "gray": "grey",
    "violet": "purple",
    "lilac": "purple",
    "lavender": "purple",
    "magenta": "pink",
    "rose-coloured": "pink",
    "cyan": "turquoise",
    "teal": "turquoise",
    "aqua": "turquoise",
    "golden": "gold",
    "scarlet": "red",
    "crimson": "red",
    "cream": "beige",
    "tan": "beige",
    "pale blue": "light blue",
    "sky blue": "light blue",
}

SIZES: dict[str, float] = {
    "tiny": 0.5,
    "little": 0.65,
    "small": 0.65,
    "mini": 0.6,
    "big": 1.3,
    "large": 1.3,
    "huge": 1.5,
    "giant": 1.6,
    "enormous": 1.6,
}

# Phrase → a pattern of engine/layout_prior/cutouts/patterns.py.
PATTERNS: dict[str, str] = {
    phrase: pattern
    for pattern, phrases in {
        "stripes": "striped, stripy, stripey, pinstriped, zebra striped, tiger striped",
        "spots": "spotted, spotty, speckled, leopard print, dappled",
        "dots": "dotted, polka dot, polka-dot, polka dotted, polka-dotted",
        "checks": "checkered, chequered, checked, checkerboard",
        "plaid": "plaid, tartan, gingham",
    }.items()
    for phrase in phrases.split(", ")
}
# The same after "with": a cat with stripes.
PATTERN_NOUNS: dict[str, str] = {
    "stripes": "stripes",
    "spots": "spots",
    "dots": "dots",
    "polka dots": "dots",
    "checks": "checks",
}

# Phrase → a style of engine/layout_prior/cutouts/cutout_styles.py.
STYLES: dict[str, str] = {
    phrase: style
    for style, phrases in {
        "glossy": "glossy, 3d, shiny, rendered, glossy 3d, 3d render, clay",
        "cartoon": "cartoon, drawing, drawn, comic, crayon drawing, childrens drawing",
        "clip art": "clip art, clipart",
        "flat": "flat, flat design, flat icon, vector, flat vector, flat art, minimal, minimalist",
        "sticker": "sticker, flat sticker, stickers, die cut sticker",
        "line": "line icon, line art, outline, outlined, line drawing, lineart, outline icon, colouring page, "
        "coloring page",
        "sketch": "sketch, pencil sketch, pencil drawing, pencil",
        "pixel": "pixel, pixel art, pixelated, 8-bit, 8bit, 16-bit, voxel",
        "oil": "oil painting, oil, oil paint, oil on canvas, acrylic, acrylic painting, impasto, impressionist, "
        "impressionist painting, impressionism",
        "watercolour": "watercolour, watercolor, watercolour painting, watercolor painting, aquarelle",
    }.items()
    for phrase in phrases.split(", ")
}

# Words for the amount of a thing named after "of": how many they stand for, None for one helping.
AMOUNTS: dict[str, int | None] = {
    word: count
    for count, words in {
        None: "slice piece bowl glass cup mug plate bottle can jar basket box bag loaf pack portion kind type sort bar "
        "ball scoop pot cube stick serving",
        2: "pair couple",
        3: "trio",
        4: "group bunch pile flock herd crowd stack heap lot lots team row line pack set school swarm collection pride",
    }.items()
    for word in words.split()
}

# How people may look, where a prompt says so: the gender, or the skins to choose from.
GENDERS: dict[str, str] = {
    word: gender
    for gender, words in {
        "woman": "woman female lady girl women",
        "man": "man male gentleman guy boy men",
    }.items()
    for word in words.split()
}
SKINS: dict[str, tuple[str, ...]] = {
    word: skins
    for words, skins in (
        ("black, african, african american, dark-skinned", ("dark", "medium-dark")),
        ("brown, indian, south asian", ("medium-dark", "medium", "dark")),
        ("hispanic, latino, latina", ("medium", "medium-light", "medium-dark")),
        ("middle eastern, arab", ("medium", "medium-light")),
        ("asian, east asian, chinese, japanese, korean", ("medium-light", "light")),
        ("white, european, caucasian, pale, light-skinned", ("light", "medium-light")),
    )
    for word in words.split(", ")
}
# What people do, and the subject that shows it.
ACTIONS: dict[str, str] = {
    word: pose
    for pose, words in {
        "person walking": "walking strolling hiking wandering marching",
        "person running": "running jogging sprinting racing",
        "person standing": "standing waiting",
        "person kneeling": "kneeling praying",
        "ballet dancer": "dancing",
        "person climbing": "climbing",
        "person swimming": "swimming",
        "person surfing": "surfing",
        "skier": "skiing",
        "snowboarder": "snowboarding",
        "person biking": "cycling biking",
        "person golfing": "golfing",
        "person fencing": "fencing",
        "person juggling": "juggling",
        "person rowing boat": "rowing",
    }.items()
    for word in words.split()
}
# What people have on their heads: in it means under it.
HEADWEAR = frozenset(
    {
        "top hat",
        "cowboy hat",
        "billed cap",
        "woman's hat",
        "crown",
        "graduation cap",
        "rescue worker's helmet",
    }
)
# After these words a scene word is where the things are, also when it could name a thing.
PREPOSITIONS = frozenset(
    "in on at under over by near through across inside into against from above onto".split()
)
NEGATIONS = frozenset({"no", "without", "not"})

IGNORED = frozenset(
    """a an the of is are was were be being been it its this that these those there here to from for at as or but so
    very really extremely quite just only like looking look looks cute beautiful pretty nice lovely happy sad funny
    cool epic amazing awesome best quality high highly detailed detail masterpiece trending artstation ultra hd 4k 8k
    photo photograph photography picture image painting illustration portrait render rendering art artwork style
    stylized icon emoji logo poster wallpaper scene view background backdrop close up closeup shot cinematic
    dramatic lighting light soft bright dark colorful colourful vivid simple abstract realistic
    hyperrealistic cozy cosy magical fantasy vintage retro old new young fresh ripe fluffy furry shiny round wooden
    plain solid full empty please draw paint make show create generate me my your his her their our i you we they he
    she some any every each other another all both while when where who which what how then than too also again once
    sitting standing lying walking running flying jumping dancing sleeping eating drinking playing smiling laughing
    swimming driving looking at up down out off around between among during middle center centre top bottom side left
    right front one's wearing holding riding made wide tall long short fat thin great good day time wearing in on by
    with and under over near next inside through across into against onto above below behind""".split()
)

# Every single word that the grammar itself knows.
GRAMMAR = frozenset(
    word
    for table in (
        RELATIONS,
        NUMBERS,
        COLOUR_NAMES,
        SIZES,
        STYLES,
        AMOUNTS,
        ACTIONS,
        PATTERNS,
        SCENES,
        TIMES,
        SEASONS,
    )
    for phrase in table
    for word in phrase.split()
).union(PREPOSITIONS, NEGATIONS, IGNORED)
