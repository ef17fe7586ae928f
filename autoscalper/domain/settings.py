"""Everything a user can set: one frozen struct per process, read once at its start.

Names, defaults and meanings are the settings' documentation: a field ``max_contracts`` is the
variable ``MAX_CONTRACTS``. The descriptions in ``kinds`` say what was expected.
"""

from __future__ import annotations

import enum
import re
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from autoscalper.domain import kinds
from autoscalper.domain.restart import parse_time_of_day


class TradingMode(enum.Enum):
    """Which kind of account the gateway logs in to."""

    PAPER = "paper"
    LIVE = "live"


class DefaultExpiry(enum.Enum):
    """What to do with an entry that names no expiry."""

    ZERO_DTE = "0dte"
    NEAREST = "nearest"
    REJECT = "reject"


class LogLevel(enum.Enum):
    """How much is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class ParserMode(enum.Enum):
    """How grammar and model share the reading."""

    FAST = "fast"
    AGREE = "agree"
    GRAMMAR = "grammar"


class Secret(msgspec.Struct, frozen=True):
    """A value that must never be shown. Its text form is three asterisks."""

    value: str

    def __str__(self) -> str:
        return "***" if self.value else ""

    __repr__ = __str__


#: No name and no user part can lead elsewhere.
_LOOPBACK_URL = re.compile(r"(?:http|ws)://127\.0\.0\.1:\d{1,5}/[a-z0-9/]*")
#: Ids in Telegram; those of groups are negative.
_NUMBER = re.compile(r"-?[0-9]{1,20}")


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every process needs."""

    log_level: LogLevel = LogLevel.INFO
    log_dir: str = "/app/logs"
    data_dir: str = "/app/data"
    run_dir: str = "/run/autoscalper"
    #: Links that do not use a unix socket in RUN_DIR: ``name=address``, comma-separated.
    link_addresses: dict[str, str] = {}
    #: File with the shift of a clock that all processes share; for dry runs only.
    clock_file: str = ""
    #: File with what holds in one channel only.
    config_file: str = "config/autoscalper.toml"
    #: Directory in which tests arm the points at which a process shall die; for dry runs only.
    crash_dir: str = ""
    dry_run: bool = True
    trading_mode: TradingMode = TradingMode.PAPER
    #: Lines of log files that are older go.
    keep_logs_days: kinds.Count = 30
    #: Older posts and what was said of them go. Trades, orders, fills and outcomes stay.
    keep_data_days: kinds.DaysOfData = 90

    @property
    def is_real(self) -> bool:
        """Return whether orders are about real money."""
        return self.trading_mode is TradingMode.LIVE and not self.dry_run


class IngestSettings(Common, frozen=True, kw_only=True):
    """What ingest needs."""

    discord_user_token: Secret = Secret("")
    discord_channel_ids: tuple[str, ...] = ()
    #: Ids or names of users, bots or webhooks; empty: everybody.
    discord_monitored_users: tuple[str, ...] = ()
    #: Where a stand-in for Discord listens, on this machine only; empty: Discord itself.
    discord_api_url: str = ""
    discord_gateway_url: str = ""


class ParserSettings(Common, frozen=True, kw_only=True):
    """What parser needs."""

    anthropic_api_key: Secret = Secret("")
    llm_model: str = "claude-haiku-5-5"
    llm_timeout_seconds: kinds.Span = Decimal(4)
    parser_mode: ParserMode = ParserMode.FAST
    #: Where a stand-in for the model's service listens, on this machine only; empty: Anthropic.
    anthropic_api_url: str = ""


class SimulatedGateway(Common, frozen=True, kw_only=True):
    """Where the simulator listens, and the account that it has: what a dry run trades with."""

    simulator_port: kinds.Port = 4099
    simulator_account: str = "DU1234567"


class Gateways(SimulatedGateway, frozen=True, kw_only=True):
    """Where IBKR's gateway listens, beside the simulated one, and as whom it is spoken to."""

    ibkr_host: str = "127.0.0.1"
    ibkr_port: kinds.Port = 0
    ibkr_client_id: kinds.ClientId = 1

    @property
    def host(self) -> str:
        """Return the gateway's host; a dry run never leaves this machine."""
        return "127.0.0.1" if self.dry_run else self.ibkr_host

    @property
    def port(self) -> int:
        """Return the gateway's port: the simulator's, the one set, or the one of the mode."""
        if self.dry_run:
            return self.simulator_port
        default = 4002 if self.trading_mode is TradingMode.PAPER else 4001
        return self.ibkr_port or default


