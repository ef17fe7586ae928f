"""Commands are wishes: they cannot be changed once they were decided."""

from __future__ import annotations

import typing

import msgspec
import pytest

from autoscalper.broker import commands
from autoscalper.domain.order import Purpose
from tests.unit.broker.story import Story, entry


@pytest.mark.parametrize("command", typing.get_args(commands.Command))
def test_every_command_is_frozen_and_documented(command: type[msgspec.Struct]) -> None:
    assert command.__struct_config__.frozen
    assert command.__doc__


def test_a_unit_of_orders_names_its_parent_first() -> None:
    story = Story()
    story.connect()
    story.post(entry())
    story.wait(1.5)
    (placed,) = (each for each in story.commands if isinstance(each, commands.PlaceOrders))
    parent, *children = placed.orders
    assert parent.purpose is Purpose.ENTRY
    assert {child.parent for child in children} == {parent.client_order_id}
    assert {child.parent_ib_order_id for child in children} == {parent.ib_order_id}
