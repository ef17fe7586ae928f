from autoscalper.simulator.session import Session


def test_news_wait_while_they_are_held_and_answers_do_not() -> None:
    session = Session(178)
    session.tell(b"a")
    session.hold_news()
    session.tell(b"b")
    session.send(b"c")
    session.hold_news()
    session.tell(b"d")
    assert session.outbox == [b"a", b"c"]
    session.release_news()
    session.tell(b"e")
    assert session.outbox == [b"a", b"c", b"b", b"d", b"e"]


def test_an_error_has_the_layout_of_the_version() -> None:
    old, new = Session(157), Session(178)
    for session in (old, new):
        session.error(-1, 2104, "ok")
    assert old.outbox[0].count(b"\0") + 1 == new.outbox[0].count(b"\0")
