"""Does a version run from its own tree? `imports` asks a process's own modules, `servers` watches servers from outside.

Two versions of which one was imported for both would be equal, whatever changed. `imports` runs in the process that is
counted and therefore loads nothing beyond the standard library.
"""
