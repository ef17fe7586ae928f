import re

import pytest

from autoscalper.alert.chat_commands import ALIASES, MENU, Asked, Name, NotUnderstood, menu, read


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/status", Name.STATUS, ""),
        ("/STATUS", Name.STATUS, ""),
        ("/status@some_bot", Name.STATUS, ""),
        ("/pnl 14", Name.PNL, "14"),
        ("/closeall   account ", Name.CLOSE_ALL, "account"),
        ("/flat", Name.CLOSE_ALL, ""),
        ("/why_17", Name.WHY, "17"),
        ("/why 17", Name.WHY, "17"),
        ("/stopentry", Name.PAUSE, ""),
    ],
)
def test_commands_and_their_other_names_are_understood(
    text: str, name: Name, argument: str
) -> None:
    assert read(text) == Asked(name=name, argument=argument)


@pytest.mark.parametrize(("text", "perhaps"), [("/staus", Name.STATUS), ("/qqqqq", None)])
def test_what_there_is_not_is_answered_with_what_looks_like_it(
    text: str, perhaps: Name | None
) -> None:
    assert read(text) == NotUnderstood(word=text[1:], perhaps=perhaps)


@pytest.mark.parametrize("text", ["hello", "", " /status"])
def test_what_does_not_begin_with_a_slash_is_no_command(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", ["/", "/ ", "/_", "/@"])
def test_a_bare_slash_is_not_understood(text: str) -> None:
    assert isinstance(read(text), NotUnderstood)


def test_every_command_is_in_the_menu_and_fits_into_what_telegram_takes() -> None:
    assert set(MENU) == set(Name)
    for name, description in menu():
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 1 <= len(description) <= 256


def test_no_alias_hides_a_command() -> None:
    assert not set(ALIASES) & {name.value for name in Name}
