"""Harmless scenes as whole sentences, put together from parts.

The published harmful rows are full sentences about people. Unless harmless people of every kind also do things in
full sentences, the classifier learns that prose is harmful, and that some people are.
"""

import random
from collections.abc import Iterator

_ADJECTIVES = """
young old elderly middle-aged tall short cheerful tired proud nervous curious kind strict famous busy lonely
happy smiling quiet friendly determined thoughtful excited bearded wrinkled energetic retired
""".split()
_ORIGINS = """
African American Asian Black Brazilian Catholic Chinese Christian Filipino French gay German Hindu Hispanic
Indian Indigenous Iranian Irish Italian Jamaican Japanese Jewish Kenyan Korean Latino lesbian Mexican
Middle-Eastern Muslim Native-American Nigerian Palestinian Polish Russian Sikh Syrian transgender Turkish
Ukrainian Vietnamese white disabled deaf blind overweight homeless immigrant refugee queer bisexual
nonbinary
""".split()
_PEOPLE = """
person; man; woman; boy; girl; child; teenager; student; teacher; chef; farmer; fisherman; doctor; nurse;
surgeon; dentist; police officer; firefighter; soldier; sailor; pilot; astronaut; scientist; engineer;
programmer; lawyer; judge; politician; mayor; priest; nun; imam; rabbi; monk; dancer; ballerina; singer;
violinist; guitarist; painter; sculptor; photographer; actor; actress; model; athlete; boxer; runner;
swimmer; footballer; coach; librarian; journalist; waiter; bartender; baker; butcher; carpenter; mechanic;
electrician; plumber; construction worker; gardener; florist; tailor; hairdresser; mother; father;
grandmother; grandfather; baby; bride; groom; couple; neighbour; businessman; secretary; boss; employee;
manager; customer; shopkeeper; taxi driver; bus driver; truck driver; cyclist; tourist; hiker; climber;
zookeeper; veterinarian; therapist; patient; prisoner; guard; beggar; volunteer; activist; protester; witch;
wizard; king; queen; knight; princess; pirate; clown; magician; detective; archaeologist; historian;
performer; crowd of people; group of friends; family; class of students; team; choir; orchestra
""".replace("\n", " ").split(";")
_ACTIVITIES = """
reading a book; writing a letter; cooking dinner; baking bread; slicing vegetables with a sharp knife;
carving a roast; playing chess; playing cards; playing the piano; singing on stage; rehearsing for a show;
dancing in the street; walking the dog; riding a bicycle; driving to work; waiting for the bus; boarding a
train; flying a kite; climbing a wall; running a marathon; lifting weights; stretching before a workout;
doing yoga; swimming in a pool; diving into the sea; surfing a huge wave; rowing a boat; casting a line into
the water; skiing down a slope; building a snowman; throwing snowballs; playing football; scoring a goal;
boxing in a ring; wrestling on a mat; fencing; shooting an arrow at a target; hugging a friend; kissing a
partner goodbye; holding hands; comforting a crying friend; laughing together; shaking hands; giving a
speech; leading a meeting; presenting a project to the boss; interviewing a candidate; arguing about
politics over coffee; voting at a polling station; marching for equal rights; holding a peace sign; praying
quietly; lighting candles; celebrating a birthday; opening presents; cutting a wedding cake; raising a
toast; drinking a glass of wine; tasting cheese; eating noodles; sharing a meal; picnicking in the park;
shopping for clothes; trying on a dress; shaving in front of a mirror; brushing teeth; taking a bath;
sleeping in a hammock; lying on the beach; sunbathing on a towel; getting a massage; getting a tattoo;
having a haircut; visiting the dentist; giving blood; bandaging a sprained ankle; examining an x-ray; taking
medicine; caring for an elderly parent; feeding a baby; changing a nappy; teaching a child to read; helping
with homework; raising a hand in class; taking an exam; graduating from university; painting a fence;
repairing a car; welding a steel beam; chopping firewood; hammering a nail; sawing a board; digging a hole
for a tree; harvesting wheat; milking a cow; shearing a sheep; feeding the animals; stroking a cat; training
a horse; watching birds; photographing a sunset; exploring ruins; visiting a war memorial; touring a museum;
studying a skull in anatomy class; acting a death scene in a play; dressing up as a zombie for Halloween;
watching a horror film; telling ghost stories by the fire; playing a shooter on a games console; reading the
news; typing on a laptop; talking on the phone; unlocking a door with a key; counting coins; paying at the
till; packing boxes; moving house; cleaning the windows; hanging out the washing; taking out the rubbish;
sweeping the floor; rescuing a kitten from a tree; putting out a fire; directing traffic; chasing a ball;
crossing a finish line; winning a medal; losing a match; missing a train; saying farewell at a funeral;
visiting a grave with flowers; hugging a soldier who comes home
""".replace("\n", " ").split(";")
_MOODS = """
, feeling proud; , looking tired; with a big smile; while others watch; while it rains outside; with great
care; for the first time; early in the morning; late at night; as the sun sets; in deep concentration; ,
lost in thought; with tears of joy; , full of energy; surrounded by friends; all alone; under a starry sky;
in front of a cheering crowd; with shaking hands; , hoping for the best; despite the cold; after a long day;
, paying attention to every detail; again and again; with a mix of fear and excitement; as if nothing had
happened
""".replace("\n", " ").split(";")
_SETTINGS = """
in a kitchen; in a crowded market; in a quiet library; at school; at the office; in a hospital; at church;
in a mosque; in a synagogue; in a temple; on the beach; in the mountains; in a dark forest; in a small
village; in a big city; on a farm; in a park; at a festival; at home; in the living room; in a bathroom; in
a bedroom; on a train; on a ship; at the airport; in a prison yard; in a courtroom; on a battlefield
reenactment; at a construction site; in an old factory; in a laboratory; in a studio; on a stage; in a
stadium; in an abandoned house; in a castle; in a museum; in the desert; in outer space; under water; ; ; ;
; ;
""".replace("\n", " ").split(";")
_TEXTURES = """
smooth rough soft hard jagged fluffy delicate intricate gnarled twisted shiny rusty crumbling golden silvery
warm cold icy gentle fierce sharp bumpy wooden metallic silky velvety crisp murky sparkling ancient bright
dark heavy light sweet bitter sticky wet dry dusty
""".split()
_NATURE = """
oak tree; river; waves; snow; clouds; cliffs; rocks; mountain; valley; desert; storm; wind; rain; fog; moon;
stars; sun; campfire; flames; roots; vines; leaves; petals; thorns; bark; grass; sand; ice; waterfall; cave;
volcano; teddy bear; blanket; pillow; silk gown; leather boots; wool scarf; lace; marble floor; iron gate;
brick wall; stained glass; candle; chandelier; sword; shield; helmet; hammer; blade of the windmill; needle;
glass; porcelain cup; loaf of bread; honeycomb; ice cream; chocolate; cheese; meat on the grill; fish;
coral; shell; feather; fur of the fox; scales of the dragon; skin of the peach; bones of the dinosaur;
statue; fountain; bridge; ship; train; car; rocket; robot
""".replace("\n", " ").split(";")
_DOES = """
contrasted with; stood beside; glowed above; fell onto; towered over; wound around; covered; reflected in;
crashed against; floated over; rested on; brushed against; shone through; hung over; melted on; scratched;
cut through; pierced; surrounded; warmed; protected; hid; loomed over; flowed over; dripped on; echoed
beneath
""".replace("\n", " ").split(";")
_TAILS = """
, creating a peaceful scene; , a beautiful sight; , bathed in light; , a challenge for the bravest; ,
casting long shadows; , filling the air with scent; , a symbol of hope; , as night fell; , frozen in time; ,
a testament to patience; , bringing comfort; ; ; ; ;
""".replace("\n", " ").split(";")


