import pytest

from tests.server.images.image_hub import ImageHub, RefusedError

pytestmark = pytest.mark.anyio


async def test_the_newest_image_comes_first(hub: ImageHub) -> None:
    for name in ("one", "two", "three"):
        hub.clock.now += 1
        await hub.image(name=name)

    assert await hub.names() == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ([{"name": "ASC"}], ["alpha", "Beta", "gamma"]),
        ([{"name": "DESC_NULLS_LAST"}], ["gamma", "Beta", "alpha"]),
        ([{"createdAt": "ASC"}], ["Beta", "gamma", "alpha"]),
        ([{"createdAt": "DESC"}, {"name": "ASC"}], ["alpha", "gamma", "Beta"]),
    ],
)
async def test_a_listing_may_be_ordered(hub: ImageHub, ordering: list[object], expected: list[str]) -> None:
    for name in ("Beta", "gamma", "alpha"):
        hub.clock.now += 1
        await hub.image(name=name)

    assert await hub.names(ordering=ordering) == expected


async def test_an_order_names_one_criterion_at_a_time(hub: ImageHub) -> None:
    for criterion in ({}, {"name": "ASC", "id": "ASC"}, {"name": None}):
        with pytest.raises(RefusedError) as refused:
            await hub.names(ordering=[criterion])

        assert refused.value.code == "INVALID_REQUEST"


async def test_pages_hold_every_image_once(hub: ImageHub) -> None:
    names = [f"image {number}" for number in range(7)]
    for name in names:
        await hub.image(name=name)

    pages = [await hub.names(page={"offset": offset, "limit": 3}) for offset in (0, 3, 6, 9)]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sorted(name for page in pages for name in page) == names


@pytest.mark.parametrize("page", [{"limit": 201}, {"limit": -1}, {"offset": -1}])
async def test_pages_that_are_none_are_refused(hub: ImageHub, page: dict[str, int]) -> None:
    with pytest.raises(RefusedError, match="do not name a page"):
        await hub.names(page=page)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", ["50% done", "a_b", "Straße", "Ångström 3 μm", "back\\slash"]),
        ("%", ["50% done"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("/", []),
        ("50% D", ["50% done"]),
        ("a_B", ["a_b"]),
        ("axb", []),
        ("STRASSE", ["Straße"]),
        ("ångström", ["Ångström 3 μm"]),
        ("A\N{COMBINING RING ABOVE}NGSTR", ["Ångström 3 μm"]),
        ("\N{MICRO SIGN}M", ["Ångström 3 μm"]),
        ("nothing", []),
        ("' OR 1=1 --", []),
        ("\x00", []),
    ],
)
async def test_a_search_finds_what_a_person_means(hub: ImageHub, search: str, expected: list[str]) -> None:
    for name in ("50% done", "a_b", "Straße", "Ångström 3 μm", "back\\slash"):
        await hub.image(name=name)

    assert sorted(await hub.names(filters={"search": search})) == sorted(expected)


async def test_only_the_images_that_are_named_are_listed(hub: ImageHub) -> None:
    images = [await hub.image(name=name) for name in ("one", "two", "three")]

    assert await hub.names(filters={"ids": [images[1]["id"], "not an identifier"]}) == ["two"]
    assert await hub.names(filters={"ids": []}) == []
    assert len(await hub.names(filters={"ids": None, "search": None})) == 3


@pytest.mark.parametrize("filters", [{"ids": ["x"] * 201}, {"search": "x" * 1025}])
async def test_filters_that_are_too_large_are_refused(hub: ImageHub, filters: dict[str, object]) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.names(filters=filters)

    assert refused.value.code == "REFUSED"


async def test_a_filter_that_is_not_there_is_a_wrong_request(hub: ImageHub) -> None:
    with pytest.raises(RefusedError) as refused:
        await hub.names(filters={"shelf": "1"})

    assert refused.value.code == "INVALID_REQUEST"
