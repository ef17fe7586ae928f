from autoscalper.ingest.notices import Notices
from autoscalper.links.any_to_alert import FROM_INGEST, Level, Reported
from autoscalper.runtime.store import Store
from tests.fakes.posts import FixedClock


def test_a_notice_is_told_once_per_cause(store: Store, clock: FixedClock) -> None:
    notices = Notices(store, clock)
    assert notices.report("login refused 1", Level.CRITICAL, "Discord refused the token")
    assert not notices.report("login refused 1", Level.CRITICAL, "Discord refused the token")
    assert notices.report("login refused 2", Level.WARNING, "Discord refused the token")
    told = [FROM_INGEST.decode(payload) for _, payload in notices.log.read(0, 10)]
    assert told == [
        Reported(level=level, text="Discord refused the token", reported_at=clock.now())
        for level in (Level.CRITICAL, Level.WARNING)
    ]
