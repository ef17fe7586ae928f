"""Which words are underlyings: those of ``data/tickers.txt``, and by shape beside a strike."""

from __future__ import annotations

from importlib.resources import files


def _load() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    text = files("autoscalper.parser.grammar").joinpath("data/tickers.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            kind, symbols = line.split(":", 1)
            table.setdefault(kind, set()).update(symbols.split())
    return {kind: frozenset(symbols) for kind, symbols in table.items()}


_TABLE = _load()

#: Symbols that are also words or a room's jargon.
WORD_TICKERS = _TABLE["words"]
#: Symbols that are tickers wherever they stand in capitals.
TICKERS = frozenset().union(*(_TABLE[k] for k in ("indices", "funds", "megacaps", "large"))) - (
    WORD_TICKERS
)
#: Roots of futures, coins and metals: never an option of ours.
FUTURES = _TABLE["futures"]
_COMMON = _TABLE["common"]

#: What the exchange lists one underlying's other roots under.
_ONE_ROOT = {"SPXW": "SPX", "NDXP": "NDX", "BRKB": "BRK.B", "BRK/B": "BRK.B", "VIXW": "VIX"}
#: Letters in the longest symbol.
LONGEST_SYMBOL = 5


def canonical(symbol: str) -> str:
    """Return the underlying that ``symbol``, as posted, stands for."""
    symbol = symbol.lstrip("$").upper()
    return _ONE_ROOT.get(symbol, symbol)


def may_be_ticker(text: str) -> bool:
    """Return whether a word in capitals beside a strike can only be a symbol."""
    return (
        text.isupper()
        and text.isascii()
        and text.isalpha()
        and len(text) <= LONGEST_SYMBOL
        and text not in FUTURES
        and (text in WORD_TICKERS or text not in _COMMON)
    )
