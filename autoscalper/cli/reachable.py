"""The part of the checklist about others: the gateway, Discord, Telegram, the world's clock."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import msgspec

from autoscalper.cli import gateway_probe, programs
from autoscalper.cli.finding import Finding, failure, ok, warning
from autoscalper.cli.gateway_probe import GatewaySilent
from autoscalper.cli.machine import check_clock
from autoscalper.domain.profiles import Profiles
from autoscalper.domain.settings import BrokerSettings, IngestSettings, TelegramBot, TradingMode
from autoscalper.links.broker_to_alert import PAPER
from autoscalper.runtime import heartbeat

#: Distance of the probe's client id from the broker's own, which must not be taken from it.
PROBE_CLIENT_OFFSET = 90_000
#: Seconds that an answer of Telegram may take.
_PATIENCE_SECONDS = 10.0
_TELEGRAM = "https://api.telegram.org/"


def check_gateway(settings: BrokerSettings) -> list[Finding]:
    """Return whether the gateway answers, lets us trade, and has the account."""
    client_id = settings.ibkr_client_id + PROBE_CLIENT_OFFSET
    where = f"{settings.host}:{settings.port}"
    try:
        answer = gateway_probe.ask(settings.host, settings.port, client_id)
    except GatewaySilent as error:
        if settings.dry_run:
            return [warning("gateway", f"the simulator does not run at {where}; start AutoScalper")]
        return [failure("gateway", f"{error}: look at its log and approve the login with IB Key")]
    found = [_account(settings, answer.accounts)]
    if answer.is_read_only:
        found.append(failure("gateway", "its API is read-only: READ_ONLY_API=no for its container"))
    return found


def _account(settings: BrokerSettings, accounts: tuple[str, ...]) -> Finding:
    listed = ", ".join(accounts)
    wanted = settings.simulator_account if settings.dry_run else settings.ibkr_account
    if wanted and wanted not in accounts:
        return failure("gateway", f"it has {listed}, expected {wanted}: mend IBKR_ACCOUNT")
    if not wanted and len(accounts) != 1:
        return failure("gateway", f"it has {listed}: say which in IBKR_ACCOUNT")
    account = wanted or accounts[0]
    is_live = settings.trading_mode is TradingMode.LIVE
    if not settings.dry_run and account.startswith("D") == is_live:
        mode = settings.trading_mode.value
        return failure("gateway", f"{account} is not a {mode} account: mend TRADING_MODE")
    return ok("gateway", f"answers at {settings.host}:{settings.port} for account {account}")


def check_discord(settings: IngestSettings, run_dir: Path) -> list[Finding]:
    """Return what the running ingest says of Discord.

    A login only to check would be one more of those that get accounts closed.
    """
    if not settings.discord_user_token.value:
        return [warning("discord", "DISCORD_USER_TOKEN is empty: alerts come in by hand only")]
    beat = heartbeat.read(run_dir, "ingest")
    if beat is None:
        return [warning("discord", "ingest does not run: start AutoScalper and check again")]
    state = beat.details.get("discord", "unknown")
    said = " ".join(f"{name}={value}" for name, value in beat.details.items())
    if state == "connected":
        return [ok("discord", said)]
    return [failure("discord", f"{said}: look at ingest's log, the token and the channels")]


def check_paper(settings: BrokerSettings, channels: Profiles) -> list[Finding]:
    """Return what the paper broker says of itself, nothing where none is wanted."""
    if not programs.wants_paper(settings, channels):
        return []
    beat = heartbeat.read(Path(settings.run_dir), PAPER)
    if beat is None:
        text = "it does not run, and a channel or a trade is on paper: restart AutoScalper"
        return [warning(PAPER, text)]
    said = " ".join(f"{name}={value}" for name, value in beat.details.items())
    return [ok(PAPER, said) if beat.details.get("state") == "trading" else warning(PAPER, said)]


def check_telegram(settings: TelegramBot, now: datetime) -> list[Finding]:
    """Return whether Telegram knows the bot and the chat, and how right our clock is."""
    if not settings.telegram_enabled:
        return [warning("telegram", "TELEGRAM_ENABLED=false: notices go to the log only")]
    base = settings.telegram_api_url or _TELEGRAM
    address = f"{base}bot{settings.telegram_bot_token.value}"
    try:
        bot, told_at = _ask(f"{address}/getMe")
        _ask(f"{address}/getChat?chat_id={settings.telegram_chat_id}")
    except urllib.error.HTTPError as error:
        # Its address has the token in it and stays out of what is said.
        return [failure("telegram", f"it answers {error.code}: mend token, chat id or permissions")]
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        return [failure("telegram", f"it cannot be reached ({type(error).__name__})")]
    found = [ok("telegram", f"@{bot['result'].get('username', '')} may write to the chat")]
    return [*found, check_clock(now, told_at)] if told_at is not None else found


def _ask(address: str) -> tuple[dict[str, Any], datetime | None]:
    with urllib.request.urlopen(address, data=b"", timeout=_PATIENCE_SECONDS) as reply:
        date = reply.headers.get("Date")
        told_at = parsedate_to_datetime(date) if date else None
        return msgspec.json.decode(reply.read(), type=dict[str, Any]), told_at
