"""Regions of interest over GraphQL."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from arkitekt_di.errors import ImageNotFoundError, RoiNotFoundError
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind, RoiRecord
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.events import follow
from arkitekt_di.mikro.rois import documents
from arkitekt_di.protocols.rois import RoiEvent
from arkitekt_di.protocols.transport import GraphQL


class GraphQLRoiRecords:
    """Regions that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def create(self, image_id: str, drafts: Sequence[RoiDraft]) -> list[RoiRecord]:
        """Draw regions on an image."""
        input_ = {"dataset": image_id, "annotations": [_spec(draft) for draft in drafts]}
        missing = ImageNotFoundError(image_id)
        answer = await ask(self._graphql, documents.DRAW_ROIS, {"input": input_}, missing=missing)
        return [_record(roi) for roi in answer["rois"]]

    async def get(self, roi_id: str) -> RoiRecord:
        """Return one region."""
        missing = RoiNotFoundError(roi_id)
        return _record((await ask(self._graphql, documents.READ_ROI, {"id": roi_id}, missing=missing))["roi"])

    async def find(
        self, image_id: str | None, *, kind: RoiKind | None = None, text: str | None = None, limit: int, offset: int
    ) -> list[RoiRecord]:
        """Return one page of the regions of an image, or of all images."""
        wanted = {"dataset": image_id, "kind": None if kind is None else kind.value, "search": text or None}
        filters = {name: value for name, value in wanted.items() if value is not None}
        variables = {"filters": filters, "pagination": {"limit": limit, "offset": offset}}
        answer = await self._graphql.execute(documents.FIND_ROIS, variables)
        return [_record(roi) for roi in answer["rois"]]

    async def edit(self, roi_id: str, edit: RoiEdit) -> RoiRecord:
        """Change a region."""
        changed = _words(edit.model_dump(mode="json", by_alias=True, exclude_none=True))
        answer = await ask(
            self._graphql,
            documents.EDIT_ROI,
            {"input": {"id": roi_id, **changed}},
            missing=RoiNotFoundError(roi_id),
        )
        return _record(answer["roi"])

    async def delete(self, roi_id: str) -> None:
        """Remove a region."""
        missing = RoiNotFoundError(roi_id)
        await ask(self._graphql, documents.DELETE_ROI, {"input": {"id": roi_id}}, missing=missing)

    async def watch(self, image_id: str) -> AsyncGenerator[RoiEvent | None, None]:
        """Yield what happens to the regions of an image."""
        async with aclosing(follow(self._graphql, documents.WATCH_ROIS, {"image": image_id}, _record)) as events:
            async for event in events:
                yield event


def _spec(draft: RoiDraft) -> dict[str, Any]:
    given = _words(draft.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    return {"vectors": [], **given} | ({"mask": given["mask"]} if "mask" in given else {})


def _words(given: dict[str, Any]) -> dict[str, Any]:
    """Return members by the names that mikro has for them."""
    names = {"label": "name", "maskId": "mask"}
    renamed = {names.get(name, name): value for name, value in given.items()}
    if "coordinates" in renamed:
        renamed["coordinates"] = [{"name": name, "value": at} for name, at in renamed["coordinates"].items()]
    return renamed


def _record(given: Mapping[str, Any]) -> RoiRecord:
    creator = given.get("creator") or {}
    return read(
        RoiRecord,
        {
            **given,
            "label": given.get("name") or "",
            "description": given.get("description") or "",
            "coordinates": {one["name"]: one["value"] for one in given.get("coordinates") or ()},
            "imageId": given.get("dataset") or "",
            "maskId": given.get("mask"),
            "creatorId": creator.get("sub", ""),
            "creatorName": creator.get("preferredUsername", ""),
        },
    )
