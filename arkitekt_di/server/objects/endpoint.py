"""The S3 endpoint: which request is what, and who may make it.

Objects have no metadata but size, ETag and time; a copy on the server, access lists, versions and the
like are refused by name, so that nothing is taken for done that is not.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError, ObjectStoreLostError, StorageFullError
from arkitekt_di.messages.images import DRAFT
from arkitekt_di.server.objects.authorization import Authorization
from arkitekt_di.server.objects.delivery import deliver
from arkitekt_di.server.objects.documents import Children, document, records
from arkitekt_di.server.objects.faults import refusal, storage_full, store_lost
from arkitekt_di.server.objects.grants import Access, Grant, ObjectGrants
from arkitekt_di.server.objects.keys import UPLOADS, check_key
from arkitekt_di.server.objects.listing import PARAMETERS, listed
from arkitekt_di.server.objects.payload import Payload
from arkitekt_di.server.objects.promise import Allowance, Condition, Objects
from arkitekt_di.server.objects.target import Target
from arkitekt_di.server.objects.uploads import MultipartUploads
from arkitekt_di.settings.models import ObjectSettings

HUB_BUCKET = "zarr"
DRAFT_HEADER = f"x-amz-meta-{DRAFT}"
"""Names the file that stands for the body."""

MAX_DOCUMENT_BYTES = 4 * 2**20
MAX_DELETED = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

_UNREMARKABLE = frozenset(
    {"x-id"}
    | {f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")}
    | {"X-Amz-Security-Token"}
)
"""Parameters that do not change what a request is: an SDK's note, and the signature."""


@dataclass(frozen=True)
class _Call:
    """One authorized request."""

    request: web.BaseRequest
    target: Target
    grant: Grant
    declared: str

    @property
    def allowance(self) -> Allowance:
        return Allowance(self.grant.bucket, self.grant.prefix, self.grant.max_bytes)

    @property
    def condition(self) -> Condition | None:
        headers = self.request.headers
        if "If-None-Match" in headers:
            if headers["If-None-Match"].strip() != "*":
                raise ObjectRefusedError("InvalidArgument", "If-None-Match of a write is '*'")
            return Condition()
        return Condition(headers["If-Match"].strip().strip('"')) if "If-Match" in headers else None


_Verb = Callable[[_Call], Awaitable[web.StreamResponse]]


