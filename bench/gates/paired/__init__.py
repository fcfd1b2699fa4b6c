"""The paired gate: two arms over real servers, slice by slice, and what the pairs prove."""
