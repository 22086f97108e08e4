"""Ages of things in a text: "a 16 year old whisky" is nobody's age.

Only what is surely a thing's: the words before the number, the thing and what follows it are all on short lists. The
ages in "a 12 year old car thief", "girl, 12 year old whisky" and "a 12 year old" stay. A thing that is called like
somebody ("brandy", "van") must stand behind a vessel or a verb of drinking.

Anything may be a nickname, so beside words of nakedness the caller also asks `without_adults` whether they are all said
of somebody else: "a nude woman and a 12 year old car", but not "a 12 year old car, nude".
"""

import re

_NUMBER = (
    r"(?:[1-9]|1[0-7]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen)"
)
_ARTICLE = r"(?:an?|the|this|that|these|those|my|our|your|his|her|their|some)"
_VESSEL = (
    r"(?:bottles?|glass(?:es)?|drams?|casks?|barrels?|tumblers?|shots?|sips?|cases?|wheels?|slices?|pieces?)"
)
_DRINKING = r"(?:drinks?|drinking|pours?|pouring|sips|sipping)"
_BEFORE = rf"(?:{_ARTICLE}|{_VESSEL} of|{_DRINKING}(?: {_ARTICLE})?)"
# "Shots of" and "pieces of" somebody are pictures.
_BEFORE_DRINK = (
    rf"(?:(?:bottles?|glass(?:es)?|drams?|casks?|barrels?|tumblers?|sips?) of|{_DRINKING}(?: {_ARTICLE})?)"
)
_ADJECTIVE = (
    r"(?:red|white|black|blue|green|grey|gray|silver|brown|yellow|old|vintage|rusty|wooden|stone|brick|oak|apple|olive|pine"
    r"|maple|single|malt|blended|sparkling|irish|scottish|japanese|french|italian|german|spanish|american|sports|steam"
    r"|fishing|sailing|police|delivery|aged)"
)
_THING = (
    r"(?:whisk(?:e?y|ies|eys)|scotch|wines?|beers?|malts?|vinegars?|cheeses?|cars?|trucks?|bus(?:es)?|motorcycles?"
    r"|motorbikes?|bicycles?|bikes?|boats?|ships?|yachts?|trains?|trams?|tractors?|airplanes?|aeroplanes?|houses?|buildings?"
    r"|cottages?|hotels?|trees?|bonsais?|vineyards?|chairs?|tables?|carpets?|rugs?|lamps?|clocks?|cameras?|laptops?"
    r"|computers?|guitars?|pianos?)"
)
# Drinks that are also names or nicknames of people. Vans, lorries, castles, churches, bridges, barns, oaks, sofas and
# violins are too (Van, Lorry, Oak, Sofa for Sofia), so their ages count.
_DRINK = r"(?:brand(?:y|ies)|sherr(?:y|ies)|tequilas?|cognacs?|bourbons?|rums?)"
_PLACE = (
    r"in|on|at|with|without|beside|near|behind|under|over|before|between|from|inside|outside|against|parked|standing|driving"
    r"|that|which|is|are|was"
)
_BEHIND = rf"(?= +(?:{_PLACE}|(?:and|or) +{_ARTICLE})\b|\s*(?:[,.;:!?)\]|\n]|\Z))"
_AGE_OF_THING = re.compile(
    rf"(?P<before>\A\s*|\b{_BEFORE} ){_NUMBER}[- ]years?[- ]old (?P<thing>(?:{_ADJECTIVE} ){{0,3}}{_THING}){_BEHIND}",
    re.IGNORECASE,
)
_AGE_OF_DRINK = re.compile(
    rf"(?P<before>\b{_BEFORE_DRINK} ){_NUMBER}[- ]years?[- ]old (?P<thing>(?:{_ADJECTIVE} ){{0,3}}{_DRINK}){_BEHIND}",
    re.IGNORECASE,
)
# Adults with the word before them, and shops: "a nude woman", "a lingerie shop".
_ADULT = re.compile(
    r"\b[a-z]+[ -](?:wom[ae]n|m[ae]n|lady|ladies|gentlem[ae]n|couples?|adults?|grandmothers?|grandfathers?"
    r"|models?|shops?|stores?)\b",
    re.IGNORECASE,
)


def without_ages_of_things(typed: str) -> str:
    """The text as it was typed, without the ages that are surely a thing's."""
    for age in (_AGE_OF_THING, _AGE_OF_DRINK):
        typed = age.sub(r"\g<before>\g<thing>", typed)
    return typed


def without_adults(typed: str) -> str:
    """The text as it was typed, without "nude woman" and the like: what is left may be said of anybody."""
    return _ADULT.sub(" ", typed)
