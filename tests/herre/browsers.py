"""Presenters that act as a person with a browser."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp


class Browser:
    """Opens the link at once and goes where it is sent."""

    def __init__(self):
        self.prompts = []
        self.statuses = []

    @asynccontextmanager
    async def showing(self, prompt):
        self.prompts.append(prompt)
        visit = asyncio.create_task(self._visit(prompt.link))
        try:
            yield
        finally:
            await visit

    async def _visit(self, link):
        async with aiohttp.ClientSession() as session, session.get(link) as page:
            await page.read()
            self.statuses.append(page.status)


class Nobody:
    """Sees the prompt and does nothing."""

    def __init__(self):
        self.prompts = []

    @asynccontextmanager
    async def showing(self, prompt):
        self.prompts.append(prompt)
        yield
