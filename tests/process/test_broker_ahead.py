"""What the broker learns before it is needed, as the gateway sees it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from autoscalper.domain.contract import OptionContract, Right
from autoscalper.domain.instruction import OpenTrade
from autoscalper.links.parser_to_broker import TickerMentioned
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import Stack, a_stack, terms_of

#: SPY stands at 685 in the simulator; these expire today.
AT, ABOVE = (
    OptionContract(
        underlying="SPY", expiry=date(2026, 3, 18), strike=Decimal(strike), right=Right.CALL
    )
    for strike in (685, 690)
)


def mention(stack: Stack, underlying: str) -> None:
    message = TickerMentioned(underlying=underlying, mentioned_at=stack.clock.now())
    with stack.signals.store.transaction():
        stack.signals.append(f"mention {underlying}", message)


def asked(stack: Stack) -> dict[str, int]:
    """Return how often the gateway was asked about contracts and for quotes."""
    received = stack.market.ask("stats")["received"]
    of_interest = ("reqContractDetails", "reqMarketRule", "reqSecDefOptParams", "reqMktData")
    return {each: received.get(each, 0) for each in of_interest}


async def learned(stack: Stack, times: int) -> None:
    line = "learned ahead underlying=SPY contracts=48"
    await until(lambda: stack.home.output("broker").count(line) == times, line)


async def buy(stack: Stack, wanted: OptionContract) -> None:
    """Post an entry and return when the gateway has the whole bracket."""
    before = len(stack.market.ask("ledger")["orders"])
    stack.quote(wanted, "0.98", "1.00")
    stack.signal(OpenTrade(contract=terms_of(wanted), price=Decimal(1)))
    await until(lambda: len(stack.market.ask("ledger")["orders"]) >= before + 4, "the bracket")


async def test_an_entry_in_what_was_mentioned_asks_the_gateway_nothing() -> None:
    # Without a limit it is always quiet.
    async with a_stack(start_alert=False, IBKR_MAX_MESSAGES="0") as stack:
        mention(stack, "SPY")
        await learned(stack, 1)
        before = asked(stack)
        assert before["reqMarketRule"] == 1
        # The underlying's once, for its price.
        assert before["reqMktData"] == 13
        await buy(stack, AT)
        assert asked(stack) == before

        stack.market.ask("drop")
        await learned(stack, 2)
        before = asked(stack)
        await buy(stack, ABOVE)
        assert asked(stack) == before


async def test_an_entry_waits_for_nothing_that_is_learned_and_never_answered() -> None:
    async with a_stack(start_alert=False) as stack:
        stack.market.ask("fault", on="reqContractDetails", action="no-answer")
        mention(stack, "SPY")
        await until(lambda: asked(stack)["reqContractDetails"] == 1, "the question")
        await buy(stack, AT)
        assert "learned ahead" not in stack.home.output("broker")


async def test_a_death_while_it_learns_costs_what_was_learned_and_nothing_else() -> None:
    async with a_stack(start_alert=False, IBKR_MAX_MESSAGES="0") as stack:
        mention(stack, "SPY")
        await until(lambda: asked(stack)["reqContractDetails"] > 5, "some questions")
        stack.home.kill("broker")
        await stack.start("broker")
        await buy(stack, AT)
        mention(stack, "QQQ")
        await until(lambda: "learned ahead underlying=QQQ" in stack.home.output("broker"), "QQQ")
        await buy(stack, ABOVE)
