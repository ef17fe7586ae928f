import pytest

from autoscalper.simulator import layouts
from autoscalper.simulator.layouts import COMPLETED_ORDER, OPEN_ORDER, PLACE_ORDER, Field


def names(layout: tuple[Field, ...], version: int) -> list[str]:
    return [field.name for field in layouts.at(layout, version) if not field.is_block]


@pytest.mark.parametrize(
    ("layout", "before", "count"),
    # Fields before the list: id, order id and contract; id; id.
    [(PLACE_ORDER, 14, 114), (OPEN_ORDER, 1, 135), (COMPLETED_ORDER, 1, 100)],
)
def test_the_messages_have_the_fields_of_version_178(
    layout: tuple[Field, ...], before: int, count: int
) -> None:
    assert before + len(names(layout, 178)) == count


@pytest.mark.parametrize(
    ("layout", "before", "name", "index"),
    [
        (PLACE_ORDER, 14, "orderRef", 26),
        (PLACE_ORDER, 14, "trailStopPrice", 68),
        (PLACE_ORDER, 14, "whatIf", 84),
        (PLACE_ORDER, 14, "nConditions", 89),
        (PLACE_ORDER, 14, "manualOrderTime", 113),
        (OPEN_ORDER, 1, "orderRef", 23),
        (OPEN_ORDER, 1, "permId", 25),
        (OPEN_ORDER, 1, "deltaNeutralOrderType", 61),
        (OPEN_ORDER, 1, "status", 93),
        (OPEN_ORDER, 1, "nConditions", 110),
        (OPEN_ORDER, 1, "trailStopPriceAgain", 113),
        (OPEN_ORDER, 1, "midOffsetAtHalf", 134),
        (COMPLETED_ORDER, 1, "orderRef", 22),
        (COMPLETED_ORDER, 1, "status", 76),
        (COMPLETED_ORDER, 1, "filledQuantity", 86),
        (COMPLETED_ORDER, 1, "completedTime", 93),
    ],
)
def test_fields_stand_where_the_protocol_has_them(
    layout: tuple[Field, ...], before: int, name: str, index: int
) -> None:
    assert before + names(layout, 178).index(name) == index


def test_older_versions_lack_the_newer_fields_and_have_the_one_that_went() -> None:
    assert "faProfile" in names(OPEN_ORDER, 176)
    assert "faProfile" not in names(OPEN_ORDER, 177)
    assert "duration" not in names(PLACE_ORDER, 157)
    assert "duration" in names(PLACE_ORDER, 158)
    assert len(names(OPEN_ORDER, 157)) == len(names(OPEN_ORDER, 178)) - 8 + 1


def test_every_block_of_an_order_that_is_given_back_is_read_first() -> None:
    def blocks(layout: tuple[Field, ...]) -> set[str]:
        return {field.name for field in layout if field.is_block}

    assert blocks(OPEN_ORDER) <= blocks(PLACE_ORDER)
    assert blocks(COMPLETED_ORDER) <= blocks(PLACE_ORDER)
