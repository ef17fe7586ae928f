"""What is said: one file per arrow between two processes, with everything that may be said on it.

Messages are facts in the past tense or wishes in the imperative. Fields are added with defaults,
never renamed or used for something else.
"""
