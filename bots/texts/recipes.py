"""What the parts of a recipe are called, and what a job makes of the pictures that it starts from."""

SEED = "seed {seed}"
SEEDS = "seeds {first}–{last}"
STEPS = "{count} step"
STEPS_SEVERAL = "{count} steps"
ADDED = "added: {words}"

ID = "Id"
SIZE = "Size"
SEED_LABEL = "Seed"
STEPS_LABEL = "Steps"
GUIDANCE = "Guidance"
STRENGTH = "Strength"
SCHEDULER = "Scheduler"
ADDED_LABEL = "Added words"  # about people of whom the prompt does not say who they are
NEGATIVE = "Negative prompt"
STYLE = "Style"
MODEL = "Model"
PARENTS = "Made from"
SOFTWARE = "Software"

VARIATIONS = ("variation", "variations")
VARIATIONS_OF = ("variation of picture {index}", "variations of picture {index}")
VARIATION = "variation {number}"
VARIATION_OF = "variation {number} of picture {index}"
REMIX = "remix"
REMIX_OF = "remix of picture {index}"
UPSCALED = "upscaled {factor}×"
EXPANDED = "expanded: {sides}"
EXPANDED_EVERYWHERE = "expanded on all sides"
EXPANDED_TO = "expanded to {aspect}"
SIDES = {"left": "left", "top": "top", "right": "right", "bottom": "bottom"}
EDITED_CELLS = "edited: {cells}"
EDITED_CELLS_SEVERAL = ("edited: {count} cell", "edited: {count} cells")
EDITED_MASK = "edited under a mask"
EDITED_BY_WORDS = "edited by words"
BLEND = ("blend of {count} picture", "blend of {count} pictures")
PAINTED_OVER = "painted over a picture"
REFERENCES = ("with {count} reference", "with {count} references")
DRAFTS = ("draft", "drafts")
