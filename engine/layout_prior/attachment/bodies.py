"""People with bodies where the words need them: heads neither walk nor hold anything."""

from collections.abc import Mapping
from dataclasses import replace

from engine.layout_prior.attachment.anchors import BARE_HEADS, has_head, is_seat
from engine.layout_prior.attachment.wearables import WEARABLES
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec

# A mount that is drawn together with its rider.
_WITH_RIDER: Mapping[str, str] = {"horse": "horse racing", "bicycle": "person biking"}
# Who is known by a hat, and drawn as a face without a body.
_COSTUMES: Mapping[str, str] = {"cowboy hat face": "cowboy hat"}
# Animals that are drawn as a face, and what has their body.
_WITH_BODY: Mapping[str, str] = {"bear": "teddy bear"}
# Containers that are seen through when something is inside them.
_GLASS: Mapping[str, str] = {"bottle": "glass bottle", "bowl": "glass bowl", "jar": "jar", "glass jar": "jar"}
_HELD_MAX = 0.95  # the usual height beside others of what one carries
_STANDING, _SITTING = "person standing", "person kneeling"
_GENDERS = {
    "boy": "man",
    "girl": "woman",
    "man": "man",
    "woman": "woman",
    "old man": "man",
    "old woman": "woman",
}
_YOUNG = frozenset({"child", "boy", "girl"})


def embody(spec: SceneSpec, library: Library) -> SceneSpec:
    """The wish with people who walk, hold, play, ride or sit drawn with their bodies."""
    things = [
        _pose(thing, thing.pose, library) if thing.pose and _is_person(thing) else thing
        for thing in spec.things
    ]
    relations: list[tuple[int, Relation, int]] = []
    for first, asked, second in spec.relations:
        relation = _meaning_of_with(things[first], things[second]) if asked is Relation.WITH else asked
        if relation is Relation.INSIDE:
            things[second] = _as_container(things[second], things[first], library)
        other = things[second].subjects[:1]
        name = other[0].name if other else ""
        if relation is Relation.RIDING:
            things[first] = _with_body(things[first], library)
        mounted = _WITH_RIDER.get(name) if relation is Relation.RIDING else None
        if mounted and _is_head(things[first]) and _is_plain(things[second]):
            things[first] = _pose(things[first], mounted, library)
            things[second] = replace(things[second], count=0)
            continue
        if relation in _POSES and _is_head(things[first]):
            hat = library.by_name.get(_COSTUMES.get(things[first].subjects[0].name, ""))
            if hat is not None:
                things.append(SceneObject(word=hat.name, subjects=(hat,)))
                relations.append((first, Relation.WEARING, len(things) - 1))
            seated = relation is Relation.ON and is_seat(name)
            things[first] = _pose(things[first], _SITTING if seated else _STANDING, library)
        relations.append((first, relation, second))
    return _without_absent(replace(spec, things=tuple(things), relations=tuple(relations)))


_POSES = frozenset({Relation.HOLDING, Relation.PLAYING, Relation.RIDING, Relation.ON, Relation.LEANING})


def _is_person(thing: SceneObject) -> bool:
    return any(subject.looks for subject in thing.subjects[:1]) or _is_head(thing)


def _is_head(thing: SceneObject) -> bool:
    return bool(thing.subjects) and thing.subjects[0].name in (BARE_HEADS | _COSTUMES.keys())


def _with_body(thing: SceneObject, library: Library) -> SceneObject:
    """A face cannot be seen to ride."""
    name = thing.subjects[0].name if thing.subjects else ""
    subject = library.by_name.get(_WITH_BODY.get(name, ""))
    return thing if subject is None else replace(thing, subjects=(subject,))


def _is_plain(thing: SceneObject) -> bool:
    return thing.count == 1 and thing.colour is None and not thing.pattern


def _meaning_of_with(thing: SceneObject, other: SceneObject) -> Relation:
    """A girl with a hat wears it, with a balloon holds it, and with a dog stands beside it."""
    if not (thing.subjects and other.subjects):
        return Relation.BESIDE
    subject, name = thing.subjects[0], other.subjects[0].name
    if not (subject.looks or has_head(subject.name)):
        return Relation.BESIDE
    if name in WEARABLES:
        return Relation.WEARING
    held = other.subjects[0].size <= _HELD_MAX and not (other.subjects[0].looks or has_head(name))
    return Relation.HOLDING if held and (subject.looks or _is_head(thing)) else Relation.BESIDE


def _as_container(thing: SceneObject, item: SceneObject, library: Library) -> SceneObject:
    """A bottle with a ship in it is of glass, and a bowl with a fish in it no soup."""
    name = _GLASS.get(thing.word)
    swims = any(
        {"fish", "ocean"} & {*subject.keywords, *subject.name.split()} for subject in item.subjects[:1]
    )
    if name is None or (name == "glass bowl" and not swims) or name not in library.by_name:
        return thing
    return replace(thing, subjects=(library.by_name[name],))


def _pose(thing: SceneObject, pose: str, library: Library) -> SceneObject:
    subject = library.by_name.get(pose)
    if subject is None or not thing.subjects:
        return thing
    name = thing.subjects[0].name
    size = 0.8 * thing.size if name in _YOUNG and pose == _STANDING else thing.size
    return replace(
        thing, subjects=(subject,), gender=thing.gender or _GENDERS.get(name, ""), size=size, pose=""
    )


def _without_absent(spec: SceneSpec) -> SceneSpec:
    """Without the things that another one is drawn with; relations to them become relations to nothing."""
    left = [at for at, thing in enumerate(spec.things) if thing.count]
    where = {at: number for number, at in enumerate(left)}
    return replace(
        spec,
        things=tuple(spec.things[at] for at in left),
        relations=tuple(
            (where[first], relation, where[second])
            for first, relation, second in spec.relations
            if first in where and second in where
        ),
    )
