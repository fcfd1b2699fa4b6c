"""Counts and traces one version of an app, called in-process, in the interpreter of the service.

Python 3.9 and later, the standard library only. The app sees none of the harness's modules but those of this package.
"""
