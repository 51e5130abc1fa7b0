"""Takes the pictures of the pages for the documents: ``python -m tests.browser.screenshots docs/images``."""

import sys
import tempfile
from pathlib import Path

from tests.browser.person import Person, a_context, browsed_hub, chromium, set_up

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
        context.close()


if __name__ == "__main__":
    take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
