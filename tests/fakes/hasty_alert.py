"""The alert process with less patience: what it waits between messages and after a failure.

For tests of what gets lost, doubled or out of order, which the waits only make slow.
"""

from __future__ import annotations

import sys

from autoscalper.alert import postman
from autoscalper.alert.__main__ import alert
from autoscalper.runtime.service import run

if __name__ == "__main__":
    postman.SECONDS_BETWEEN = 0.02
    postman.FIRST_WAIT_SECONDS = 0.05
    postman.LONGEST_WAIT_SECONDS = 0.2
    sys.exit(run(alert))
