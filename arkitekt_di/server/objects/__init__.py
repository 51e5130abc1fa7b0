"""The hub's object store: an S3 endpoint over local disk or another S3, and grants for parts of it."""

from arkitekt_di.server.objects.choice import chosen_objects
from arkitekt_di.server.objects.endpoint import ObjectEndpoint
from arkitekt_di.server.objects.folder import ObjectFolder
from arkitekt_di.server.objects.grants import Access, Grant, ObjectGrants, StoreCredentials
from arkitekt_di.server.objects.memory import InMemoryObjects
from arkitekt_di.server.objects.promise import ObjectEntry, Objects
from arkitekt_di.server.objects.s3_objects import S3Objects

__all__ = [
    "Access",
    "Grant",
    "InMemoryObjects",
    "ObjectEndpoint",
    "ObjectEntry",
    "ObjectFolder",
    "ObjectGrants",
    "Objects",
    "S3Objects",
    "StoreCredentials",
    "chosen_objects",
]
