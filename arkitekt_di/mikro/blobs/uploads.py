"""Uploads of large objects over GraphQL."""

from dataclasses import dataclass
from typing import Any, TypeVar

from arkitekt_di.errors import HubRefusedError, StoreNotFoundError, UploadPendingError
from arkitekt_di.messages.blobs import BlobUpload, UploadState
from arkitekt_di.messages.images import StoreGrant, UploadGrant
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.protocols.transport import GraphQL

G = TypeVar("G", bound=StoreGrant)

_PENDING = "UPLOAD_PENDING"
"""Code that the hub gives to an upload whose parts it is still putting together."""

GRANT = "accessKey secretKey sessionToken bucket key path expiresIn"


@dataclass(frozen=True)
class Documents:
    """The GraphQL of one kind of object: opens, renews and ends uploads, and opens what is stored."""

    open_upload: str
    renew_upload: str
    end_upload: str
    open_access: str


class GraphQLBlobUploads:
    """Uploads to a hub.

    Parameters
    ----------
    graphql : GraphQL
    documents : Documents
    """

    def __init__(self, graphql: GraphQL, documents: Documents) -> None:
        self._graphql = graphql
        self._documents = documents

    async def request_upload(self, *, name: str | None, content_type: str | None, key: str | None) -> BlobUpload:
        """Open a place for one object, or go on with the upload of the same *key*."""
        given = {"originalFileName": name, "contentType": content_type, "uploadKey": key}
        answer = await self._graphql.execute(
            self._documents.open_upload, {"input": {member: said for member, said in given.items() if said is not None}}
        )
        shown = answer["grant"]
        return BlobUpload(
            grant=_prefixed(read(UploadGrant, shown)),
            name=_name(shown),
            state=UploadState(shown.get("status") or UploadState.OPEN),
            record_id=shown.get("record"),
        )

    async def renew_upload(self, store_id: str) -> UploadGrant:
        """Return a new grant for an upload that is not finished."""
        answer = await self._ask(self._documents.renew_upload, {"storeId": store_id})
        return _prefixed(read(UploadGrant, answer["grant"]))

    async def finish_upload(self, store_id: str, *, sha256: str) -> None:
        """Tell that every byte is in."""
        try:
            await self._ask(self._documents.end_upload, {"storeId": store_id, "valid": True, "sha256": sha256})
        except HubRefusedError as error:
            if _PENDING in error.codes:
                raise UploadPendingError(store_id) from error
            raise

    async def discard_upload(self, store_id: str) -> None:
        """Give an upload up."""
        await self._ask(self._documents.end_upload, {"storeId": store_id, "valid": False})

    async def request_access(self, store_id: str) -> StoreGrant:
        """Return a grant to read one object."""
        answer = await self._ask(self._documents.open_access, {"storeId": store_id})
        return _prefixed(read(StoreGrant, answer["grant"]))

    async def _ask(self, document: str, input_: dict[str, Any]) -> dict[str, Any]:
        missing = StoreNotFoundError(str(input_["storeId"]))
        return await ask(self._graphql, document, {"input": input_}, missing=missing)


def object_name(key: str) -> str:
    """Return the name of an object below its prefix."""
    return key.rpartition("/")[2]


def _name(shown: dict[str, Any]) -> str:
    return object_name(str(shown["key"]))


def _prefixed(grant: G) -> G:
    """Return *grant* as one for the prefix that its object is below: the hub names the object itself."""
    return grant.model_copy(update={"key": grant.key.rpartition("/")[0]})
