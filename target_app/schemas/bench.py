"""The responses of the endpoints under /bench: one model per group of variants."""

from pydantic import BaseModel


class Message(BaseModel):
    """A constant."""

    message: str


class Waited(BaseModel):
    """Calls to something slow, and how long each of them took."""

    calls: int
    ms: int


class Computed(BaseModel):
    """The result of a pure computation of `n` steps."""

    n: int
    checksum: int


class Hashed(BaseModel):
    """The result of `n` rounds of a hash, in hexadecimal digits."""

    n: int
    digest: str


class Echo(BaseModel):
    """A message as it came, and its number in the conversation, from 0 on."""

    number: int
    text: str


class Injected(BaseModel):
    """The sum of what the dependencies of an endpoint gave."""

    total: int


class Count(BaseModel):
    """The value of a counter."""

    value: int


class RecordPage(BaseModel):
    """A list of records."""

    class Record(BaseModel):
        """A nested object with a field of every common kind."""

        id: int
        name: str
        price: float
        active: bool
        tags: list[str]
        note: str | None

    size: int
    records: list[Record]


class Pool(BaseModel):
    """The limits of the connection pools."""

    size: int
    timeout_s: float


class Info(BaseModel):
    """What serves this application, and how it is set up."""

    pid: int
    server: str
    http_parser: str
    loop: str
    python: str
    thread_tokens: int
    pool: Pool
    database: str
    seed_rows: int
    middleware: list[str]
    auth: str
    cache: str
    compression: str
    rate_limit: str