def scenes(*, count: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(count):
        text = _nature(rng) if rng.random() < 0.3 else _people(rng)
        text = " ".join(text.split()).replace(" ,", ",")
        ended = text + "." if rng.random() < 0.6 else text
        yield ended if rng.random() < 0.6 else ended.lower()


def _people(rng: random.Random) -> str:
    who, activity = person(rng), rng.choice(_ACTIVITIES).strip()
    setting, mood = (rng.choice(parts).strip(" \n") for parts in (_SETTINGS, _MOODS))
    second = person(rng)
    return rng.choice(
        [
            f"{who} {activity}",
            f"{who} is {activity} {setting}",
            f"{who} {activity} {setting} {mood}",
            f"{who} is {activity} {mood}",
            f"{who} and {second.lower()} {activity} {setting}",
            f"{who} watches {second.lower()} {activity}",
            f"{who} smiles at {second.lower()} {setting} {mood}",
            f"{who} helps {second.lower()} {setting}",
            f"{who} and {second.lower()} sit side by side {setting} {mood}",
            f"A portrait of {who.lower()} {activity}",
            f"An illustration of {who.lower()} {setting} {mood}",
            f"A photo of {who.lower()} {activity} {setting}",
        ]
    )


def person(rng: random.Random) -> str:
    words = [rng.choice(_ADJECTIVES)] if rng.random() < 0.35 else []
    words += [rng.choice(_ORIGINS)] if rng.random() < 0.6 else []
    text = " ".join([*words, rng.choice(_PEOPLE).strip()])
    return f"{'An' if text[0].lower() in 'aeiou' else 'A'} {text}"


def _nature(rng: random.Random) -> str:
    def thing() -> str:
        described = ", ".join(rng.sample(_TEXTURES, rng.randint(1, 2)))
        return f"the {described} {rng.choice(_NATURE).strip()}"

    does, tail = rng.choice(_DOES).strip(), rng.choice(_TAILS).strip(" \n")
    first = thing()
    return f"{first[0].upper()}{first[1:]} {does} {thing()} {tail}"
