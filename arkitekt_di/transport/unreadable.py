"""The log of our servers: a request that cannot be read is told without its words, which may be credentials."""

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError


class ServerLog(logging.LoggerAdapter[logging.Logger]):
    """Logs what aiohttp's server does, and of what no HTTP server could read only that it came, and from where.

    aiohttp tells such a request with the line that it stumbled over: a token that ends in the wrong byte, or an address
    with a code in it.  Anybody can send one, as often as they like, so it is for whoever looks closely.
    """

    def __init__(self) -> None:
        super().__init__(logging.getLogger("aiohttp.server"))

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log *msg*; without the exception, and no louder than ``DEBUG``, where a request could not be read."""
        if isinstance(kwargs.get("exc_info"), HttpProcessingError):
            level, kwargs = logging.DEBUG, {}
        super().log(level, msg, *args, **kwargs)
