import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stack.engine import ROOT, Stack, wait_until

pytestmark = pytest.mark.timeout(600)


def test_from_up_to_trading_without_any_settings_takes_less_than_fifteen_seconds(
    clone: Path,
) -> None:
    override = clone / "names.yaml"
    override.write_text("services: {autoscalper: {container_name: !reset null}}\n")
    stack = Stack(clone, "autoscalper-clone", override)
    stack.compose("build", "--quiet", "autoscalper", seconds=600)
    began = time.monotonic()
    try:
        stack.compose("up", "--detach")
        stack.await_trading()
        took = time.monotonic() - began
        sys.stdout.write(f"from up to trading: {took:.1f} s\n")
        assert took < 15
        wait_until(lambda: stack.health() == "healthy", "it to be healthy")
        assert json.loads(stack.inside("autoscalper", "check", "--json"))
    finally:
        stack.down()


def test_the_demo_comes_up_healthy_without_any_settings(engine: None, tmp_path: Path) -> None:
    stack = Stack(tmp_path, "autoscalper-demo")
    try:
        stack.compose("--profile", "demo", "up", "--detach", "--wait", "demo")
        assert stack.health("demo") == "healthy"
        assert stack.inspect("demo", "{{.HostConfig.NetworkMode}}") == "none"
    finally:
        stack.down()


def test_the_demo_comes_up_beside_a_dry_run_where_no_service_is_named(
    engine: None, tmp_path: Path
) -> None:
    override = tmp_path / "names.yaml"
    override.write_text("services: {autoscalper: {container_name: !reset null}}\n")
    stack = Stack(tmp_path, "autoscalper-demo", override)
    try:
        stack.compose("--profile", "demo", "up", "--detach", "--wait")
        assert stack.health("demo") == stack.health() == "healthy"
    finally:
        stack.down()


def test_the_demo_plays_its_day_without_any_settings(engine: None, tmp_path: Path) -> None:
    stack = Stack(tmp_path, "autoscalper-demo")
    try:
        said = stack.compose(
            "--profile", "demo", "run", "--rm", "--no-TTY", "demo", "autoscalper", "demo", "--once",
            seconds=200,
        )  # fmt: skip
        assert "played in" in said
    finally:
        stack.down()


def test_the_dockerfile_has_no_warnings(engine: None) -> None:
    command = ["docker", "build", "--check", "--file", "docker/Dockerfile", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_is_valid_with_and_without_a_login(engine: None, tmp_path: Path) -> None:
    for name, login in (("with", {"IB_USERNAME": "a", "IB_PASSWORD": "b"}), ("without", {})):
        stack = Stack(tmp_path / name, "autoscalper-config", **login)
        config = json.loads(stack.compose("--profile", "*", "config", "--format", "json"))
        assert config["services"]["ib-gateway"]["scale"] == (1 if login else 0)
        assert "autoscalper" in config["services"]


def test_a_login_of_an_example_does_not_come_up(engine: None, tmp_path: Path) -> None:
    settings = {"DRY_RUN": "false", "IB_USERNAME": "somebody", "IB_PASSWORD": "your_password"}
    stack = Stack(tmp_path, "autoscalper-login", **settings)
    try:
        stack.compose("build", "--quiet", "prepare", seconds=600)
        said = stack.compose("run", "--rm", "--no-TTY", "prepare", check=False)
        assert "IB_PASSWORD is an example's" in said
    finally:
        stack.down()
