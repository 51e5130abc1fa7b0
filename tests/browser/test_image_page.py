"""The page of an image as a person meets it: in Chromium, under the strict policies of the hub."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
import zarr
from playwright.sync_api import Browser

from arkitekt_di.testing.served_hub import ServedHub
from tests.browser.axe import axe_source, violations
from tests.browser.person import PASSWORD, Person, a_context
from tests.browser.picture_hub import NAME, PictureHub, aside, picture_hub
from tests.server.identity.test_operator import arkitekt

pytestmark = pytest.mark.timeout(180)


def open_hub(ada: Person, setup_url: str) -> None:
    ada.go(setup_url)
    ada.fill(User_name="ada", Organization="Babbage Lab", Password=PASSWORD, Password_again=PASSWORD)
    ada.press("Set up")


@pytest.fixture(scope="module")
def pictures(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PictureHub]:
    with picture_hub(browser, tmp_path_factory.mktemp("pictures") / "data", set_up=open_hub) as hub:
        yield hub


@pytest.fixture
def stranger(browser: Browser, pictures: PictureHub) -> Iterator[Person]:
    context = a_context(browser)
    person = Person(context.new_page(), pictures.served.url)
    yield person
    context.close()
    assert person.complaints == []


def join(served: ServedHub, name: str, organization: str) -> None:
    words = ("users", "add", name, "--organization", organization)
    aside(lambda: arkitekt(*words, data=served.data, typed=f"{PASSWORD}\n"))


def test_a_person_comes_to_the_image_after_logging_in_and_sees_its_picture(
    stranger: Person, pictures: PictureHub
) -> None:
    stranger.go(pictures.pages["image"])
    assert stranger.heading == "Log in"
    stranger.fill(User_name="ada", Password=PASSWORD)
    stranger.press("Log in")

    assert stranger.page.url == pictures.pages["image"]
    assert stranger.heading == NAME
    facts = stranger.page.get_by_role("region", name="About the image").inner_text()
    for words in (
        "c 2, z 3, y 900, x 1200",
        "uint16",
        "y 0.325 micrometer",
        "DAPI, 461 nm",
        "20x/0.8",
        "embryo, fixed",
    ):
        assert words in facts
    picture = stranger.page.get_by_role("img", name=re.compile("One plane of the image"))
    drawn = picture.evaluate(
        """async image => {
            await image.decode();
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const draw = canvas.getContext('2d');
            draw.drawImage(image, 0, 0);
            const bytes = draw.getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = {width: canvas.width, height: canvas.height, blue: 0, green: 0, black: 0};
            for (let i = 0; i < bytes.length; i += 4) {
                const [r, g, b] = [bytes[i], bytes[i + 1], bytes[i + 2]];
                if (r + g + b < 30) seen.black += 1;
                else if (b > g + 40) seen.blue += 1;
                else if (g > b + 40) seen.green += 1;
            }
            return seen;
        }"""
    )
    # Black ground, and cells of both channels in their own colours.
    assert (drawn["width"], drawn["height"]) == (600, 450)
    assert min(drawn["blue"], drawn["green"], drawn["black"]) > 600 * 450 / 100


def test_the_page_is_used_with_the_keyboard_and_makes_a_link_that_other_tools_open(
    stranger: Person, pictures: PictureHub
) -> None:
    stranger.log_in()
    stranger.go(pictures.pages["image"])
    stranger.tab_to("button: Make a link for other tools")
    stranger.page.keyboard.press("Enter")
    link = stranger.page.get_by_role("status").inner_text()

    assert link.startswith(f"{pictures.served.url}/ngff/")
    with ThreadPoolExecutor(1) as pool:
        shape = pool.submit(lambda: zarr.open_array(f"{link}/0", mode="r").shape).result()
    assert shape == (2, 3, 900, 1200)


def test_an_image_without_a_plane_says_why_there_is_no_picture(stranger: Person, pictures: PictureHub) -> None:
    stranger.log_in()
    stranger.go(pictures.pages["trace"])

    assert "fewer than two dimensions" in stranger.page.locator("main").inner_text()
    assert stranger.page.locator("main img").count() == 0
    stranger.press("Make a link for other tools")
    assert "OME-NGFF has no place" in stranger.page.get_by_role("alert").inner_text()


def test_another_organization_sees_neither_page_nor_picture(stranger: Person, pictures: PictureHub) -> None:
    join(pictures.served, "eve", "Lovelace Lab")
    stranger.log_in("eve")
    stranger.go(pictures.pages["image"])

    assert stranger.heading == "Not found"
    assert NAME not in stranger.page.content()
    found = stranger.page.context.request.get(f"{pictures.pages['image']}/picture.png")
    assert found.status == 404


def test_without_a_login_there_is_no_picture_and_every_answer_has_the_headers_of_a_page(pictures: PictureHub) -> None:
    for path in ("", "/picture.png"):
        answer = requests.get(pictures.pages["image"] + path, allow_redirects=False, timeout=20)

        assert (answer.status_code, answer.headers["Location"]) == (
            303,
            f"/login?next={urlsplit(pictures.pages['image']).path}",
        )
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
    no_form = requests.post(pictures.pages["image"], data={"form_token": "guessed"}, timeout=20)
    assert no_form.status_code == 403


def test_the_page_is_not_hard_to_use_by_the_rules_of_axe_and_fits_a_phone(
    stranger: Person, pictures: PictureHub
) -> None:
    source = axe_source()
    stranger.log_in()
    stranger.go(pictures.pages["image"])
    light = violations(stranger.page, source)
    stranger.press("Make a link for other tools")
    stranger.page.emulate_media(color_scheme="dark")

    assert (light, violations(stranger.page, source)) == ([], [])
    stranger.page.set_viewport_size({"width": 320, "height": 600})
    assert stranger.overflow() == 0