class ObjectEndpoint:
    """Serves objects to whoever holds a grant.

    Parameters
    ----------
    objects : Objects
        Opened and closed by its owner.
    grants : ObjectGrants
    settings : ObjectSettings
    buckets : sequence of str, default ('zarr',)
        Served at the root, path style.
    """

    def __init__(
        self,
        objects: Objects,
        grants: ObjectGrants,
        settings: ObjectSettings,
        *,
        buckets: Sequence[str] = (HUB_BUCKET,),
    ) -> None:
        self._objects = objects
        self._authorization = Authorization(grants)
        self._buckets = tuple(buckets)
        self._max_bytes = int(settings.max_object_mib * 2**20)
        # No grant that could go on with an upload lives longer.
        self._uploads = MultipartUploads(objects, abandoned_after_s=settings.grant_s + settings.abandoned_after_s)
        self._bucket_verbs: dict[tuple[str, frozenset[str]], tuple[Access, _Verb]] = {
            ("HEAD", frozenset()): (Access.READ, self._head_bucket),
            ("POST", frozenset({"delete"})): (Access.WRITE, self._delete_many),
        }
        self._object_verbs: dict[tuple[str, frozenset[str]], tuple[Access, _Verb]] = {
            ("GET", frozenset()): (Access.READ, self._get),
            ("HEAD", frozenset()): (Access.READ, self._get),
            ("PUT", frozenset()): (Access.WRITE, self._put),
            ("DELETE", frozenset()): (Access.WRITE, self._delete),
            ("POST", frozenset({"uploads"})): (Access.WRITE, self._begin_upload),
            ("PUT", frozenset({"uploadId", "partNumber"})): (Access.WRITE, self._put_part),
            ("POST", frozenset({"uploadId"})): (Access.WRITE, self._complete_upload),
            ("DELETE", frozenset({"uploadId"})): (Access.WRITE, self._abort_upload),
        }

    async def start(self) -> None:
        """Remove the multipart uploads that were abandoned."""
        await self._uploads.sweep()

    async def stop(self) -> None:
        """Do nothing: requests end with the site."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes, to be put at the root of the site."""
        paths = [f"/{bucket}{rest}" for bucket in self._buckets for rest in ("", "/{key:.*}")]
        return [web.route("*", path, self._answer) for path in paths]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._dispatch(request)
        except ObjectRefusedError as error:
            return refusal(request, error)
        except StorageFullError as error:
            return storage_full(request, error)
        except ObjectStoreLostError as error:
            return store_lost(request, error)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        target = Target.of(request)
        grant, declared = self._authorization.authorize(request, target)
        access, verb = self._verb(request, target)
        grant.require(access, target.bucket)
        if target.key:
            grant.require_key(target.key)
        return await verb(_Call(request, target, grant, declared))

    def _verb(self, request: web.Request, target: Target) -> tuple[Access, _Verb]:
        names = frozenset(target.query) - _UNREMARKABLE
        verbs = self._object_verbs if target.key else self._bucket_verbs
        if request.method == "GET" and not target.key and "list-type" in names and names <= PARAMETERS:
            return Access.READ, self._list
        if (request.method, names) not in verbs or "x-amz-copy-source" in request.headers:
            raise ObjectRefusedError("MethodNotAllowed", "the hub does not have this part of S3")
        return verbs[request.method, names]

    async def _head_bucket(self, _call: _Call) -> web.StreamResponse:
        return web.Response()

    async def _list(self, call: _Call) -> web.StreamResponse:
        call.grant.require_key(call.target.query.get("prefix", ""))
        return await listed(self._objects, call.target.bucket, call.target.query)

    async def _get(self, call: _Call) -> web.StreamResponse:
        async with self._objects.open(call.target.bucket, call.target.key) as found:
            if found is None:
                raise ObjectRefusedError("NoSuchKey", "there is no object with this key")
            return await deliver(call.request, found)

    async def _put(self, call: _Call) -> web.StreamResponse:
        if DRAFT_HEADER in call.request.headers:
            return await self._adopt(call, call.request.headers[DRAFT_HEADER])
        return await self._store(call, call.target.bucket, call.target.key, call.condition)

    async def _put_part(self, call: _Call) -> web.StreamResponse:
        target = call.target
        key = await self._uploads.part_key(
            target.bucket, target.key, target.query["uploadId"], target.query["partNumber"]
        )
        return await self._store(call, UPLOADS, key, None)

    async def _store(self, call: _Call, bucket: str, key: str, condition: Condition | None) -> web.StreamResponse:
        payload = Payload(call.request, call.declared, max_bytes=self._max_bytes)
        async with self._objects.stage(bucket, key, allowance=call.allowance, digests=payload.digests) as draft:
            async for chunk in payload.chunks():
                await draft.write(chunk)
            entry = await draft.publish(condition=condition, check=payload.verify)
        return web.Response(headers={"ETag": f'"{entry.etag}"'})

    async def _adopt(self, call: _Call, name: str) -> web.StreamResponse:
        """Store a file that the client wrote on this machine; the body, which is checked as any other, is empty."""
        target, prefix = call.target, call.grant.prefix
        await Payload(call.request, call.declared, max_bytes=0).read()
        async with self._objects.stage(target.bucket, target.key, allowance=call.allowance) as draft:
            await draft.adopt(prefix, name, max_bytes=self._max_bytes)
            entry = await draft.publish(condition=call.condition)
        return web.Response(headers={"ETag": f'"{entry.etag}"'})

    async def _delete(self, call: _Call) -> web.StreamResponse:
        await self._objects.delete(call.target.bucket, [call.target.key])
        return web.Response(status=204)

    async def _delete_many(self, call: _Call) -> web.StreamResponse:
        body = await self._document(call)
        keys = [record.get("Key", "") for record in records(body, "Object")]
        if not 1 <= len(keys) <= MAX_DELETED:
            raise ObjectRefusedError("MalformedXML", f"from 1 to {MAX_DELETED} objects are deleted at once")
        outcomes: list[tuple[str, Children]] = []
        for key in keys:
            try:
                call.grant.require_key(check_key(key))
                await self._objects.delete(call.target.bucket, [key])
                outcomes.append(("Deleted", [("Key", key)]))
            except ObjectRefusedError as error:
                outcomes.append(("Error", [("Key", key), ("Code", error.code), ("Message", error.reason)]))
        return document("DeleteResult", outcomes)

    async def _begin_upload(self, call: _Call) -> web.StreamResponse:
        target = call.target
        upload_id = await self._uploads.begin(target.bucket, target.key, call.allowance)
        children = [("Bucket", target.bucket), ("Key", target.key), ("UploadId", upload_id)]
        return document("InitiateMultipartUploadResult", children)

    async def _complete_upload(self, call: _Call) -> web.StreamResponse:
        target = call.target
        found = records(await self._document(call), "Part")
        parts = [(part.get("PartNumber", "").strip(), part.get("ETag", "").strip()) for part in found]
        entry = await self._uploads.complete(
            target.bucket, target.key, target.query["uploadId"], parts=parts, condition=call.condition
        )
        children = [("Bucket", target.bucket), ("Key", target.key), ("ETag", f'"{entry.etag}"')]
        return document("CompleteMultipartUploadResult", children)

    async def _abort_upload(self, call: _Call) -> web.StreamResponse:
        target = call.target
        await self._uploads.abort(target.bucket, target.key, target.query["uploadId"])
        return web.Response(status=204)

    async def _document(self, call: _Call) -> bytes:
        return await Payload(call.request, call.declared, max_bytes=MAX_DOCUMENT_BYTES).read()
