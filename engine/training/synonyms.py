"""Everyday words for what the sets call by Unicode's names, first choice first; a seed picks among the choices."""

_LINES = """
cat: cat, cat face
kitten, kitty: cat face, cat
dog: dog, dog face
puppy, doggy: dog face, dog
horse: horse, horse face
pony: horse
cow: cow, cow face
pig: pig, pig face
piglet: pig
mouse: mouse, mouse face
rabbit, bunny, hare: rabbit, rabbit face
tiger: tiger, tiger face
monkey: monkey, monkey face
dragon: dragon, dragon face
dinosaur: t-rex, sauropod
tyrannosaurus, trex: t-rex
brontosaurus: sauropod
whale: whale, spouting whale
bee: honeybee
ladybug, ladybird: lady beetle
chick: baby chick, front-facing baby chick, hatching chick
hen: chicken
sheep: ewe
lamb: ewe
bull: ox
camel: two-hump camel, camel
octopus: octopus
turtle, tortoise: turtle
fish: tropical fish, fish
goldfish: tropical fish
shell, seashell: spiral shell
crow, raven: black bird
hippo: hippopotamus
rhino: rhinoceros
squirrel: chipmunk
alligator: crocodile
raven: black bird
caterpillar: bug
apple: red apple
orange: tangerine
mandarin, clementine: tangerine
cherry: cherries
grape: grapes
blueberry: blueberries
kiwi: kiwi fruit
corn: ear of corn
chili, chilli, chili pepper, chilli pepper: hot pepper
pepper: bell pepper
pepper mill: salt
lettuce, cabbage: leafy green
aubergine: eggplant
cheese: cheese wedge
burger, cheeseburger: hamburger
fries, chips: french fries
donut: doughnut
ice cream: soft ice cream, ice cream
ice cream cone: soft ice cream
cake: birthday cake, shortcake
chocolate: chocolate bar
honey: honey pot
milk: glass of milk
coffee, tea, cup of coffee, cup of tea, cappuccino, espresso: hot beverage
hot chocolate, mug: hot beverage
cup, teacup: hot beverage, teacup without handle
wine, glass of wine: wine glass
beer, pint: beer mug
cocktail, martini: cocktail glass
juice: beverage box
soda, cola: cup with straw
champagne: bottle with popping cork
egg, fried egg: egg, cooking
soup, ramen, noodles: steaming bowl
pasta: spaghetti
rice: cooked rice
steak: cut of meat
meat: meat on bone
chicken leg, drumstick: poultry leg
salad: green salad
bread: bread
toast: bread
baguette: baguette bread
pretzel: pretzel
muffin: cupcake
sweets, sweet: candy
plate: fork and knife with plate
knife: kitchen knife
pizza: pizza
flower: tulip, sunflower, blossom, hibiscus, rose
flowers: tulip, sunflower, blossom, hibiscus, rose
daisy: blossom
rose: rose
bouquet of flowers: bouquet
tree: deciduous tree, evergreen tree
oak: deciduous tree
fir, pine, pine tree, fir tree, spruce: evergreen tree
palm: palm tree
plant: potted plant, herb
leaf: fallen leaf, maple leaf
leaves: fallen leaf, maple leaf
clover: four leaf clover
grain, wheat: sheaf of rice
branch: herb
sun: sun with face, sun
moon: crescent moon, full moon, full moon face
star: star
planet: ringed planet
saturn: ringed planet
earth, world, globe, planet earth: globe showing europe-africa, globe showing americas, globe showing asia-australia
lightning, thunder, lightning bolt, bolt: high voltage
flame, campfire, bonfire: fire
wave: water wave
drop, water drop, raindrop, teardrop: droplet
mountain: snow-capped mountain, mountain
island: desert island
house, home: house, house with garden
cottage, villa: house with garden
cabin: hut
tower: castle
skyscraper, building: office building
temple: classical building
museum: classical building
car: automobile
suv, jeep: sport utility vehicle
race car, formula one: racing car
truck, lorry: articulated lorry, delivery truck
van: minibus
fire truck, firetruck: fire engine
train: locomotive, high-speed train
steam train: locomotive
bike: bicycle
motorbike: motorcycle
scooter: motor scooter, kick scooter
vespa: motor scooter
plane, aeroplane, jet, aircraft: airplane
boat: sailboat, motor boat
sailing boat, yacht: sailboat
ship, cruise ship: ship, passenger ship
spaceship, spacecraft, space ship: rocket, flying saucer
ufo: flying saucer
rocket ship: rocket
traffic light: vertical traffic light
phone, smartphone, cellphone: mobile phone
computer, pc: desktop computer, laptop
notebook computer: laptop
tv, tv set: television
lamp, light, lightbulb, bulb: light bulb
lantern: red paper lantern
clock: alarm clock, mantelpiece clock
book: blue book, green book, orange book, closed book
notebook: notebook with decorative cover
newspaper: newspaper
letter, mail: envelope
box, parcel, cardboard box: package
pen: pen, fountain pen
brush: paintbrush
sofa, couch: couch and lamp
lock, padlock: locked
saw: carpentry saw
sword, swords: crossed swords, dagger
bow: bow and arrow
screw, bolt and nut: nut and bolt
scales: balance scale
magnifying glass, magnifier, loupe: magnifying glass tilted left, magnifying glass tilted right
glass: tumbler glass, glass of milk
bottle: baby bottle, bottle with popping cork
vase: amphora
pot: pot of food
bag: handbag, shopping bags
umbrella, parasol: umbrella
hat: top hat, woman's hat
cap, baseball cap: billed cap
helmet: rescue worker's helmet, military helmet
shirt, tshirt, tee: t-shirt
trousers, pants: jeans
sock: socks
shoe, sneaker, trainer: running shoe
shoes, sneakers, trainers: running shoe
boot, boots: hiking boot, woman's boot
heels, high heels: high-heeled shoe
diamond, gem, jewel: gem stone
tie: necktie
guitar: guitar
piano, keyboard piano: musical keyboard
drums: drum
note, music note: musical note
music: musical notes
ball: soccer ball, basketball, volleyball
football, soccer: soccer ball
rugby ball: rugby football
tennis ball: tennis
dice: game die
puzzle: puzzle piece
teddy: teddy bear
gift, present: wrapped gift
medal: sports medal, 1st place medal
cup trophy, prize: trophy
target, dartboard: bullseye
pumpkin: jack-o-lantern
ice skates: ice skate
ski: skis
sledge, sleigh: sled
heart: red heart
love: red heart
circle: red circle
square: red square
triangle: red triangle pointed up
robot: robot
ghost: ghost
alien: alien
smiley, smiley face, smile: slightly smiling face, grinning face
laughing face: face with tears of joy
pirate: parrot
knight: crossed swords, shield
king: prince, person with crown
queen: princess, person with crown
wizard, magician, sorcerer, witch: mage
doctor: health worker
nurse: health worker
chef, baker: cook
soldier: guard
policeman, policewoman, cop: police officer
fireman: firefighter
spaceman, cosmonaut: astronaut
santa, father christmas: santa claus
angel: baby angel
dancer, ballerina: ballet dancer
runner: person running
surfer: person surfing
swimmer: person swimming
cyclist: person biking
rower: person rowing boat
programmer, developer, engineer: technologist
painter: artist
grandpa, grandfather: old man
grandma, grandmother: old woman
guy, gentleman: man
lady: woman
kid: child
people, persons: person, man, woman
human: person
family: woman, man, child
footprint, paw: paw prints
skull: skull
brain: brain
eye: eye
bone: bone
money: money bag
gold coin, coins: coin
cash, dollar: dollar banknote
treasure: treasure chest
microphone: microphone, studio microphone
headphones: headphone
camera: camera
glasses: glasses
candle: candle
magic: magic wand
wand: magic wand
rainbow: rainbow
snowman: snowman without snow, snowman
igloo: hut
tent: tent, camping
volcano: volcano
fountain: fountain
carousel, merry-go-round: carousel horse
rollercoaster: roller coaster
hotdog: hot dog
popcorn: popcorn
sandwich: sandwich
firework: fireworks
christmas: christmas tree
birthday: birthday cake, balloon
party: party popper, balloon
balloons: balloon
hot air balloon: balloon
toilet paper: roll of paper
basket: basket
trash, trash can, bin: wastebasket
cart, shopping trolley: shopping cart
painting: framed picture
palette: artist palette
bomb: bomb
anchor: anchor
crown: crown
ring: ring
key: key, old key
satellite: satellite
telescope: telescope
microscope: microscope
battery: battery
magnet: magnet
gear, cog: gear
hammer: hammer
bell: bell
trumpet: trumpet
violin: violin
mushroom: mushroom
toadstool: mushroom
cactus: cactus
"""


def synonyms() -> dict[str, list[str]]:
    """Word or phrase → names of subjects."""
    table: dict[str, list[str]] = {}
    for line in _LINES.strip().splitlines():
        words, _, names = line.partition(": ")
        for word in words.split(", "):
            table[word] = names.split(", ")
    return table
