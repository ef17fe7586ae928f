"""Broken builds: each directory breaks one promise of the broker when python starts with it.

Python imports ``sitecustomize`` by itself at its start; the directory only has to be on PYTHONPATH.
A storm over each of them must find what they break, or its zeros mean nothing.
"""
