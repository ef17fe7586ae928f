import msgspec

from autoscalper.cli.finding import failure, ok, warning


def test_a_finding_says_what_it_is_about_how_bad_it_is_and_what_to_do() -> None:
    found = [ok("disk", "1 GB free"), warning("disk", "free some soon"), failure("disk", "full")]
    assert msgspec.to_builtins(found) == [
        {"what": "disk", "level": "ok", "text": "1 GB free"},
        {"what": "disk", "level": "warning", "text": "free some soon"},
        {"what": "disk", "level": "failure", "text": "full"},
    ]
