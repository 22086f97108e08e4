"""The moderation rules, one per file: `prompt` judges prompts, `image` judges pictures."""
