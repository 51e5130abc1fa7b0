"""Links to images for other tools, in the GraphQL of the data service."""

import strawberry

from arkitekt_di.server.graphql.context import Info
from arkitekt_di.server.images.images import Images
from arkitekt_di.server.ngff.face import NgffFace


@strawberry.input
class RequestNgffAccessInput:
    """The image that a tool is to open, and for how many seconds."""

    image: strawberry.ID
    expires_in: int | None = None


@strawberry.type(description="An address under which any OME-Zarr reader opens an image, without a login.")
class NgffAccess:
    """A link; whoever has it reads this one image as long as it is good."""

    url: str
    expires_in: int


@strawberry.type
class NgffMutation:
    """What can be asked for."""

    @strawberry.mutation
    async def request_ngff_access(self, info: Info, input: RequestNgffAccessInput) -> NgffAccess:
        """Make a link to one image."""
        image = await info.context.part(Images).get(await info.context.principal(), input.image)
        url, expires_in = info.context.part(NgffFace).link(image, info.context.request, input.expires_in)
        return NgffAccess(url=url, expires_in=expires_in)
