"""A shop with a few items. Nothing is stored."""
