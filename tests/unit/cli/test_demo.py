from pathlib import Path

import pytest

from autoscalper.cli.__main__ import main
from autoscalper.cli.demo import DAY
from autoscalper.cli.scenes import read_scenes
from tests.fakes.posts import NINE_FORTY_FIVE


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("autoscalper: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_file_that_is_not_there_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--once", "--replay", str(tmp_path / "nothing.jsonl")]) == 2
    assert "nothing.jsonl cannot be read" in complaint(capsys)


def test_a_file_without_posts_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n\n")
    assert main(["demo", "--once", "--replay", str(empty)]) == 2
    assert "holds no posts" in complaint(capsys)


def test_the_demos_own_day_is_in_order_and_says_what_every_post_shall_come_to() -> None:
    with DAY.open() as lines:
        scenes = read_scenes(lines, now=NINE_FORTY_FIVE)
    posts = [scene for scene in scenes if scene.has_post]
    assert len(posts) >= 40
    assert [scene.number for scene in scenes] == list(range(1, len(scenes) + 1))
    assert all(scene.expected is not None for scene in posts)
    assert len({scene.written_at.date() for scene in scenes}) == 1
