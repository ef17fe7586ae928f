"""Whether the language model may be asked now: a circuit breaker. Pure."""

from __future__ import annotations

#: Failures in a row after which the model is left alone.
MOST_FAILURES = 3
#: Seconds that it is left alone first, and at most; doubled while it goes on failing.
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 120.0
#: Seconds that it is left alone when only a person can mend what is wrong.
REFUSED_REST_SECONDS = 300.0


class Breaker:
    """Counts failures and says when to ask again. Times are monotonic seconds."""

    def __init__(self) -> None:
        """Begin with a model that may be asked."""
        self._failures = 0
        self._next_rest = FIRST_REST_SECONDS
        self._until = float("-inf")
        self._needs_trial = False
        self._is_on_trial = False
        #: Why the model is left alone, in words for people; empty while it is not.
        self.reason = ""

    def rest_seconds(self, now: float) -> float:
        """Return how long the model is left alone from ``now`` on, 0 if it is not."""
        return max(self._until - now, 0.0)

    def refuses(self, now: float) -> str:
        """Return why the model is not asked at ``now``, empty if it may be.

        After failures one question is let through; the others wait for what becomes of it.
        """
        if not self.reason:
            return ""
        if now < self._until or self._is_on_trial:
            return f"is left alone: {self.reason}"
        self._is_on_trial = self._needs_trial
        return ""

    def succeeded(self, now: float) -> None:
        """Note that the model answered; an answer from before the rest does not end it."""
        if now >= self._until:
            self._failures = 0
            self._next_rest = FIRST_REST_SECONDS
            self._is_on_trial = self._needs_trial = False
            self.reason = ""

    def failed(self, reason: str, now: float) -> None:
        """Note a failure that may pass by itself."""
        self._failures += 1
        if self._is_on_trial or self._failures >= MOST_FAILURES:
            self._rest(reason, now + self._next_rest, needs_trial=True)
            self._next_rest = min(2 * self._next_rest, LONGEST_REST_SECONDS)

    def told_to_wait(self, reason: str, seconds: float, now: float) -> None:
        """Note that the service asked to be left alone for ``seconds``, up to a bound."""
        self._rest(reason, now + min(seconds, LONGEST_REST_SECONDS), needs_trial=False)

    def refused(self, reason: str, now: float) -> None:
        """Note a failure that asking again will not mend."""
        self._rest(reason, now + REFUSED_REST_SECONDS, needs_trial=True)

    def _rest(self, reason: str, until: float, *, needs_trial: bool) -> None:
        self.reason = reason
        self._until = max(self._until, until)
        self._needs_trial = needs_trial
        self._is_on_trial = False
