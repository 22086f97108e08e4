"""The rules, one per file: `prompt` judges words, `image` judges pictures."""
