"""XML that comes in."""

import pytest

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.documents import records


def test_records_are_read_with_and_without_a_namespace() -> None:
    """Clients differ in it; quotes come escaped, and white space between leaves does not count."""
    plain = b"<C><Part>\n<ETag>&quot;a&quot;</ETag><PartNumber>1</PartNumber></Part><Other><ETag>x</ETag></Other></C>"
    named = plain.replace(b"<C>", b'<C xmlns="http://s3.amazonaws.com/doc/2006-03-01/">')

    assert records(plain, "Part") == records(named, "Part") == [{"ETag": '"a"', "PartNumber": "1"}]


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE D [<!ENTITY a "b">]><D><Object><Key>&a;</Key></Object></D>',
        b'<!DOCTYPE D SYSTEM "file:///etc/passwd"><D><Object><Key>a</Key></Object></D>',
        b"<D><Object><Key>a</Key></Object>",
        b"",
    ],
)
def test_entities_and_fragments_are_refused(body: bytes) -> None:
    """A doctype is where expansion bombs and outside files come from."""
    with pytest.raises(ObjectRefusedError, match="MalformedXML"):
        records(body, "Object")
