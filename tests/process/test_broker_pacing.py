"""What the gateway reads first when more is wanted at once than a second allows."""

from __future__ import annotations

from datetime import timedelta

from autoscalper.domain.instruction import CloseTrade, OpenTrade
from tests.fakes.home import until
from tests.fakes.telegram_server.stack import Stack, a_stack, contract, terms_of

BURST = range(1, 41)


def read(stack: Stack) -> list[str]:
    """Return what each order was for, ``E`` an entry, ``X`` an exit, as they were read."""
    refs = [each["order_ref"] for each in stack.market.ask("ledger")["orders"]]
    return [ref.rpartition("|")[2][0] for ref in refs]


def quotes_asked(stack: Stack) -> int:
    return int(stack.market.ask("stats")["received"]["reqMktData"])


async def learn_contracts(stack: Stack) -> None:
    """Have all contracts of the burst quoted, for entries that are too late to be taken."""
    await until(lambda: "not learned ahead" in stack.home.output("broker"), "SPY's mention")
    before = quotes_asked(stack)
    for number in BURST:
        stack.quote(contract(number), "0.98", "1.00")
        stack.signal(OpenTrade(contract=terms_of(contract(number))), age=timedelta(hours=1))
    await until(lambda: quotes_asked(stack) == before + len(BURST), "all quotes")


async def test_an_exit_behind_a_burst_of_entries_is_read_before_nearly_all_of_them() -> None:
    async with a_stack(start_alert=False) as stack:
        # What it learned ahead would be among what is counted.
        stack.market.ask("fault", on="reqSecDefOptParams", action="refuse", code=321)
        await stack.hold(1)
        await learn_contracts(stack)
        for number in BURST:
            stack.enter(number)
        await until(lambda: read(stack).count("E") >= 4, "the first entries of the burst")
        stack.signal(CloseTrade(contract=terms_of(contract(0))))
        await until(lambda: read(stack).count("E") >= 18, "many of them")

        kinds = read(stack)
        assert kinds[: kinds.index("X")].count("E") <= 15
        assert "gateway does not answer" not in stack.home.output("broker")
