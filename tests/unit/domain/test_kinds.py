import pytest

from autoscalper.domain import kinds
from autoscalper.runtime import config


@pytest.mark.parametrize(
    ("kind", "least", "below"),
    [(kinds.Percent, "0.1", "0"), (kinds.PercentOrNone, "0", "-1"), (kinds.ClientId, "1", "0")],
)
def test_a_value_is_taken_from_its_lower_bound_on(kind: object, least: str, below: str) -> None:
    assert str(config.convert(least, kind)) == least
    with pytest.raises(ValueError, match=r"\w"):
        config.convert(below, kind)


def test_the_client_id_leaves_room_for_the_next_one() -> None:
    with pytest.raises(ValueError, match="2147483646"):
        config.convert("2147483647", kinds.ClientId)


def test_every_kind_says_what_is_expected() -> None:
    assert config.expected(kinds.Port) == "a port number from 0 to 65535"
