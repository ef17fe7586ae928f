"""The real client against the stand-in: every way in which a connection can go wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from autoscalper.runtime.errors import StorageFailed
from tests.fakes.discord_listener import Listening, quick
from tests.fakes.discord_server import Author, DiscordServer
from tests.fakes.discord_server.rest import Trouble

IDENTIFY, RESUME, GUILD_SUBSCRIBE = 2, 6, 37


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(heartbeat_seconds=0.2) as started:
        yield started


def logins(server: DiscordServer) -> int:
    return server.gateway.received[IDENTIFY]


async def heard(listening: Listening, *story: str) -> None:
    with contextlib.suppress(TimeoutError):
        await listening.until(lambda: listening.story() == list(story))
    assert listening.story() == list(story)


async def test_hears_posts_edits_and_deletions_but_no_unfurled_links(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        first = await server.post("BTO 2 IWM 211c @ 0.84 https://example.test/chart")
        await server.unfurl(first.id, {"type": "article", "title": "IWM at 9000"})
        await server.edit(first.id, "BTO 2 IWM 211c @ 0.85")
        await server.delete(first.id)
        await heard(
            listening,
            "BTO 2 IWM 211c @ 0.84 https://example.test/chart",
            "edit: BTO 2 IWM 211c @ 0.85",
            "deleted",
        )


async def test_a_fresh_installation_starts_from_now(server: DiscordServer, tmp_path: Path) -> None:
    await server.post("from yesterday")
    async with Listening(server.environment, tmp_path) as listening:
        await server.post("from now")
        await heard(listening, "from now")


async def test_what_was_written_while_it_did_not_run_is_fetched(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.post("heard")
        await heard(listening, "heard")
    missed = [f"missed {number}" for number in range(350)]
    for text in missed:
        await server.post(text)
    async with Listening(server.environment, tmp_path) as again:
        assert again.story() == ["heard", *missed]


async def test_an_edit_and_a_deletion_among_the_newest_hundred_are_noticed_after_a_restart(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        kept = await server.post("kept")
        gone = await server.post("gone")
        await heard(listening, "kept", "gone")
    await server.delete(gone.id)
    await server.edit(kept.id, "kept and changed")
    await server.post("missed")
    async with Listening(server.environment, tmp_path) as again:
        assert again.story() == ["kept", "gone", "deleted", "edit: kept and changed", "missed"]


@pytest.mark.parametrize("code", [None, 1000, 1001, 4000, 4009])
async def test_a_dropped_connection_is_resumed_and_nothing_is_missed(
    server: DiscordServer, tmp_path: Path, code: int | None
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.post("before")
        await heard(listening, "before")
        await server.gateway.drop(code)
        await server.post("meanwhile")
        await heard(listening, "before", "meanwhile")
        await listening.until(listening.is_current)
        assert (logins(server), server.gateway.received[RESUME]) == (1, 1)


async def test_a_request_to_reconnect_is_followed_at_once(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.gateway.send_op(7)
        await listening.until(lambda: server.gateway.received[RESUME] == 1)
        await server.post("after")
        await heard(listening, "after")
        assert logins(server) == 1


@pytest.mark.parametrize("live_again", [False, True])
async def test_an_unknown_session_costs_a_login_and_no_post(
    server: DiscordServer, tmp_path: Path, live_again: bool
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        server.gateway.forget_sessions()
        await server.gateway.drop()
        await server.post("in the gap")
        if live_again:
            await listening.until(lambda: logins(server) == 2)
            await server.post("live again")
        await heard(listening, "in the gap", *(["live again"] if live_again else []))
        assert logins(server) == 2


async def test_an_invalidated_session_that_may_be_resumed_is_resumed(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.gateway.send_op(9, True)
        await listening.until(lambda: server.gateway.received[RESUME] == 1)
        await server.post("after")
        await heard(listening, "after")
        assert logins(server) == 1


async def test_a_token_that_the_gateway_refuses_is_not_tried_again(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        server.refuse_token(rest=False)
        await server.gateway.drop(4004)
        await listening.until(lambda: listening.client.details()["discord"] == "token refused")
        asked = server.rest.asked.total()
        await asyncio.sleep(1.0)
        assert logins(server) == 1
        assert server.rest.asked.total() == asked
        (notice,) = listening.told()
        assert "refuses the token" in notice


async def test_a_token_that_the_first_call_refuses_is_not_tried_again(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.refuse_token()
    listening = Listening(server.environment, tmp_path)
    listening.start()
    await listening.until(lambda: len(listening.told()) == 1)
    await asyncio.sleep(1.0)
    assert dict(server.rest.asked) == {"GET /api/v9/users/@me": 1}
    assert logins(server) == 0
    await listening.stop()


@pytest.mark.parametrize("code", [4010, 4011, 4012, 4013, 4014])
async def test_a_close_that_ends_the_library_is_survived_by_a_new_client(
    server: DiscordServer, tmp_path: Path, code: int
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.gateway.drop(code)
        await server.post("in the gap")
        await heard(listening, "in the gap")
        assert logins(server) == 2


async def test_a_silent_connection_is_replaced(server: DiscordServer, tmp_path: Path) -> None:
    async with Listening(
        server.environment, tmp_path, patience=quick(silence_seconds=1.0)
    ) as listening:
        server.gateway.silence()
        await server.post("into the silence")
        await heard(listening, "into the silence")
        assert logins(server) == 2


async def test_a_server_that_is_gone_is_found_again_without_the_long_waits_of_the_library(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.go_away()
        await server.post("while it was gone")
        # Long enough for the library to reach waits of many seconds.
        await asyncio.sleep(4.0)
        await server.come_back()
        came_back = asyncio.get_running_loop().time()
        await heard(listening, "while it was gone")
        assert asyncio.get_running_loop().time() - came_back < 3.0


@pytest.mark.parametrize("code", [1000, 4000])
async def test_a_server_that_closes_at_once_is_not_hammered(
    server: DiscordServer, tmp_path: Path, code: int
) -> None:
    slow = quick(retry_seconds=2.0, max_retry_seconds=2.0)
    async with Listening(server.environment, tmp_path, patience=slow) as listening:
        accepted = server.gateway.accepted
        server.gateway.close_on_connect = code
        await server.gateway.drop(code)
        await asyncio.sleep(3.0)
        assert server.gateway.accepted - accepted < 40
        server.gateway.close_on_connect = None
        await server.post("after")
        await heard(listening, "after")


async def test_a_server_that_closes_after_ready_trips_the_limit_of_logins(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.gateway.close_after_ready = 4000
    server.gateway.forget_sessions()
    listening = Listening(server.environment, tmp_path, patience=quick(max_logins=5))
    listening.start()
    await listening.until(lambda: len(listening.told()) == 1)
    await asyncio.sleep(1.0)
    assert logins(server) == 5
    assert "5 logins" in listening.told()[0]
    assert listening.client.details()["discord"] == "waiting after too many logins"
    await listening.stop()


async def test_sessions_that_are_invalidated_in_a_loop_trip_the_limit_within_one_client(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.gateway.invalidate_after_ready = True
    patience = quick(max_logins=5, max_connects_per_minute=1000)
    listening = Listening(server.environment, tmp_path, patience=patience)
    listening.start()
    await listening.until(lambda: len(listening.told()) == 1)
    assert logins(server) == 5
    await listening.stop()


async def test_the_limit_of_logins_outlives_the_process(
    server: DiscordServer, tmp_path: Path
) -> None:
    for _ in range(3):
        async with Listening(server.environment, tmp_path, patience=quick(max_logins=3)):
            pass
    listening = Listening(server.environment, tmp_path, patience=quick(max_logins=3))
    listening.start()
    await listening.until(lambda: len(listening.told()) == 1)
    assert logins(server) == 3
    await listening.stop()


async def test_a_first_connection_that_fails_midway_does_not_resume_nothing_for_ever(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.gateway.close_on_connect = 1001
    server.gateway.close_on_resume = 1001
    listening = Listening(server.environment, tmp_path)
    listening.start()
    await listening.until(lambda: server.gateway.accepted > 2)
    server.gateway.close_on_connect = None
    # The library asks to resume the session that it never had; only a new client logs in.
    await listening.until(listening.is_current)
    assert logins(server) == 1
    await listening.stop()


async def test_a_broken_ready_is_survived(server: DiscordServer, tmp_path: Path) -> None:
    server.gateway.broken_ready = True
    listening = Listening(server.environment, tmp_path)
    listening.start()
    await listening.until(lambda: logins(server) > 2)
    server.gateway.broken_ready = False
    await listening.until(listening.is_current)
    await listening.stop()


async def test_a_broken_zlib_stream_is_survived(server: DiscordServer, tmp_path: Path) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.gateway.send_garbage()
        await server.post("after the garbage")
        await heard(listening, "after the garbage")


async def test_a_post_that_the_library_cannot_read_is_heard(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.post("strange", more={"message_reference": None, "interaction": None})
        await server.post("with less", more={"type": 0, "embeds": None, "attachments": None})
        await heard(listening, "strange", "with less")


async def test_a_post_that_nobody_can_read_is_told_to_the_user_and_stops_nothing(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        await server.post("garbled", more={"timestamp": "noon"})
        await server.post("next")
        await heard(listening, "next")
        assert "could not be read" in listening.told()[0]
    async with Listening(server.environment, tmp_path) as again:
        assert again.story() == ["next"]


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_trouble_with_the_rest_calls_only_delays(
    server: DiscordServer, tmp_path: Path, status: int
) -> None:
    server.rest.trouble = Trouble(status, times=2, retry_after=0.1)
    async with Listening(
        server.environment, tmp_path, patience=quick(answer_seconds=5.0)
    ) as listening:
        server.gateway.forget_sessions()
        server.rest.trouble = Trouble(status, times=2, retry_after=0.1)
        await server.gateway.drop()
        await server.post("in the gap")
        await heard(listening, "in the gap")


async def test_the_history_is_fetched_within_the_rate_that_discord_allows(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path, patience=quick(answer_seconds=10.0)):
        pass
    for number in range(350):
        await server.post(f"missed {number}")
    server.rest.rate_limit = (2, 0.5)
    async with Listening(
        server.environment, tmp_path, patience=quick(answer_seconds=10.0)
    ) as listening:
        assert listening.story() == [f"missed {number}" for number in range(350)]


async def test_a_post_goes_ahead_when_the_history_does_not_come(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(
        server.environment, tmp_path, patience=quick(hold_seconds=0.5)
    ) as listening:
        server.gateway.forget_sessions()
        server.rest.delay_seconds = 1.5
        await server.post("missed", live=False)
        await server.gateway.drop()
        await listening.until(lambda: logins(server) == 2)
        await server.post("live")
        await heard(listening, "live")
        server.rest.delay_seconds = 0.0
        await heard(listening, "live", "missed")


async def test_a_channel_that_may_not_be_read_is_told_and_stops_no_other(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.rest.forbidden.add(server.channels[0])
    listening = Listening(server.environment, tmp_path)
    listening.start()
    await listening.until(lambda: len(listening.told()) == 1)
    assert server.channels[0] in listening.told()[0]
    await listening.until(lambda: listening.client.details()["discord_channels_behind"] == "1")
    await server.post("here", channel=server.channels[1])
    await server.post("there", channel=server.channels[0])
    await heard(listening, "here", "there")
    await listening.stop()


async def test_a_deaf_connection_is_found_and_replaced(
    server: DiscordServer, tmp_path: Path
) -> None:
    patience = quick(check_seconds=0.3, check_grace_seconds=0.2)
    async with Listening(server.environment, tmp_path, patience=patience) as listening:
        await asyncio.sleep(1.0)
        assert logins(server) == 1
        server.gateway.deafen()
        await server.post("to the deaf")
        await heard(listening, "to the deaf")
        assert logins(server) == 2


async def test_a_large_server_is_subscribed_and_its_members_are_left_alone(
    tmp_path: Path,
) -> None:
    async with DiscordServer(large=True, heartbeat_seconds=0.2) as server:
        async with Listening(server.environment, tmp_path) as listening:
            await listening.until(lambda: server.gateway.received[GUILD_SUBSCRIBE] == 1)
            await server.post("in the crowd")
            await heard(listening, "in the crowd")
            # One request for members of no server at all is the library's own.
            assert server.gateway.received[8] == 1


async def test_a_post_before_the_subscription_to_a_large_server_is_not_lost(
    tmp_path: Path,
) -> None:
    patience = quick(settle_seconds=1.0)
    async with DiscordServer(large=True, heartbeat_seconds=0.2) as server:
        listening = Listening(server.environment, tmp_path, patience=patience)
        listening.start()
        histories = len(server.channels)
        await listening.until(lambda: server.rest.asked.total() == 1 + histories)
        await listening.until(lambda: listening.client.details()["discord"] == "connected")
        assert server.gateway.received[GUILD_SUBSCRIBE] == 0
        await server.post("told to nobody")
        await listening.until(lambda: server.gateway.received[GUILD_SUBSCRIBE] == 1)
        await server.post("told")
        await heard(listening, "told", "told to nobody")
        await listening.stop()


async def test_nothing_is_sent_typed_joined_or_marked_as_read(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        for number in range(5):
            await server.post(f"post {number}")
        server.gateway.forget_sessions()
        await server.gateway.drop()
        await server.post("last")
        await listening.until(lambda: listening.story()[-1:] == ["last"])
    histories = {f"GET /api/v9/channels/{channel}/messages" for channel in server.channels}
    assert set(server.rest.asked) == {"GET /api/v9/users/@me", *histories}
    # Heartbeat, login, the voice state "nowhere", resume, members of nothing, subscription.
    assert set(server.gateway.received) <= {1, IDENTIFY, 4, RESUME, 8, GUILD_SUBSCRIBE}


async def test_only_the_monitored_users_are_logged_webhooks_by_id_or_name(
    server: DiscordServer, tmp_path: Path
) -> None:
    webhook = Author("800000000000000001", "Relay", webhook=True)
    bot = Author("800000000000000002", "AlertBot", bot=True)
    other = Author("800000000000000003", "somebody")
    monitored = (webhook.id, "alertbot")
    async with Listening(
        server.environment, tmp_path, discord_monitored_users=monitored
    ) as listening:
        await server.post("", author=webhook, embeds=[{"type": "rich", "title": "BTO XLF 51c"}])
        await server.post("me too", author=other)
        await server.post("by the bot", author=bot)
        await heard(listening, "BTO XLF 51c", "by the bot")


async def test_posts_elsewhere_and_joins_are_not_logged(
    server: DiscordServer, tmp_path: Path
) -> None:
    elsewhere, here, _ = server.channels
    async with Listening(server.environment, tmp_path, discord_channel_ids=(here,)) as listening:
        await server.post("elsewhere", channel=elsewhere)
        await server.post("somebody joined", channel=here, more={"type": 7})
        await server.post("here", channel=here)
        await heard(listening, "here")


async def test_a_disk_that_refuses_ends_the_client_instead_of_losing_posts(
    server: DiscordServer, tmp_path: Path
) -> None:
    listening = Listening(server.environment, tmp_path)
    listening.start()
    await listening.until(listening.is_current)
    listening.store.execute("PRAGMA query_only = ON")
    await server.post("not kept")
    assert listening.task is not None
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(listening.task, 10)
    assert raised.group_contains(StorageFailed)
    listening.store.close()


async def test_a_disk_that_refuses_to_note_a_login_ends_the_client_too(
    server: DiscordServer, tmp_path: Path
) -> None:
    listening = Listening(server.environment, tmp_path)
    listening.store.execute("PRAGMA query_only = ON")
    listening.start()
    assert listening.task is not None
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(listening.task, 10)
    assert raised.group_contains(StorageFailed)
    assert logins(server) == 0
    listening.store.close()


async def test_a_late_word_of_a_connection_that_was_replaced_changes_nothing(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        replaced = listening.client._connection
        assert replaced is not None
        await server.gateway.drop(4010)
        await listening.until(lambda: logins(server) == 2)
        await listening.until(listening.is_current)
        await replaced.on_disconnect()
        assert listening.is_current()


async def test_connections_that_were_replaced_leave_nothing_behind(
    server: DiscordServer, tmp_path: Path
) -> None:
    async with Listening(server.environment, tmp_path) as listening:
        before = len(asyncio.all_tasks())
        for number in range(10):
            await server.gateway.drop(4010)
            await server.post(f"after {number}")
            await heard(listening, *(f"after {each}" for each in range(number + 1)))
        await listening.until(listening.is_current)
        assert logins(server) == 11
        assert len(asyncio.all_tasks()) <= before + 2
