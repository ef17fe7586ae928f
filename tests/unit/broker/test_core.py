from decimal import Decimal
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import Story, opened, entry


def test_an_entry() -> None:
    story = opened()
    print(story.outcomes, story.live(), story.held)
    story.exit()
    print(story.outcomes, story.live(), story.held)
    story.fill(Purpose.EXIT)
    story.wait(2)
    print(story.outcomes, story.live(), story.held, story.trade)
    assert 0
