"""What is remembered for a while."""

from studio.bounded_dict import BoundedDict


def test_whatever_was_put_longest_ago_makes_way():
    latest = BoundedDict(2)
    latest["a"], latest["b"] = 1, 2
    latest["a"] = 3
    latest["c"] = 4
    assert list(latest.items()) == [("a", 3), ("c", 4)]


def test_what_is_put_only_if_it_is_new_makes_room_as_well():
    latest = BoundedDict(2)
    for key in "aba":
        assert latest.setdefault(key, key) == key
    latest.setdefault("c", "c")
    assert list(latest) == ["b", "c"]
