"""Does a version run from its own tree? `servers` watches servers from outside; `bench exact` asks a process itself.

Two versions of which one was imported for both would be equal, whatever changed.
"""
