import pytest

from tests.stack.settings_table import (
    EXAMPLE,
    OF_COMPOSE,
    README,
    defaults,
    example,
    rendered,
)

ROOT = EXAMPLE.parent


def test_the_readme_has_the_settings_of_the_code() -> None:
    readme = README.read_text()
    assert readme == rendered(readme), "run scripts/render-settings"


def test_the_example_has_every_setting_once_and_no_other() -> None:
    named = [line.variable for line in example()]
    assert sorted(named) == sorted({*defaults(), *OF_COMPOSE})


def test_the_example_has_the_defaults_of_the_code() -> None:
    code = defaults()
    written = {line.variable: line.value for line in example() if line.variable in code}
    assert written == code


def test_the_example_says_what_each_setting_means() -> None:
    assert [line.variable for line in example() if not line.meaning or not line.group] == []


@pytest.mark.parametrize("variable", OF_COMPOSE)
def test_compose_reads_what_the_example_says_it_does(variable: str) -> None:
    assert f"${{{variable}" in (ROOT / "compose.yaml").read_text() or variable == "IB_PASSWORD"
