"""What rules say they found, where that is a phrase: kept in English, and shown to moderators in their language.

What belongs to a phrase, such as a number, follows it behind " · ".
"""

MINOR_AND_SEX = "words for a minor and for sex together"
MINOR_AND_SEXUAL_PICTURE = "words for a minor and a picture that may be sexual"
LONGER_THAN_READ = "longer than is read"
TOO_LONG_TO_JUDGE = "too long to judge"
NAMED_PERSON = "a named person"
NAMED_PERSON_AND_DOUBT = "a named person and something doubtful"
LISTED_WORD = "a listed word"  # and its language
LANGUAGE = "language"  # and its code
STEPS_OF_UNDRESSING = "clothes taken off over several steps"  # and their points
FACE = "face"  # and how sure that is
SUM_OF_STRIKES = "sum of strikes"

EVIDENCE_PHRASES = (
    MINOR_AND_SEX,
    MINOR_AND_SEXUAL_PICTURE,
    LONGER_THAN_READ,
    TOO_LONG_TO_JUDGE,
    NAMED_PERSON,
    NAMED_PERSON_AND_DOUBT,
    LISTED_WORD,
    LANGUAGE,
    STEPS_OF_UNDRESSING,
    FACE,
    SUM_OF_STRIKES,
)
