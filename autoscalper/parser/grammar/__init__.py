"""Reads posts with a grammar: tables of words, small readers, one decision; abstains if unsure."""

from autoscalper.parser.grammar.reader import read as read
from autoscalper.parser.grammar.reader import underlyings_in as underlyings_in
