"""Print the lines that ``golden.txt`` lacks."""

from __future__ import annotations

import sys

from tests.links.examples import BY_LINK
from tests.links.test_golden import encode, golden_lines

for link, examples in BY_LINK.items():
    for name, example in examples.items():
        payload = encode(link, example)
        if golden_lines(link, name)[-1:] != [payload]:
            sys.stdout.write(f"{link}\t{name}\t{payload.hex()}\n")
