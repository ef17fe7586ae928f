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
        Meta(
            pattern="^(walk|anchored|upstream|script:.+)$",
            description="walk, anchored, upstream or script:FILE",
        ),
    ] = "walk"
    #: Seconds between two steps of the market; with 0 prices move by commands only.
    simulator_step_seconds: Annotated[float, Meta(ge=0, description="seconds, at least 0")] = 0.25
    #: Around the clock, or in the exchange's hours only; None: as fits the market.
    simulator_hours: TradingHours | None = None
    simulator_read_only: bool = False
    #: Refuses a buy beside a working sell of the same option, and the reverse, as IBKR does.
    simulator_refuses_both_sides: bool = True
    #: Counts stops and what waits for a time among the working ones in that.
    simulator_counts_waiting_orders: bool = False
    #: Messages a second that one client may send; 0 for no limit.
    simulator_max_messages: Annotated[int, Meta(ge=0, description="a whole number")] = 50
    #: The client that hears about everybody's orders, as client 0 does; 0 for no other one.
    simulator_master_client: Annotated[int, Meta(ge=0, description="a client id")] = 0

    @property
    def follows_gateway(self) -> bool:
        """Return whether contracts and quotes are those of IBKR's gateway."""
        return self.simulator_market == "upstream"

    @property
    def is_always_open(self) -> bool:
        """Return whether orders can fill around the clock."""
        if self.simulator_hours is None:
            return not self.follows_gateway
        return self.simulator_hours is TradingHours.ALWAYS

    @property
    def upstream_client_id(self) -> int:
        """Return the client id at IBKR's gateway: beside the broker's, and never its own."""
        return self.ibkr_client_id + 1