class BrokerSettings(Gateways, frozen=True, kw_only=True):
    """What broker needs: the gateway, the account and every limit."""

    #: Messages a second to the gateway at most, 0 for no limit; IBKR takes 50.
    ibkr_max_messages: kinds.MessagesASecond = 45
    ibkr_account: str = ""
    account_balance: kinds.Dollars = Decimal(10000)
    account_balance_cap: bool = False
    risk_per_trade_percent: kinds.Percent = Decimal("0.5")
    daily_max_loss_percent: kinds.Percent = Decimal(2)
    max_loss_streak: kinds.Count = 3
    max_contracts: kinds.Count = 2
    initial_contracts: kinds.Count | None = None
    max_adds_per_trade: kinds.CountOrNone = 1
    max_open_trades: kinds.Count = 3
    allowed_underlyings: tuple[str, ...] = ()
    auto_stop_loss_percent: kinds.Percent = Decimal(25)
    risk_reward_ratio: kinds.Ratio = Decimal(2)
    high_risk_size_reduction: kinds.Factor = Decimal("0.5")
    extreme_risk_size_reduction: kinds.Factor = Decimal("0.25")
    max_bid_ask_spread_percent: kinds.Percent = Decimal(10)
    entry_chase: kinds.DollarsOrNone = Decimal("0.05")
    entry_chase_percent: kinds.PercentOrNone = Decimal(10)
    entry_max_age_seconds: kinds.Seconds = 60
    entry_timeout_seconds: kinds.Seconds = 30
    force_market_orders: bool = False
    default_expiry: DefaultExpiry = DefaultExpiry.ZERO_DTE
    allow_looser_stops: bool = False
    flatten_at: time = time(15, 45)
    auto_restart_time: str = "11:45 PM"
    time_zone: str = "America/New_York"


class TelegramBot(Common, frozen=True, kw_only=True):
    """Where the user is reached: alert writes and reads there, the watchdog only writes."""

    telegram_enabled: bool = False
    telegram_bot_token: Secret = Secret("")
    telegram_chat_id: str = ""
    #: Where a stand-in for Telegram listens, on this machine only; empty: Telegram itself.
    telegram_api_url: str = ""


class Loudness(enum.Enum):
    """How a notice arrives in Telegram."""

    LOUD = "loud"
    SILENT = "silent"
    OFF = "off"


class NoticeKind(enum.Enum):
    """What a notice is about, for choosing its loudness."""

    #: The one message of a trade, edited as the trade lives. Editing never rings.
    TRADE = "trade"
    #: One more line when a trade ended, for those who want the phone to ring then.
    CLOSED = "closed"
    #: Alerts that were denied, rejected or came too late.
    SKIPPED = "skipped"
    #: Posts that are no alerts.
    IGNORED = "ignored"
    #: The gateway, Discord, the model or a process is away or back.
    OUTAGE = "outage"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    #: What happened today, after the close.
    SUMMARY = "summary"


#: How notices arrive unless TELEGRAM_NOTICES says otherwise.
DEFAULT_LOUDNESS: dict[NoticeKind, Loudness] = {
    NoticeKind.TRADE: Loudness.LOUD,
    NoticeKind.CLOSED: Loudness.OFF,
    NoticeKind.SKIPPED: Loudness.SILENT,
    NoticeKind.IGNORED: Loudness.OFF,
    NoticeKind.OUTAGE: Loudness.LOUD,
    NoticeKind.INFO: Loudness.SILENT,
    NoticeKind.WARNING: Loudness.SILENT,
    NoticeKind.CRITICAL: Loudness.LOUD,
    NoticeKind.SUMMARY: Loudness.SILENT,
}


class AlertSettings(TelegramBot, frozen=True, kw_only=True):
    """What alert needs."""

    #: Ids of the users who may command; empty: everybody in the chat.
    telegram_user_ids: tuple[str, ...] = ()
    #: ``kind=loud``, ``kind=silent`` or ``kind=off``, comma-separated; see ``NoticeKind``.
    telegram_notices: dict[str, str] = {}
    #: The gateway's daily restart, which is no outage, as the broker knows it.
    auto_restart_time: str = "11:45 PM"
    time_zone: str = "America/New_York"
    #: Whether the program ``paper`` runs beside the broker; the start works it out.
    paper_autostart: bool = False

    def loudness_of(self, kind: NoticeKind) -> Loudness:
        """Return how a notice of ``kind`` arrives."""
        chosen = self.telegram_notices.get(kind.value)
        return Loudness(chosen) if chosen else DEFAULT_LOUDNESS[kind]


class WatchdogSettings(TelegramBot, frozen=True, kw_only=True):
    """What the watchdog needs."""

    revive_after_seconds: kinds.Seconds = 60


class SimulatorSettings(Gateways, frozen=True, kw_only=True):
    """What the simulated gateway needs; IBKR's gateway only to follow its market."""

    #: ``walk``, ``anchored``, ``script:FILE``, or ``upstream``: the market of IBKR's gateway.
    simulator_market: str = "walk"
    simulator_seed: int = 1
    simulator_cash: kinds.Dollars = Decimal(100000)


#: The settings of each process, by its name.
BY_PROCESS: dict[str, type[Common]] = {
    "ingest": IngestSettings,
    "parser": ParserSettings,
    "broker": BrokerSettings,
    "alert": AlertSettings,
    "watchdog": WatchdogSettings,
    "simulator": SimulatorSettings,
}


