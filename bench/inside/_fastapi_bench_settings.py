"""A configuration for gunicorn in place of one that may lie in the service's folder.

Here, other than on the command line, versions that do not know a setting pass over it.
"""

control_socket_disable = True
