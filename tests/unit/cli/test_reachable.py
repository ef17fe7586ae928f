import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from autoscalper.cli import gateway_probe, reachable
from autoscalper.cli.finding import Finding, Level
from autoscalper.cli.gateway_probe import GatewayAnswer, GatewaySilent
from autoscalper.domain.profiles import Profile, Profiles
from autoscalper.domain.settings import (
    BrokerSettings,
    IngestSettings,
    Secret,
    TelegramBot,
    TradingMode,
)
from autoscalper.runtime import heartbeat
from autoscalper.runtime.heartbeat import Heartbeat
from tests.fakes.home import Home
from tests.fakes.posts import NINE_FORTY_FIVE
from tests.fakes.telegram_server.chat import TOKEN, USER
from tests.fakes.telegram_server.server import TelegramServer

PAPER = BrokerSettings(dry_run=False)
LIVE = BrokerSettings(dry_run=False, trading_mode=TradingMode.LIVE, ibkr_account="U1")
DISCORD = IngestSettings(discord_user_token=Secret("token"), discord_channel_ids=("1",))


def gateway(
    monkeypatch: pytest.MonkeyPatch,
    settings: BrokerSettings,
    *accounts: str,
    read_only: bool = False,
) -> list[Finding]:
    answer = GatewayAnswer(accounts=accounts, is_read_only=read_only)
    monkeypatch.setattr(gateway_probe, "ask", lambda *_: answer)
    return reachable.check_gateway(settings)


def test_a_gateway_with_the_account_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.level for each in gateway(monkeypatch, PAPER, "DU1")] == [Level.OK]
    assert [each.level for each in gateway(monkeypatch, LIVE, "U1", "U2")] == [Level.OK]


@pytest.mark.parametrize(
    ("settings", "accounts", "why"),
    [
        (LIVE, ("U2",), "expected U1"),
        (PAPER, ("DU1", "DU2"), "say which"),
        (PAPER, ("U1",), "not a paper account"),
        (msgspec.structs.replace(LIVE, ibkr_account="DU1"), ("DU1",), "not a live account"),
    ],
)
def test_a_gateway_with_another_account_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: BrokerSettings, accounts: tuple[str, ...], why: str
) -> None:
    (found,) = gateway(monkeypatch, settings, *accounts)
    assert (found.level, why in found.text) == (Level.FAILURE, True)


def test_a_read_only_api_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = gateway(monkeypatch, PAPER, "DU1", read_only=True)
    assert (found.level, "READ_ONLY_API=no" in found.text) == (Level.FAILURE, True)


@pytest.mark.parametrize(
    ("settings", "level"), [(PAPER, Level.FAILURE), (BrokerSettings(), Level.WARNING)]
)
def test_a_silent_gateway_is_a_failure_and_a_simulator_that_does_not_run_is_none(
    monkeypatch: pytest.MonkeyPatch, settings: BrokerSettings, level: Level
) -> None:
    def ask(*_: object) -> GatewayAnswer:
        raise GatewaySilent("nobody")

    monkeypatch.setattr(gateway_probe, "ask", ask)
    assert [each.level for each in reachable.check_gateway(settings)] == [level]


def ingest_says(home: Home, **details: str) -> None:
    beat = Heartbeat(
        process="ingest",
        pid=1,
        started_at=NINE_FORTY_FIVE,
        beat_at=NINE_FORTY_FIVE,
        monotonic=0,
        details=details,
    )
    heartbeat.path_of(home.run_dir, "ingest").write_bytes(msgspec.json.encode(beat))


def discord_level(home: Home, settings: IngestSettings = DISCORD) -> Level:
    (found,) = reachable.check_discord(settings, home.run_dir)
    return found.level


def test_discord_is_what_the_running_ingest_says_of_it(home: Home) -> None:
    assert discord_level(home, IngestSettings()) is Level.WARNING
    assert discord_level(home) is Level.WARNING
    ingest_says(home, discord="token refused")
    assert discord_level(home) is Level.FAILURE
    ingest_says(home, discord="connected", discord_channels_behind="0")
    assert discord_level(home) is Level.OK


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


async def telegram_findings(url: str, token: str = TOKEN) -> list[Finding]:
    settings = TelegramBot(
        telegram_enabled=True,
        telegram_bot_token=Secret(token),
        telegram_chat_id=str(USER),
        telegram_api_url=url,
    )
    return await asyncio.to_thread(reachable.check_telegram, settings, datetime.now(UTC))


class Knowing(BaseHTTPRequestHandler):
    """A Telegram that knows every bot and chat."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ok": true, "result": {"username": "a_bot"}}')

    def log_message(self, *_: object) -> None:
        pass


async def test_a_bot_that_telegram_knows_is_well_and_so_is_the_clock() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Knowing) as server:
        serving = asyncio.ensure_future(asyncio.to_thread(server.serve_forever, 0.01))
        found = await telegram_findings(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        await serving
    assert [(each.what, each.level) for each in found] == [
        ("telegram", Level.OK),
        ("clock", Level.OK),
    ]


async def test_a_token_that_telegram_does_not_know_is_refused_and_not_shown(
    telegram: TelegramServer,
) -> None:
    (found,) = await telegram_findings(telegram.url, "1:wrong")
    assert found.level is Level.FAILURE
    assert "wrong" not in found.text


async def test_a_telegram_that_is_away_is_told(telegram: TelegramServer) -> None:
    url = telegram.url
    await telegram.stop()
    (found,) = await telegram_findings(url)
    assert (found.level, "cannot be reached" in found.text) == (Level.FAILURE, True)


def test_telegram_that_is_off_is_told() -> None:
    (found,) = reachable.check_telegram(TelegramBot(), NINE_FORTY_FIVE)
    assert found.level is Level.WARNING


def test_the_paper_broker_is_looked_at_where_one_is_wanted(home: Home) -> None:
    marked = Profiles(by_channel={"lab": Profile(paper=True)})
    live = msgspec.structs.replace(LIVE, run_dir=str(home.run_dir), data_dir=str(home.data_dir))
    assert reachable.check_paper(live, Profiles()) == []
    assert reachable.check_paper(msgspec.structs.replace(live, dry_run=True), marked) == []
    (found,) = reachable.check_paper(live, marked)
    assert (found.level, "restart AutoScalper" in found.text) == (Level.WARNING, True)
    for state, level in (("trading", Level.OK), ("down", Level.WARNING)):
        beat = Heartbeat(
            process="paper",
            pid=1,
            started_at=NINE_FORTY_FIVE,
            beat_at=NINE_FORTY_FIVE,
            monotonic=0,
            details={"state": state},
        )
        heartbeat.path_of(home.run_dir, "paper").write_bytes(msgspec.json.encode(beat))
        assert reachable.check_paper(live, marked) == [Finding("paper", level, f"state={state}")]
