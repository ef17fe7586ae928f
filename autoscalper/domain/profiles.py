"""What holds in one channel only: narrower limits, and what its posts leave unsaid.

A profile can never widen what the environment allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from autoscalper.domain.identity import ChannelId
from autoscalper.domain.settings import BrokerSettings, DefaultExpiry

#: The expiries that a post may leave unsaid, the narrowest first.
_EXPIRIES = (DefaultExpiry.REJECT, DefaultExpiry.ZERO_DTE, DefaultExpiry.NEAREST)


def _at_most(value: Any, limit: Any) -> bool:
    return limit is None or bool(value <= limit)


def _among(values: Any, limit: Any) -> bool:
    return not limit or set(values) <= set(limit)


def _no_later_expiry(value: Any, limit: Any) -> bool:
    return _EXPIRIES.index(value) <= _EXPIRIES.index(limit)


#: The limits that a profile can narrow, and when a value is as narrow as another.
NARROWS: dict[str, Callable[[Any, Any], bool]] = {
    "risk_per_trade_percent": _at_most,
    "daily_max_loss_percent": _at_most,
    "max_loss_streak": _at_most,
    "max_contracts": _at_most,
    "initial_contracts": _at_most,
    "max_adds_per_trade": _at_most,
    "max_open_trades": _at_most,
    "allowed_underlyings": _among,
    "auto_stop_loss_percent": _at_most,
    "risk_reward_ratio": _at_most,
    "high_risk_size_reduction": _at_most,
    "extreme_risk_size_reduction": _at_most,
    "max_bid_ask_spread_percent": _at_most,
    "entry_chase": _at_most,
    "entry_chase_percent": _at_most,
    "entry_max_age_seconds": _at_most,
    "entry_timeout_seconds": _at_most,
    "default_expiry": _no_later_expiry,
    "force_market_orders": _at_most,
    "allow_looser_stops": _at_most,
    "flatten_at": _at_most,
}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in one channel."""

    #: Nothing is opened and nothing added; what is open is followed to its end.
    off: bool = False
    #: Nothing of it is bought with real money: while orders are, the simulator trades it.
    paper: bool = False
    #: What a post means that names a contract without its underlying.
    default_underlying: str | None = None
    #: Settings of the broker by their names, narrower than the environment's.
    limits: dict[str, Any] = {}


#: What may stand in a channel's table, and of which type it is.
FORMS: dict[str, Any] = {
    "off": bool,
    "paper": bool,
    "default_underlying": Annotated[
        str, Meta(pattern=r"^[A-Z][A-Z.]{0,5}$", description="a symbol such as SPY")
    ],
    **{
        field.name: field.type
        for field in msgspec.structs.fields(BrokerSettings)
        if field.name in NARROWS
    },
}
_USUAL = Profile()


class InChannel(Protocol):
    """What was posted, or opened by a post, in a channel."""

    @property
    def channel_id(self) -> ChannelId:
        """Return the channel's id."""

    @property
    def channel_name(self) -> str:
        """Return the channel's name."""


class Profiles(msgspec.Struct, frozen=True, kw_only=True):
    """The profiles by the channels' ids or names."""

    by_channel: dict[str, Profile] = {}

    def of(self, posted: InChannel) -> Profile:
        """Return what holds where something was posted; its id counts more than its name."""
        by_name = self.by_channel.get(posted.channel_name, _USUAL)
        return self.by_channel.get(posted.channel_id, by_name)


def profiles_of(tables: Mapping[str, Mapping[str, Any]]) -> Profiles:
    """Return the profiles in ``tables``, whose values have the types of ``FORMS``."""
    return Profiles(by_channel={name: _profile(table) for name, table in tables.items()})


def problems(settings: BrokerSettings, tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each limit that a channel widens, and for what cannot be meant."""
    found = []
    for channel, table in tables.items():
        profile = _profile(table)
        found += [
            f"{channel}: {name} is {_shown(value)}, expected no more than {name.upper()}, which is"
            f" {_shown(getattr(settings, name))}"
            for name, value in profile.limits.items()
            if not NARROWS[name](value, getattr(settings, name))
        ]
        allowed = narrowed(settings, profile).allowed_underlyings
        default = profile.default_underlying
        if default is not None and allowed and default not in allowed:
            found.append(
                f"{channel}: default_underlying is {default}, expected one of {', '.join(allowed)}"
            )
    return found


def narrowed(settings: BrokerSettings, profile: Profile) -> BrokerSettings:
    """Return the settings that hold in the channel of ``profile``."""
    here = msgspec.structs.replace(settings, **profile.limits) if profile.limits else settings
    first = here.initial_contracts
    if first is not None and first > here.max_contracts:
        here = msgspec.structs.replace(here, initial_contracts=here.max_contracts)
    return here


def described(profile: Profile) -> str:
    """Return a profile in a line."""
    words = [word for word in ("off", "paper") if getattr(profile, word)]
    named = {"default_underlying": profile.default_underlying} if profile.default_underlying else {}
    words += [f"{name}={_shown(value)}" for name, value in {**named, **profile.limits}.items()]
    return ", ".join(words) or "as everywhere"


def _profile(table: Mapping[str, Any]) -> Profile:
    limits = {name: value for name, value in table.items() if name in NARROWS}
    return Profile(**{name: table[name] for name in table.keys() - limits.keys()}, limits=limits)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, DefaultExpiry):
        return value.value
    return f"{value:%H:%M}" if hasattr(value, "strftime") else str(value)
