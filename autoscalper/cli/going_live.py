"""The part of the checklist that needs only the settings: is this what somebody wants to run?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autoscalper.cli.finding import Finding, failure, ok, warning
from autoscalper.domain import profiles
from autoscalper.domain.settings import BY_PROCESS, BrokerSettings, TradingMode, contradictions
from autoscalper.runtime import config, config_file
from autoscalper.runtime.errors import SettingsInvalid

#: Passwords that stand in examples, and are therefore everybody's.
_EXAMPLES = frozenset(
    {"password", "passw0rd", "changeme", "change_me", "secret", "your_password", "ibkr", "1234"}
)
#: VNC compares no more than so many characters of a password (RFC 6143, 7.2.2).
_VNC_CHARACTERS = 8


def check_settings(environment: Mapping[str, str] | None = None) -> list[Finding]:
    """Return a failure for each problem of any process's settings, one ok if there is none."""
    problems: dict[str, None] = {}
    tables: config_file.Tables = {}
    broker = BrokerSettings()
    try:
        broker, tables = config_file.load(
            BrokerSettings,
            profiles.FORMS,
            known=BY_PROCESS.values(),
            contradictions=contradictions,
            table_contradictions=profiles.problems,
            environment=environment,
        )
    except SettingsInvalid as error:
        problems |= dict.fromkeys(error.problems)
    for settings in set(BY_PROCESS.values()) - {BrokerSettings}:
        try:
            config.load(
                settings,
                known=BY_PROCESS.values(),
                contradictions=contradictions,
                environment=environment,
            )
        except SettingsInvalid as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        return [failure("settings", problem) for problem in problems]
    channels = _channels(broker, profiles.profiles_of(tables))
    return [ok("settings", "every variable is known and makes sense"), *channels]


def _channels(settings: BrokerSettings, channels: profiles.Profiles) -> list[Finding]:
    found = []
    for name, profile in channels.by_channel.items():
        text = f"{name}: {profiles.described(profile)}"
        if profile.paper and settings.is_real:
            text += "; traded at the simulator, on the gateway's quotes, beside real orders"
        found.append(ok("channel", text))
    return found


def check_mode(settings: BrokerSettings) -> list[Finding]:
    """Return whether mode, port and account mean the same."""
    is_live = settings.trading_mode is TradingMode.LIVE
    if settings.dry_run:
        if is_live:
            return [
                failure(
                    "mode", "TRADING_MODE=live and DRY_RUN=true are at odds: change one of them"
                )
            ]
        return [ok("mode", "dry run: no order can reach IBKR")]
    found = list(_at_odds(settings, is_live))
    return found or [ok("mode", f"orders go to a {settings.trading_mode.value} account")]


def _at_odds(settings: BrokerSettings, is_live: bool) -> Iterator[Finding]:
    if settings.port == settings.simulator_port:
        yield failure(
            "mode", f"IBKR_PORT is {settings.port}, the simulator's: leave it out, or DRY_RUN=true"
        )
    account = settings.ibkr_account
    if account and account.startswith("D") == is_live:
        kind = "paper" if is_live else "live"
        mode = settings.trading_mode.value
        yield failure("mode", f"IBKR_ACCOUNT is {account}, a {kind} account: TRADING_MODE={mode}")


def check_login(settings: BrokerSettings, environment: Mapping[str, str]) -> list[Finding]:
    """Return whether the gateway can log in, from the environment of its container."""
    if settings.dry_run:
        return [ok("login", "none is needed for a dry run")]
    found = []
    if not environment.get("IB_USERNAME"):
        found.append(failure("login", "IB_USERNAME is empty: set the login of IBKR"))
    password = environment.get("IB_PASSWORD", "")
    if not password:
        found.append(failure("login", "IB_PASSWORD is empty: set the password of IBKR"))
    elif password.casefold() in _EXAMPLES:
        found.append(failure("login", "IB_PASSWORD is an example's: set your own"))
    return [*(found or [ok("login", "user and password are set")]), *_check_vnc(environment)]


def _check_vnc(environment: Mapping[str, str]) -> Iterator[Finding]:
    password = environment.get("VNC_PASSWORD", "")
    if password.casefold() in _EXAMPLES:
        yield failure("vnc", "VNC_PASSWORD is an example's: set your own, or none and VNC is off")
    elif len(password) > _VNC_CHARACTERS:
        yield warning("vnc", f"VNC looks at {_VNC_CHARACTERS} characters of VNC_PASSWORD only")
