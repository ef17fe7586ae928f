"""Of which kind the value of a setting is: its bounds, and what was expected in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

Percent = Annotated[Decimal, Meta(gt=0, le=100, description="a percentage above 0, at most 100")]
Factor = Annotated[Decimal, Meta(gt=0, le=1, description="a factor above 0, at most 1")]
Dollars = Annotated[Decimal, Meta(gt=0, description="an amount in dollars above 0")]
Seconds = Annotated[int, Meta(gt=0, description="a whole number of seconds above 0")]
Count = Annotated[int, Meta(ge=1, description="a whole number, at least 1")]
DaysOfData = Annotated[int, Meta(ge=7, description="a whole number of days, at least 7")]
CountOrNone = Annotated[int, Meta(ge=0, description="a whole number, at least 0")]
Port = Annotated[int, Meta(ge=0, le=65535, description="a port number from 0 to 65535")]
DollarsOrNone = Annotated[Decimal, Meta(ge=0, description="dollars, at least 0")]
PercentOrNone = Annotated[Decimal, Meta(ge=0, le=100, description="per cent")]
Ratio = Annotated[Decimal, Meta(gt=0, description="a ratio above 0")]
#: Seconds that need not be whole.
Span = Annotated[Decimal, Meta(gt=0, description="seconds above 0")]
#: One less than a gateway takes: the next one is the simulator's, where it follows the market.
ClientId = Annotated[int, Meta(ge=1, le=2147483646, description="a fixed client id, at least 1")]
MessagesASecond = Annotated[int, Meta(ge=0, le=50, description="a whole number from 0 to 50")]
