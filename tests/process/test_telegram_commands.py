"""The operator's commands through all the real processes: chat, alert, broker, simulator."""

from __future__ import annotations

import time

import pytest

from autoscalper.domain.instruction import CloseTrade
from autoscalper.links import broker_to_alert
from tests.fakes.home import until
from tests.fakes.telegram_server import CHAT, USER, Message
from tests.fakes.telegram_server.stack import Stack, a_stack


def status(stack: Stack) -> broker_to_alert.Status:
    found = broker_to_alert.read(stack.home.run_dir)
    assert found is not None
    return found


async def done(question: Message) -> None:
    await until(lambda: "Done" in question.text, "the report")


async def test_closing_five_positions_twice_in_a_row_ends_flat_and_reports_each() -> None:
    async with a_stack() as stack:
        await stack.hold(5)
        first, second = await stack.question(), await stack.question()
        pressed = time.monotonic()
        for question in (first, second):
            stack.server.chats.press(question, "Yes")
        await until(lambda: not any(stack.positions().values()), "a flat account")
        took = time.monotonic() - pressed
        for question in (first, second):
            await done(question)
            assert question.text.count(": flat, 2 bought at 1.00, sold at") == 5
        ledger = stack.market.ask("ledger")["orders"]
        assert min(stack.positions().values(), default=0) >= 0
        assert status(stack).trades == ()
        assert sum(order["order_ref"].endswith("|X0") for order in ledger) == 5
        assert not any(order["order_ref"].endswith("|X1") for order in ledger)
        assert took < 10


async def test_a_pause_holds_over_a_kill_of_every_process() -> None:
    async with a_stack() as stack:
        stack.server.chats.say("/pause")
        await stack.message("No new entries and no adds until /resume.")
        for process in ("broker", "alert"):
            stack.home.kill(process)
            await stack.start(process)
        await until(lambda: stack.phase() == "trading", "a broker that trades")
        message_id = stack.enter(1)
        await until(lambda: stack.outcome_of(message_id), "an outcome")
        decided = stack.outcome_of(message_id)
        assert decided is not None
        assert str(decided.outcome) == "denied: new entries are paused by the operator"
        stack.server.chats.say("/resume")
        await stack.message("Entries are taken again.")
        await stack.hold(1, first=2)


async def test_commands_are_taken_and_told_while_the_gateway_is_away() -> None:
    async with a_stack() as stack:
        await stack.hold(2)
        stack.market.ask("accepting", closed=True)
        stack.market.ask("drop")
        await until(lambda: status(stack).phase == "down", "a gateway that is away")
        question = await stack.question()
        stack.server.chats.press(question, "Yes")
        await until(lambda: "as soon as the gateway is back" in question.text, "the state")
        stack.server.chats.say("/status")
        assert "Gateway: down" in (await stack.message("Gateway:")).text
        stack.market.ask("accepting")
        await done(question)
        assert not any(stack.positions().values())


async def test_a_trade_is_one_message_from_its_order_to_its_end() -> None:
    async with a_stack() as stack:
        await stack.hold(1)
        card = await stack.message("holding 2")
        stack.signal(CloseTrade())
        await until(lambda: "closed" in card.text, "the end of the trade")
        about = [each for each in stack.server.shown() if "SPY 540C" in each.text]
        assert about == [card]
        assert "Entry: 2 of 2 at 1.00 (+$0.00 against the post)" in card.text
        assert card.text.startswith("DRY RUN ")


@pytest.mark.parametrize("restarts", [False, True])
async def test_an_alert_that_was_missed_can_be_taken_by_hand(restarts: bool) -> None:
    async with a_stack(ENTRY_MAX_AGE_SECONDS="2") as stack:
        stack.market.ask("accepting", closed=True)
        stack.market.ask("drop")
        await until(lambda: status(stack).phase == "down", "a gateway that is away")
        stack.enter(1)
        missed = await stack.message("expired")
        if restarts:
            stack.home.kill("broker")
            await stack.start("broker")
        stack.market.ask("accepting")
        await until(lambda: status(stack).phase == "trading", "a gateway that is back")
        await until(lambda: any(each.ask for each in status(stack).missed), "its present price")
        stack.server.chats.press(missed, "Missed.")
        question = await stack.message("Take SPY 541C Mar 20 now?")
        assert "now 0.98 bid, 1.00 ask" in question.text
        await stack.buttons_work(question)
        stack.server.chats.press(question, "Yes")
        await until(lambda: "traded: bought 2 at 1.00" in question.text, "the trade")
        assert [each.held_qty for each in status(stack).trades] in ([2], [])


@pytest.mark.parametrize(("user", "chat"), [(USER + 1, CHAT), (USER, CHAT + 1)])
async def test_a_stranger_closes_nothing(user: int, chat: int) -> None:
    async with a_stack(TELEGRAM_USER_IDS=str(USER)) as stack:
        await stack.hold(1)
        question = await stack.question()
        stack.server.chats.press(question, "Yes", user=user, chat=chat)
        stack.server.chats.say("/pause", user=user, chat=chat)
        await stack.message("Not obeyed: user")
        assert stack.protected() == 1
        assert not status(stack).paused


async def test_a_storm_of_a_thousand_strangers_does_not_delay_the_user() -> None:
    async with a_stack(TELEGRAM_USER_IDS=str(USER)) as stack:
        await stack.hold(1)
        question = await stack.question()
        for number in range(1000):
            if number % 2:
                stack.server.chats.say("/closeall", user=number + 1000, chat=number)
            else:
                stack.server.chats.press(question, "Yes", user=number + 1000, chat=CHAT)
        given = time.monotonic()
        stack.server.chats.press(question, "Yes")
        await until(lambda: not any(stack.positions().values()), "a flat account")
        assert time.monotonic() - given < 2.0
        await stack.message("Not obeyed")
        await done(question)
        told = [each for each in stack.server.shown() if "Not obeyed" in each.text]
        assert len(told) == 1


async def test_a_command_is_for_both_brokers_and_the_real_one_never_waits_for_the_other() -> None:
    async with a_stack(PAPER_AUTOSTART="true") as stack:
        paper = {"module": "autoscalper.broker paper", "IBKR_CLIENT_ID": "2"}
        await stack.start("paper", **paper)
        stack.server.chats.say("/pause")
        await stack.message("DRY RUN Done")
        on_paper = await stack.message("PAPER Done")
        assert "No new entries and no adds until /resume." in on_paper.text
        stack.freeze("paper")
        stack.server.chats.say("/resume")
        await stack.message("Entries are taken again.", after=on_paper.message_id)
        question = await stack.question()
        stack.server.chats.press(question, "Yes")
        await done(question)
        assert "PAPER" not in question.text
        stack.home.kill("paper")
        stack.server.chats.say("/status")
        shown = await stack.message("Status", after=question.message_id)
        assert "broker ok" in shown.text
        await stack.start("paper", **paper)
        # What was said meanwhile it hears now, and says in a message of its own.
        await until(
            lambda: any(
                "PAPER" in each.text and "Entries are taken again" in each.text
                for each in stack.server.shown()
            ),
            "the paper broker's own answer",
        )
