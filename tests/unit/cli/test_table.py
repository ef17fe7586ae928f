import pytest

from autoscalper.cli.table import one_line, table

ROWS = [("09:35", "BTO IWM 210c 0.88 and a long story"), ("09:36", "out")]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("at", "text"), [("1", "abc"), ("22", "d")], 80).splitlines() == [
        "at  text",
        "--  ----",
        "1   abc",
        "22  d",
    ]


@pytest.mark.parametrize("width", [20, 30, 41])
def test_the_widest_column_is_cut_so_that_every_line_fits(width: int) -> None:
    lines = table(("time", "post"), ROWS, width).splitlines()
    assert max(len(line) for line in lines) == min(width, 41)
    assert ("…" in lines[2]) == (width < 41)
    assert all(line.startswith(("09:3", "time", "----")) for line in lines)


def test_a_table_that_cannot_fit_is_not_cut_to_nothing() -> None:
    assert "BTO IWM…" in table(("time", "post"), ROWS, 1)


def test_a_cell_cannot_break_the_table() -> None:
    assert one_line(" a\n\tb\x1b[31m ") == "a b [31m"
    assert len(table(("post",), [("a\nb",)], 80).splitlines()) == 3


def test_a_table_without_rows_is_its_head() -> None:
    assert table(("time", "post"), [], 80) == "time  post\n----  ----"
