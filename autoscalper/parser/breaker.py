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
        self._rest = FIRST_REST_SECONDS
        self._until = float("-inf")
        self._is_on_trial = False
        #: Why the model is left alone, in words for people; empty while it is not.
        self.reason = ""

    def refuses(self, now: float) -> str:
        """Return why the model is not asked at ``now``, empty if it may be.

        After a rest one question is let through; the others wait for what becomes of it.
        """
        if not self.reason:
            return ""
        if now < self._until or self._is_on_trial:
            return f"is left alone: {self.reason}"
        self._is_on_trial = True
        return ""

    def succeeded(self) -> None:
        """Note that the model answered; an answer from before the rest does not end it."""
        if self.reason and not self._is_on_trial:
            return
        self._failures = 0
        self._rest = FIRST_REST_SECONDS
        self._until = float("-inf")
        self._is_on_trial = False
        self.reason = ""

    def failed(self, reason: str, now: float) -> None:
        """Note a failure that may pass by itself."""
        self._failures += 1
        if self._is_on_trial or self._failures >= MOST_FAILURES:
            self._open(reason, now + self._rest)
            self._rest = min(2 * self._rest, LONGEST_REST_SECONDS)

    def told_to_wait(self, reason: str, seconds: float, now: float) -> None:
        """Note that the service asked to be left alone for ``seconds``; a bound applies."""
        self._failures += 1
        self._open(reason, now + min(max(seconds, 1.0), LONGEST_REST_SECONDS))

    def refused(self, reason: str, now: float) -> None:
        """Note a failure that asking again will not mend."""
        self._open(reason, now + REFUSED_REST_SECONDS)

    def _open(self, reason: str, until: float) -> None:
        self.reason = reason
        self._until = max(self._until, until)
        self._is_on_trial = False
