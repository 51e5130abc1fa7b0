"""How a running local hub tells the programs of the same user where it is."""

from pydantic import SecretStr

from arkitekt_di.messages.model import Message

LEASE_PATH = "/local/lease"
"""A WebSocket that an app keeps open while it uses a local hub, which ends when nobody does."""


class HubRecord(Message):
    """Contents of ``hub.json`` in the data folder of a local hub, readable by its user only.

    Attributes
    ----------
    url : str
        Address of the hub, such as ``http://127.0.0.1:41234``.
    pid : int
        Process of the hub.
    version : str
        Version of arkitekt_di that serves.
    birth : str or None
        Tells the process from a later one with the same number; None where the system does not say.
    started_at : float
        Unix time in seconds.
    mandate_key : pydantic.SecretStr
        Key that lets apps of this user in without a browser.
    """

    url: str
    pid: int
    birth: str | None = None
    version: str
    started_at: float
    mandate_key: SecretStr
