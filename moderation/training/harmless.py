"""Harmless prompts that sound like painters' requests, or look worse than they are.

The published rows are captions and news-like sentences. People who paint write otherwise: fragments, styles,
battles, monsters, wounds of saints, kitchens full of knives. These lines teach the classifier that.
"""

import random
from collections.abc import Iterator

STYLES = (
    "oil painting",
    "watercolour",
    "digital art",
    "pencil sketch",
    "concept art",
    "pixel art",
    "isometric",
    "black and white photograph",
    "35mm film",
    "cinematic lighting",
    "highly detailed",
    "8k",
    "trending on artstation",
    "in the style of an old master",
    "art nouveau poster",
    "low poly",
    "studio ghibli style",
    "anime style",
    "vaporwave",
    "photorealistic",
    "macro photo",
    "volumetric light",
    "dramatic lighting",
    "children's book illustration",
    "ukiyo-e woodblock print",
    "stained glass",
    "charcoal",
    "linocut",
    "fantasy art",
    "unreal engine",
    "wide angle",
    "bokeh",
    "golden hour",
    "comic book style",
    "line art",
    "minimalist logo",
    "sticker",
    "tarot card",
)

LOOK_ALIKES = """
a knight fights a dragon on a burning bridge
two samurai duel in the rain
a viking warrior with a bloody axe, film poster
the battle of Waterloo, cavalry charging
a medieval siege with catapults and burning arrows
an orc army marching at dawn
a soldier says goodbye to his family at the station
a war memorial with poppies
a tank in a museum
a fighter jet over the clouds
a Napoleonic cannon firing in a reenactment
a cowboy with a revolver in a saloon
a shooting star over the desert
shooting hoops on a basketball court
a photo shoot in a studio
a boxer knocks out his opponent
a wrestler throws another wrestler
fencing at the Olympic games
a killer whale jumps out of the water
killer robots from a 1950s science fiction film
a chess player kills the game with a queen
a butcher cuts a leg of ham
a chef with a sharp knife slices a fish
raw meat on a wooden board
a roast pig with an apple in its mouth
blood oranges in a bowl
a blood moon above the forest
a bloody mary cocktail with celery
a blood donation poster
a surgeon in an operating theatre
an anatomical heart, medical drawing
a skeleton in a biology class
a skull with roses, tattoo design
a vanitas still life with skull and candle
a zombie costume at a Halloween party
a friendly ghost in a haunted house
a vampire in a velvet cape
a werewolf under the full moon
a demon from Japanese folklore, mask
a devil playing the violin
hell as painted by Bosch
the last judgement, fresco
Judith and Holofernes, baroque painting
Saint Sebastian with arrows, renaissance altarpiece
the crucifixion, gothic altarpiece
a mummy in the British museum
a coffin maker's workshop
a quiet graveyard in autumn
a funeral procession in New Orleans with a brass band
a shipwreck in a storm
the eruption of Vesuvius
a house on fire, firefighters at work
a car crash test with a dummy
an explosion of colours
a bomb calorimeter in a laboratory
a bath bomb in water
a sex education class poster with a banana
the birth of Venus
a marble nude in a sculpture garden
a life drawing class, charcoal study of a seated figure
a mother breastfeeding her baby, impressionist painting
a bikini on a washing line
women in swimsuits playing beach volleyball
a couple kissing under the Eiffel tower
a bride and groom in bed of roses
a man in a bath with bubbles
a chicken breast with rosemary
a pair of blue tits at a feeder
a rooster on a fence
a cat licking its paw
a dog humping its cushion, cartoon
a donkey and a mule in a meadow
a hookah on a table
a joint of beef
a pot of herbs on the windowsill
a pharmacy with jars of pills
white powder on a baker's hands
a syringe and a vaccine vial
a beer garden in Bavaria
a wine cellar
a man smoking a pipe
a poster against smoking
a poster that warns of drunk driving
a police officer helping a child cross the road
a prisoner writes a letter in his cell
a pirate with a parrot steals a treasure map
a raccoon thief with a sack
a masked ball in Venice
a bank robbery in a film noir
a detective looks at a chalk outline
a hacker in a hoodie before green code
a lock picker's tools
a voting booth
a protest for clean water
a march for women's rights, 1913
a statue of a president
a caricature of a grumpy old king
a religious procession in Seville
a mosque at sunset
a synagogue interior
a Buddhist temple in snow
people of many nations dance together
a black cat and a white cat
a black man reads a book in a cafe
an asian woman plays the cello
a gay couple with their dog
two women get married
a person in a wheelchair wins a race
an old woman laughs without teeth
a fat cat on a sofa
a clown cries
a lonely man on a bench in the rain
a sad girl looks out of the window
a painting about grief
a hand reaching out of the water
a tightrope walker between towers
a man jumps from a diving board
a cliff diver in Acapulco
a rope on a sailing ship
scars of a tree struck by lightning
a crying child with a balloon
kids playing with water pistols
a toy gun on a carpet
a spider eating a fly, macro
a lion hunting a zebra
a snake swallowing an egg
a shark with open jaws
a hawk with a mouse
maggots in a composting diagram
a dumpster with flies
a slimy green monster, plasticine
a mushroom that looks like a brain
an eye surgery diagram
pus-coloured clouds over a yellow sea
a rusty nail in a hand-shaped board
an execution of a perfect dive
a hanging garden
hanging lamps in a bazaar
a hanged man tarot card
a choke cherry tree
a strangler fig
a drowning valley under a new reservoir
a burning candle
a stabbing pain, abstract expressionism
a suicide lane sign on a highway
a slave ship memorial, respectful
anne frank's house from the street
a holocaust memorial in Berlin
apartheid museum entrance
a riot of flowers
a gang of geese
a drug store in a small town, 1950
a mail bomb of valentine cards
cracked earth
a crack in a teacup
a speed boat
ecstasy of Saint Teresa, marble
a virgin forest
a naked mole rat
a bare tree in winter
bare feet on grass
a strip mall at night
a comic strip about a strip of bacon
an adult education class
a mature oak
a hot dog stand
hot girl summer beach umbrella
a pussycat with a bow
a cockatoo
a cock crows at dawn
a bush tucker plate
a screw and a nut
a bronze nude by a famous sculptor
a classical nude in oil, art academy
reclining Venus, Titian
Michelangelo's David
an ancient Greek athlete, marble, without clothes
rainbow flags at a summer parade
two mothers with a pram
a drag queen on stage
a police line in front of a closed shop
yellow tape around a hole in the road
a police photograph of a funny dog
a wanted poster for a cat
gymnasts warm up
a ballet class at the barre
an old doll in a dusty cupboard
a creepy clown behind a curtain
a scarecrow with a pumpkin head
a skull beside an hourglass and a book
an operating room with surgeons in green
a surgeon washes his hands
a nuclear test filmed in black and white
a fire engine in front of a burning barn
a bruised apple
a bruised boxer raises his arms
catkins on a branch
balls of wool
a package of sausages
""".strip().splitlines()

