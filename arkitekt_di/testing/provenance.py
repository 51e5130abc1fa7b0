"""What every implementation of the promise about provenance has to pass."""

import pytest

from arkitekt_di.errors import NotFoundError
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import OriginKind
from arkitekt_di.protocols.provenance import ProvenanceRecords


class ProvenanceRecordsContract:
    """Tests of `ProvenanceRecords`; a subclass has the fixtures ``records`` and ``subject``, which was changed once."""

    @pytest.mark.anyio
    async def test_what_was_done_is_told_oldest_first(self, records: ProvenanceRecords, subject: Subject) -> None:
        lines = await records.find(subject, limit=10, offset=0)

        assert [line.kind for line in lines] == [OriginKind.CREATED, OriginKind.UPDATED]

    @pytest.mark.anyio
    async def test_pages_together_are_the_whole(self, records: ProvenanceRecords, subject: Subject) -> None:
        whole = await records.find(subject, limit=10, offset=0)

        pages = [await records.find(subject, limit=1, offset=offset) for offset in (0, 1, 2)]

        assert [len(page) for page in pages] == [1, 1, 0]
        assert [line for page in pages for line in page] == whole

    @pytest.mark.anyio
    async def test_a_record_that_there_is_not_is_told(self, records: ProvenanceRecords, subject: Subject) -> None:
        other = subject.model_copy(update={"id": "00000000-0000-0000-0000-000000000000"})

        with pytest.raises(NotFoundError):
            await records.find(other, limit=10, offset=0)
