"""Images as other tools open them: OME-Zarr groups (OME-NGFF 0.5) over the very objects that hold the pixels."""

from arkitekt_di.server.ngff.endpoint import NgffEndpoint
from arkitekt_di.server.ngff.face import NgffFace
from arkitekt_di.server.ngff.tokens import NgffTokens

__all__ = ["NgffEndpoint", "NgffFace", "NgffTokens"]
