"""What the hub keeps about agents and their tasks; times are seconds since 1970, UTC, by the hub's clock.

The ledger runs on SQLAlchemy Core, because it writes many small rows in one transaction and never needs an object.
Values that only clients look into (arguments, payloads, definitions) are kept as the JSON text that they arrived as.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from arkitekt_di.server.database import Table as Declared

METADATA = Declared.metadata
_OPEN = text("ended_at IS NULL")

AGENTS = Table(
    "agents",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("hash", String(255)),
    Column("supervisor", Text),
    Column("features", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("session_id", String(255)),
    Column("is_connected", Boolean, nullable=False),
    Column("seen_at", Float(53), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Unique("organization_id", "user_id", "client_id", name="uq_agents_identity"),
)
"""One row an agent; client, user and organization of its token say which one it is."""

ACTIONS = Table(
    "actions",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(255), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Unique("organization_id", "hash", name="uq_actions_hash"),
)
"""One row a definition; agents that declare the same share it."""

IMPLEMENTATIONS = Table(
    "implementations",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(255), nullable=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False),
    Column("action_id", ForeignKey("actions.id"), nullable=False),
    Column("interface", String(255), nullable=False),
    Column("document", Text, nullable=False),
    Column("code_hash", String(255)),
    Column("is_active", Boolean, nullable=False),
    Unique("agent_id", "interface", name="uq_implementations_interface"),
    Index("ix_implementations_action_id", "action_id"),
)
"""One row a function of an agent; what is declared no more stays, inactive, for the tasks that ran it."""

TASKS = Table(
    "tasks",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(255), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("caller_agent_id", String(36)),
    Column("reference", String(255), nullable=False),
    Column("root_id", String(36)),
    Column("parent_id", String(36)),
    Column("parent_step", Integer),
    Column("call_key", String(255)),
    Column("action_id", String(36), nullable=False),
    Column("implementation_id", String(36), nullable=False),
    Column("agent_id", String(36), nullable=False),
    Column("interface", String(255), nullable=False),
    Column("args", Text, nullable=False),
    Column("args_hash", String(64), nullable=False),
    Column("code_hash", String(255)),
    Column("options", Text, nullable=False),
    Column("effects", String(16), nullable=False),
    Column("execution", String(16), nullable=False),
    Column("is_repeatable", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("instruct", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", BigInteger),
    Column("session_id", String(255)),
    Column("is_picked_up", Boolean, nullable=False),
    Column("is_started", Boolean, nullable=False),
    Column("last_progress", Integer),
    Column("last_step", Integer, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("updated_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Unique("organization_id", "client_id", "user_id", "reference", name="uq_tasks_reference"),
    Unique("parent_id", "parent_step", name="uq_tasks_parent_step"),
    Unique("parent_id", "call_key", name="uq_tasks_call_key"),
    Index("ix_tasks_open", "agent_id", "session_id", "created_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_tasks_newest", "organization_id", "created_at", "id"),
    Index("ix_tasks_root_id", "root_id"),
    Index("ix_tasks_ended_at", "ended_at"),
)
"""One row a task.  ``attempt`` and ``epoch`` say who may end it; ``session_id`` is null while nobody has it."""

EVENTS = Table(
    "task_events",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("task_id", String(36), ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("payload", Text),
    Column("created_at", Float(53), nullable=False),
    Index("ix_task_events_task_id", "task_id", "seq"),
    sqlite_autoincrement=True,  # a number is never given twice, so that whoever reads on from one misses nothing
)
"""One row an event, numbered in the order in which they were recorded."""

JOURNALS = Table(
    "agent_journals",
    METADATA,
    Column("agent_id", String(36), ForeignKey("agents.id"), primary_key=True),
    Column("session_id", String(255), primary_key=True),
    Column("pos", BigInteger, nullable=False),
)
"""How far the numbered frames of each session are recorded."""

STATES = Table(
    "agent_states",
    METADATA,
    Column("agent_id", String(36), ForeignKey("agents.id"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("session_id", String(255), nullable=False),
)
"""The states of agents, as they are now."""

LOCKS = Table(
    "agent_locks",
    METADATA,
    Column("agent_id", String(36), ForeignKey("agents.id"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("task_id", String(36), nullable=False),
)
"""Locks that tasks hold."""

DRAWERS = Table(
    "agent_drawers",
    METADATA,
    Column("agent_id", String(36), ForeignKey("agents.id"), primary_key=True),
    Column("resource_id", String(255), primary_key=True),
    Column("identifier", Text, nullable=False),
    Column("label", Text),
    Column("description", Text),
    Column("task_id", String(36)),
)
"""Values that agents keep in their memory."""