SUBJECTS = (
    "a castle",
    "a red apple",
    "a fox",
    "an old man",
    "a young woman",
    "a robot",
    "a dragon",
    "a city at night",
    "a spaceship",
    "a wizard",
    "a cat wearing a hat",
    "a forest",
    "a mountain lake",
    "a steam train",
    "a lighthouse",
    "a cup of coffee",
    "a warrior princess",
    "a portrait of a queen",
    "a cyberpunk street",
    "a dinosaur",
    "an elf",
    "a goblin market",
    "a sorceress",
    "a knight in armour",
    "a mermaid",
    "a pirate ship",
    "a samurai",
    "a ninja",
    "a witch's hut",
    "a skeleton king",
    "a bowl of ramen",
    "a bouquet",
    "a vintage car",
    "a sleeping dog",
    "an owl",
    "a group of friends",
    "a family picnic",
    "a doctor",
    "a soldier",
    "a dancer",
    "a violinist",
    "a gladiator",
)


CREATURES = """
vampire; demon; assassin; zombie; werewolf; orc; skeleton; ghost; grim reaper; witch; dark lord; barbarian;
gladiator; ninja; cyborg; mercenary; bounty hunter; necromancer; fallen angel; devil; warrior; viking;
samurai; knight; goblin; troll; dragon; hydra; kraken; giant spider; minotaur; banshee; mummy; alien;
monster; swordsman; archer; sniper; soldier; pirate; outlaw; gangster from the 1920s; spy; executioner in a
hood; plague doctor; headless horseman; medusa; succubus in armour
""".replace("\n", " ").split(";")
AS = (
    "portrait of a {}",
    "{} princess",
    "{} king",
    "a cute {}",
    "a {} mascot",
    "a {} costume for Halloween",
    "{} movie poster",
    "a friendly {} for children",
    "{} character design",
    "an army of {}s",
    "{} on a throne",
    "a {} in a dark forest",
    "a {} with a bloody sword",
    "{} in battle",
    "an old {}",
    "a {} girl, anime",
    "{} tattoo design",
    "{} chess piece",
    "a {}'s cloak and dagger",
    "{} apocalypse, stylised",
    "a {} fights a hero",
    "gothic {}",
    "a wounded {}",
    "{} miniature",
)
THINGS = """
sword; shield; battle axe; dagger; crossbow; rifle; revolver; cannon; tank; fighter jet; warship; war
hammer; spear; bow; skull; coffin; gravestone; guillotine in a museum; chains; cage; mask; knife; chainsaw;
syringe; pill; cigarette; wine bottle; beer; poker chips; handcuffs; whip; corset; bikini; lingerie shop
window; mannequin; statue; cross; flag; campfire; burning torch; explosion; mushroom cloud; shipwreck; car
wreck; ruin; barbed wire; gas mask; bruise make-up
""".replace("\n", " ").split(";")
CAUSES = """
racism; bullying; war; hunger; domestic violence; animal cruelty; drug abuse; drunk driving; smoking;
suicide; sexism; human trafficking; hate; terrorism; child labour; homophobia; antisemitism; sexual
harassment; gun violence; poverty
""".replace("\n", " ").split(";")
CAMPAIGNS = (
    "a poster against {}",
    "a campaign against {}",
    "a peaceful march against {}",
    "say no to {}, poster",
    "stop {}",
    "people protest against {} with signs",
    "a memorial for the victims of {}",
    "a teacher explains the dangers of {}",
    "an infographic on how to prevent {}",
    "a help line for people affected by {}",
    "a museum exhibition about {}",
    "a politician speaks out against {}",
    "women march against {}",
    "overcoming {}, hopeful illustration",
)


