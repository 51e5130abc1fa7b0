"""Login: tokens, who is logged in, and logging out."""

from arkitekt_di.herre.service import Herre, User

__all__ = ["Herre", "User"]
