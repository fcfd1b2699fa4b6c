"""Ways to write the same 50 objects as JSON."""

from __future__ import annotations

from scenarios.model import Request, Scenario, contains
from scenarios.single import Always

_SIZE = 50

_whole = contains(b'{"id":%d,"name":"record %d",' % (_SIZE, _SIZE))

json_model = Always(Request("GET", f"/bench/json/model?size={_SIZE}", check=_whole))
json_dict = Always(Request("GET", f"/bench/json/dict?size={_SIZE}", check=_whole))
json_response = Always(Request("GET", f"/bench/json/response?size={_SIZE}", check=_whole))
json_orjson = Always(Request("GET", f"/bench/json/orjson?size={_SIZE}", check=_whole))

SCENARIOS = {
    "json-model": Scenario("json-model", json_model, about="50 objects as pydantic models."),
    "json-dict": Scenario("json-dict", json_dict, about="50 objects as dictionaries with a response model."),
    "json-response": Scenario(
        "json-response", json_response, about="50 objects in a JSONResponse, unchecked."
    ),
    "json-orjson": Scenario("json-orjson", json_orjson, about="50 objects written by orjson, unchecked."),
}
