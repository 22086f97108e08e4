"""What a message in a chat shows, in as far as exactly one message shows it."""

from enum import StrEnum


class DeliveryKind(StrEnum):
    """The kinds of subjects that have one message each. Stored; the subject is named by its id."""

    JOB = "job"
    CASE = "case"  # the copy on the moderators' desk channel
    QUESTION = "question"  # a case that asks the owner of a picture
    STARBOARD = "starboard"  # a picture with enough stars
