"""TechEmpower's seven test types, which have published figures for every framework.

orjson writes the bodies, without a response model: other frameworks' entries write them as plainly.
"""

from target_app.routers.tfb import constants, fortunes, worlds

ROUTERS = (constants.router, worlds.router, fortunes.router)
"""Two test types without a database, four on worlds, and the page of fortunes."""
