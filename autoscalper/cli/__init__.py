"""The `autoscalper` command: how a person looks in and puts things in."""
