"""How messages tell whether they are about real money."""

from __future__ import annotations

from autoscalper.domain.settings import TelegramBot, TradingMode

#: What stands in front of what is traded on paper beside real orders.
PAPER = "PAPER"


def marker_of(settings: TelegramBot) -> str:
    """Return what stands in front of everything that is not about real money."""
    if settings.dry_run:
        return "DRY RUN"
    return PAPER if settings.trading_mode is TradingMode.PAPER else ""
