"""Entity tags (RFC 9110, section 8.8.3): what an answer's body is, in a word."""

from hashlib import blake2b


def tag_of(body: bytes) -> str:
    """The tag of a body, in quotes."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def is_named(tag: str, field: str) -> bool:
    """Whether a list of tags, as in If-Match and If-None-Match, has this one, weak or not, or is `*`.

    Our tags are weak only because the body may be compressed on its way: the same tag always means the same thing.
    """
    return field == "*" or tag in {each.strip().removeprefix("W/") for each in field.split(",")}
