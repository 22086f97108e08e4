"""Words for what nobody can see, and the form that an abstract composition gives them."""

# Word → a form of engine/layout_prior/scenes/abstract.py.
ABSTRACTS: dict[str, str] = {
    word: form
    for form, words in {
        "bands": "silence calm peace serenity stillness tranquility solitude loneliness melancholy sadness sorrow "
        "grief emptiness nothingness nothing patience rest sleep comfort",
        "grid": "order structure logic reason justice law system mathematics geometry symmetry balance society "
        "civilization knowledge language",
        "shards": "chaos anger rage fear anxiety madness conflict tension pain despair noise confusion entropy "
        "violence",
        "ribbons": "movement motion rhythm flow harmony melody sound energy change emotion emotions feeling passion "
        "imagination creativity joy happiness",
        "rings": "time memory memories nostalgia eternity infinity thought thoughts mind consciousness mystery past "
        "future dream dreams dreaming gravity existence reality truth wisdom",
        "rise": "freedom hope courage growth life spirit soul faith inspiration ambition liberty beauty wonder ecstasy",
    }.items()
    for word in words.split()
}
