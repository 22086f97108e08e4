"""Ages of things in a text: "a 16 year old whisky" is nobody's age.

Only what is surely a thing's: the words before the number, the thing and what follows it are all on short lists. The
ages in "a 12 year old car thief", "girl, 12 year old whisky" and "a 12 year old" stay.
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
_BEFORE = rf"(?:{_ARTICLE}|{_VESSEL} of|(?:drinks?|drinking|pours?|pouring|sips|sipping)(?: {_ARTICLE})?)"
_ADJECTIVE = (
    r"(?:red|white|black|blue|green|grey|gray|silver|brown|yellow|old|vintage|rusty|wooden|stone|brick|oak|apple|olive|pine"
    r"|maple|single|malt|blended|sparkling|irish|scottish|japanese|french|italian|german|spanish|american|sports|steam"
    r"|fishing|sailing|police|delivery|aged)"
)
_THING = (
    r"(?:whisk(?:e?y|ies|eys)|scotch|bourbons?|wines?|rums?|brand(?:y|ies)|cognacs?|sherry|tequilas?|beers?|malts?|vinegars?"
    r"|cheeses?|cheddars?|goudas?|cars?|trucks?|lorr(?:y|ies)|vans?|bus(?:es)?|motorcycles?|motorbikes?|bicycles?|bikes?"
    r"|boats?|ships?|yachts?|trains?|trams?|tractors?|airplanes?|aeroplanes?|houses?|buildings?|cottages?|barns?|castles?"
    r"|church(?:es)?|bridges?|hotels?|trees?|oaks?|bonsais?|vineyards?|chairs?|tables?|sofas?|carpets?|rugs?|lamps?|clocks?"
    r"|cameras?|laptops?|computers?|guitars?|pianos?|violins?)"
)
_PLACE = (
    r"in|on|at|with|without|beside|near|behind|under|over|before|between|from|inside|outside|against|parked|standing|driving"
    r"|that|which|is|are|was"
)
_BEHIND = rf"(?= +(?:{_PLACE}|(?:and|or) +{_ARTICLE})\b|\s*(?:[,.;:!?)\]|\n]|\Z))"
_AGE_OF_THING = re.compile(
    rf"((?:\A\s*|\b{_BEFORE} )){_NUMBER}[- ]years?[- ]old ((?:{_ADJECTIVE} ){{0,3}}{_THING}){_BEHIND}",
    re.IGNORECASE,
)


def without_ages_of_things(typed: str) -> str:
    """The text as it was typed, without the ages that are surely a thing's."""
    return _AGE_OF_THING.sub(r"\1\2", typed)
