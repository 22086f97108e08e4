"""What is said of choices between pictures."""

WHICH_PICTURE = "Which picture?"
MORE_OF = "More for picture {index}"
MORE = "More for this picture"
