"""Rows that tests of the ledger start from."""

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from arkitekt_di.server.tasks.tables import AGENTS


def sqlite_url(folder: Path) -> str:
    """Return the address of the hub's database in *folder*."""
    return f"sqlite+aiosqlite:///{folder.absolute() / 'hub.sqlite'}"


def agent_row(agent_id: str) -> dict[str, Any]:
    """Return an agent that never connected."""
    return {
        "id": agent_id,
        "organization_id": "lab",
        "user_id": "ada",
        "client_id": agent_id,
        "name": agent_id,
        "features": "[]",
        "epoch": 0,
        "is_connected": False,
        "seen_at": 0.0,
        "created_at": 0.0,
    }


def add_agent(url: str, agent_id: str) -> None:
    """Make an agent known."""
    engine = create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(insert(AGENTS), agent_row(agent_id))
    engine.dispose()
