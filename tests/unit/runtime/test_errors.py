from __future__ import annotations

import inspect

from autoscalper.runtime import errors


def test_every_error_is_listed_at_the_top_and_says_when_it_is_raised() -> None:
    assert errors.__doc__ is not None
    for name, error in inspect.getmembers(errors, inspect.isclass):
        if issubclass(error, Exception):
            assert name in errors.__doc__.split()
            assert error.__doc__


def test_all_problems_of_the_settings_are_in_the_one_message() -> None:
    error = errors.SettingsInvalid(["A is 1, expected 2", "B is missing"])
    assert str(error) == "settings: A is 1, expected 2; B is missing"
    assert error.problems == ("A is 1, expected 2", "B is missing")
