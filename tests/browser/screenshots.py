"""Takes the pictures of the pages for the documents: ``python -m tests.browser.screenshots docs/images``."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.person import PASSWORD, REDIRECT, Person, a_context, browsed_hub, chromium, set_up
from tests.browser.picture_hub import picture_hub
from tests.server.identity.provider import Try

WIDTH, HEIGHT = 640, 240  # pages are taken whole, and no shorter than this


def take(folder: Path) -> None:
    """Write one PNG a page into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, browsed_hub(Path(data) / "data") as hub, chromium() as browser:
        context = a_context(browser, width=WIDTH, height=HEIGHT)
        ada = Person(context.new_page(), hub.url)

        def shoot(name: str) -> None:
            ada.page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")

        ada.go(hub.setup_path)
        shoot("first-run")
        set_up(ada, hub)
        shoot("ready")
        ada.press("Log out")
        shoot("login")
        ada.log_in()
        shoot("device")
        issued = hub.ask(
            device_id="microscope-pc",
            author="Babbage Lab",
            description="Counts cells in every new image",
            requirements=[
                {"key": "mikro", "service": "live.arkitekt.mikro"},
                {"key": "s3", "service": "live.arkitekt.s3"},
            ],
        )
        ada.go(f"/configure/{issued['user_code']}")
        shoot("approve")
        ada.page.get_by_label("Yes, the app that I started shows this code").check()
        ada.press("Let it in")
        hub.poll(issued)
        ada.go("/apps")
        shoot("apps")
        ada.go("/organization")
        shoot("organization")
        ada.go("/keys")
        ada.fill(What_it_is_for="microscope-pc", App="cell-counter")
        ada.press("Make a key")
        ada.page.locator("code").evaluate("shown => shown.textContent = 'a key that is shown once'")
        shoot("keys")
        ada.go(Try(hub.register(), REDIRECT).path())
        shoot("consent")
        context.close()
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        take_image(browser, Path(data) / "data", folder)


def take_image(browser: Browser, data: Path, folder: Path) -> None:
    """Write the PNG of the page of an image into *folder*."""

    def open_hub(ada: Person, setup_url: str) -> None:
        ada.go(setup_url)
        ada.fill(User_name="ada", Organization="Babbage Lab", Password=PASSWORD, Password_again=PASSWORD)
        ada.press("Set up")

    with picture_hub(browser, data, set_up=open_hub, name="embryo 12, day 3") as hub:
        context = a_context(browser, width=WIDTH, height=HEIGHT)
        ada = Person(context.new_page(), hub.served.url)
        ada.log_in()
        ada.go(hub.pages["image"])
        ada.page.screenshot(path=folder / "image.png", full_page=True, animations="disabled")
        context.close()


if __name__ == "__main__":
    take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
