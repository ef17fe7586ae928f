"""Reads posts with a grammar: tables of words, small readers, and one decision that abstains when unsure."""

from autoscalper.parser.grammar.reader import read as read
