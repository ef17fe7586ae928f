"""The table of settings in README.md: defaults from the code, meanings from .env.example.

``python -m tests.stack.settings_table`` writes it anew.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path

import msgspec

from autoscalper.domain.settings import BY_PROCESS, Secret
from autoscalper.simulator.settings import SimulatorSettings

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / ".env.example"
#: What compose.yaml reads and no process of ours does.
OF_COMPOSE = (
    "IB_USERNAME",
    "IB_PASSWORD",
    "VNC_PASSWORD",
    "IB_GATEWAY_IMAGE",
    "JAVA_HEAP_SIZE",
    "AUTOSCALPER_VERSION",
)
_BEGIN = "<!-- settings: made by scripts/render-settings -->\n"
_END = "<!-- settings end -->\n"
_VARIABLE = re.compile(r"#?([A-Z][A-Z_]*)=(.*)")
_GROUP = re.compile(r"# == (.*)")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One variable of .env.example."""

    group: str
    variable: str
    value: str
    meaning: str


def example() -> Iterator[Line]:
    """Yield the variables of .env.example, each with the comment above it."""
    group = ""
    comment: list[str] = []
    for text in EXAMPLE.read_text().splitlines():
        if heading := _GROUP.fullmatch(text):
            group, comment = heading[1], []
        elif found := _VARIABLE.fullmatch(text):
            value = found[2].strip('"')
            yield Line(group=group, variable=found[1], value=value, meaning=" ".join(comment))
            comment = []
        elif text.startswith("# "):
            comment.append(text.removeprefix("# "))
        else:
            comment = []


def defaults() -> dict[str, str]:
    """Return the default of each variable that a process reads, as it would be written."""
    structs: tuple[type[msgspec.Struct], ...] = (*BY_PROCESS.values(), SimulatorSettings)
    return {
        field.name.upper(): _written(field.default)
        for struct in structs
        for field in msgspec.structs.fields(struct)
    }


def table() -> str:
    """Return the tables of all groups in Markdown."""
    code = defaults()
    lines: list[str] = []
    group = ""
    for line in example():
        if line.group != group:
            group = line.group
            lines += ["", f"**{group}**", "", "| variable | default | |", "|---|---|---|"]
        default = code.get(line.variable, line.value)
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{line.variable}` | {shown} | {line.meaning.replace('|', '/')} |")
    return "\n".join(lines).strip() + "\n"


def rendered(readme: str) -> str:
    """Return ``readme`` with the table as it must be now."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def _written(value: object) -> str:
    match value:
        case enum.Enum():
            return str(value.value)
        case bool():
            return str(value).lower()
        case time():
            return f"{value:%H:%M}"
        case Secret() | () | {} | None:
            return ""
        case 0:
            return "0"
        case _ if value is msgspec.NODEFAULT:
            return ""
        case _:
            return str(value)


if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
