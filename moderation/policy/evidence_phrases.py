"""What rules say they found, where that is a phrase: kept in English, and shown to moderators in their language."""

MINOR_AND_SEX = "words for a minor and for sex together"
MINOR_AND_SEXUAL_PICTURE = "words for a minor and a picture that may be sexual"
LONGER_THAN_READ = "longer than is read"
TOO_LONG_TO_JUDGE = "too long to judge"
NAMED_PERSON = "a named person"
NAMED_PERSON_AND_DOUBT = "a named person and something doubtful"

EVIDENCE_PHRASES = (
    MINOR_AND_SEX,
    MINOR_AND_SEXUAL_PICTURE,
    LONGER_THAN_READ,
    TOO_LONG_TO_JUDGE,
    NAMED_PERSON,
    NAMED_PERSON_AND_DOUBT,
)
