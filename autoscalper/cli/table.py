"""Text in columns, for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

#: Narrowest that a column is made when a table does not fit, in characters.
_NARROWEST = 8
_GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return ``rows`` under ``header``, in lines of at most ``width`` characters if it can be.

    The widest columns are cut first, and a cell that is cut shows it.
    """
    cells = [[one_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    _fit(widths, width)
    ruled = [cells[0], ["-" * each for each in widths], *cells[1:]]
    return "\n".join(_line(row, widths) for row in ruled)


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space and control characters as one space."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _fit(widths: list[int], width: int) -> None:
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True))
    return _GAP.join(cells).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"
