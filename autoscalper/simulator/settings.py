"""What the simulator can be told through the environment, beside what others need to know of it."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta

from autoscalper.domain import settings


class TradingHours(enum.Enum):
    """When orders can fill."""

    ALWAYS = "always"
    EXCHANGE = "exchange"


class SimulatorSettings(settings.SimulatorSettings, frozen=True, kw_only=True):
    """One simulated gateway. The port that it chose, or was given, is in RUN_DIR/simulator.port."""

    simulator_market: Annotated[
        str,
        Meta(pattern="^(walk|anchored|script:.+)$", description="walk, anchored or script:FILE"),
    ] = "walk"
    #: Seconds between two steps of the market; with 0 prices move by commands only.
    simulator_step_seconds: Annotated[float, Meta(ge=0, description="seconds, at least 0")] = 0.25
    #: Around the clock, or in the exchange's hours only.
    simulator_hours: TradingHours = TradingHours.ALWAYS
    simulator_read_only: bool = False
    #: Refuses a buy beside a working sell of the same option, and the reverse, as IBKR does.
    simulator_refuses_both_sides: bool = True
    #: Counts stops and what waits for a time among the working ones in that.
    simulator_counts_waiting_orders: bool = False
    #: Messages a second that one client may send; 0 for no limit.
    simulator_max_messages: Annotated[int, Meta(ge=0, description="a whole number")] = 50
    #: The client that hears about everybody's orders, as client 0 does; 0 for no other one.
    simulator_master_client: Annotated[int, Meta(ge=0, description="a client id")] = 0
