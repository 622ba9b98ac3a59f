"""The form of a new case asks in words: a place is chosen by its name, and one that the list lacks is kept."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.deliver.console.forms import form_of

ASKS = [{"fact": "case.place", "form": "place", "codes": [], "least": 0, "most": 0}]


def place_of(defaults: dict[str, Any], *, with_examples: bool = False) -> dict[str, Any]:
    """The field for the place."""
    (field,) = form_of({"asks": ASKS, "defaults": defaults}, with_examples=with_examples)["facts"]
    return dict(field)


def test_a_place_is_chosen_by_its_name() -> None:
    field = place_of({}, with_examples=True)
    names = {option["id"]: option["label"] for option in field["options"]}
    assert names["CN-31"] == {"zh": "上海", "en": "Shanghai"}
    assert len(names) == 32 and field["value"] == "CN-31"


@pytest.mark.parametrize("place", ["CN", "CN-3101"])
def test_the_default_of_a_template_is_always_among_the_choices(place: str) -> None:
    field = place_of({"case.place": place})
    assert field["value"] == place
    assert [option["id"] for option in field["options"]].count(place) == 1
