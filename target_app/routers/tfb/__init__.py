"""TechEmpower's seven test types, which have published figures for every framework.

Bodies are written by orjson, without a response model: what is compared is the plainest way, as others write it.
"""

from target_app.routers.tfb import constants, fortunes, worlds

ROUTERS = (constants.router, worlds.router, fortunes.router)
"""Two test types without a database, four on worlds, and the page of fortunes."""