def harmless(captions: list[str], *, seed: int) -> Iterator[str]:
    """Look-alikes and subjects in many dresses, and the captions cut short as people type them."""
    dice = random.Random(seed)
    for caption in captions:
        words = caption.rstrip(".").lower().split()
        yield " ".join(words[: dice.randint(2, 6)])
        yield dressed(caption.rstrip("."), dice)
    for subject in SUBJECTS:
        yield from (dressed(subject, dice) for _ in range(12))


def look_alikes(*, seed: int) -> Iterator[str]:
    """What looks worse than it is: fantasy, weapons on a wall, campaigns against harm."""
    dice = random.Random(seed)
    for line in LOOK_ALIKES:
        yield from (line, line.capitalize() + ".", dressed(line, dice), dressed(line, dice))
    frames = [(AS, CREATURES), (("a {}", "an old {} on a table", "{} concept art", "{} in a museum"), THINGS)]
    frames.append((CAMPAIGNS, CAUSES))
    for templates, names in frames:
        for template in templates:
            for name in names:
                text = template.format(name.strip())
                yield text if dice.random() < 0.5 else dressed(text, dice)


def dressed(text: str, dice: random.Random) -> str:
    """The text with one to four styles behind it, or one before."""
    styles = dice.sample(STYLES, dice.randint(1, 4))
    return f"{styles[0]} of {text}" if dice.random() < 0.2 else ", ".join([text, *styles])