def contradictions(settings: Common) -> list[str]:
    """Return a sentence for each pair of settings that cannot both be meant."""
    found = []
    if settings.clock_file and not settings.dry_run:
        found.append("CLOCK_FILE moves time and is for dry runs only: unset it or set DRY_RUN=true")
    if settings.crash_dir and not settings.dry_run:
        found.append("CRASH_DIR ends processes and is for dry runs only: unset it")
    if isinstance(settings, IngestSettings):
        found += _ingest_contradictions(settings)
    if isinstance(settings, ParserSettings):
        found += _parser_contradictions(settings)
    if isinstance(settings, BrokerSettings):
        found += _broker_contradictions(settings)
    if isinstance(settings, SimulatorSettings) and settings.dry_run:
        if settings.simulator_market == "upstream":
            found.append("SIMULATOR_MARKET is upstream, expected another one as DRY_RUN=true")
    if isinstance(settings, TelegramBot):
        found += _telegram_contradictions(settings)
    if isinstance(settings, AlertSettings):
        found += _alert_contradictions(settings)
    return found


def _telegram_contradictions(settings: TelegramBot) -> list[str]:
    found = []
    if settings.telegram_enabled:
        if not settings.telegram_bot_token.value:
            found.append("TELEGRAM_BOT_TOKEN is empty, expected a token as TELEGRAM_ENABLED=true")
        if not _NUMBER.fullmatch(settings.telegram_chat_id):
            shown = repr(settings.telegram_chat_id) if settings.telegram_chat_id else "empty"
            found.append(
                f"TELEGRAM_CHAT_ID is {shown}, expected a chat id, which is a number, as"
                " TELEGRAM_ENABLED=true"
            )
    return found + _elsewhere(TELEGRAM_API_URL=settings.telegram_api_url)


def _alert_contradictions(settings: AlertSettings) -> list[str]:
    found = _unreadable_times(settings)
    for user_id in settings.telegram_user_ids:
        if not _NUMBER.fullmatch(user_id):
            found.append(f"TELEGRAM_USER_IDS has {user_id!r}, expected ids, which are numbers")
    kinds = {kind.value for kind in NoticeKind}
    levels = {level.value for level in Loudness}
    for kind, level in settings.telegram_notices.items():
        if kind not in kinds:
            found.append(
                f"TELEGRAM_NOTICES has {kind!r}, expected one of {', '.join(sorted(kinds))}"
            )
        elif level not in levels:
            found.append(f"TELEGRAM_NOTICES has {kind}={level}, expected loud, silent or off")
    return found


def _ingest_contradictions(settings: IngestSettings) -> list[str]:
    found = []
    if settings.discord_user_token.value and not settings.discord_channel_ids:
        found.append(
            "DISCORD_CHANNEL_IDS is empty, expected the channels' ids as DISCORD_USER_TOKEN is set"
        )
    for channel_id in settings.discord_channel_ids:
        if not (channel_id.isascii() and channel_id.isdigit()):
            found.append(f"DISCORD_CHANNEL_IDS has {channel_id!r}, expected ids, which are numbers")
    return found + _elsewhere(
        DISCORD_API_URL=settings.discord_api_url, DISCORD_GATEWAY_URL=settings.discord_gateway_url
    )


def _parser_contradictions(settings: ParserSettings) -> list[str]:
    found = _elsewhere(ANTHROPIC_API_URL=settings.anthropic_api_url)
    if settings.parser_mode is ParserMode.AGREE and not settings.anthropic_api_key.value:
        found.append("ANTHROPIC_API_KEY is empty, expected a key as PARSER_MODE=agree")
    return found


def _broker_contradictions(settings: BrokerSettings) -> list[str]:
    found = _unreadable_times(settings)
    if not settings.ibkr_max_messages and not settings.dry_run:
        found.append("IBKR_MAX_MESSAGES is 0, expected 1 to 50 as DRY_RUN=false")
    wrong_ports = {TradingMode.PAPER: {4001, 4003}, TradingMode.LIVE: {4002, 4004}}
    if settings.ibkr_port in wrong_ports[settings.trading_mode]:
        found.append(
            f"IBKR_PORT is {settings.ibkr_port}, which is the other mode's port, expected one for"
            f" TRADING_MODE={settings.trading_mode.value}"
        )
    if settings.trading_mode is TradingMode.LIVE and not settings.dry_run:
        if not settings.ibkr_account:
            found.append("IBKR_ACCOUNT is empty, expected the account's id when live")
    if settings.initial_contracts and settings.initial_contracts > settings.max_contracts:
        found.append(
            f"INITIAL_CONTRACTS is {settings.initial_contracts}, expected at most MAX_CONTRACTS"
            f" ({settings.max_contracts})"
        )
    return found


def _elsewhere(**urls: str) -> list[str]:
    # A token or a key goes to each.
    return [
        f"{name} is {url!r}, expected an address of this machine"
        for name, url in urls.items()
        if url and not _LOOPBACK_URL.fullmatch(url)
    ]


def _unreadable_times(settings: BrokerSettings | AlertSettings) -> list[str]:
    found = []
    try:
        parse_time_of_day(settings.auto_restart_time)
    except ValueError:
        found.append(
            f"AUTO_RESTART_TIME is {settings.auto_restart_time!r}, expected a time like 11:45 PM"
        )
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"TIME_ZONE is {settings.time_zone!r}, expected a zone like America/New_York")
    return found
