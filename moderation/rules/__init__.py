"""The rules of the house, one per file: `prompt` judges words, `image` judges pictures."""
