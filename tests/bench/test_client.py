"""Measuring in turns."""

from bench.client import in_turns, ratio_of


def test_turns_alternate_in_both_orders_and_the_first_does_not_count() -> None:
    asked: list[str] = []

    def measure(name: str) -> float:
        asked.append(name)
        return float(len(asked))

    found = in_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 2)
    assert asked == ["b", "a", "a", "b", "b", "a"]
    assert found == {"a": [3.0, 6.0], "b": [4.0, 5.0]}


def test_a_ratio_is_the_median_of_the_turns_ratios() -> None:
    assert ratio_of({"a": [2.0, 30.0, 3.0], "b": [1.0, 10.0, 1.0]}, "a", "b") == 3.0
