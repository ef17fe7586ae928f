from collections.abc import Iterator

import pytest

from tests.fakes.home import Home, a_home


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home whose directories are the ones that the command looks into."""
    with a_home() as home:
        for name in ("RUN_DIR", "DATA_DIR", "LOG_DIR"):
            monkeypatch.setenv(name, home.environment[name])
        yield home


@pytest.fixture
def listening(home: Home) -> Home:
    """The same with the processes that chatter passes through."""
    for process in ("ingest", "parser", "alert"):
        home.start(process)
    return home
