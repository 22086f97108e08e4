"""What models say of themselves, and of the words that they read."""

SENTENCES = {
    "demo": (
        "{model} is a small demo model that knows about {things:,} things. For real pictures, `chatelier models list`"
        " names larger models, `chatelier models pull NAME` fetches one, and `chatelier models add` adds one of your"
        " own."
    ),
    "unknown_words": "Not known to {model}: {words}.",
    "other_language": "{model} reads English, and nouns in these languages: {languages}.",
}
