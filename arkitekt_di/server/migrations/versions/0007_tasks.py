"""Agents, what they offer, and their tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0007_tasks"
down_revision = "0006_containers"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("hash", sa.String(255)),
        sa.Column("supervisor", sa.Text),
        sa.Column("features", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("session_id", sa.String(255)),
        sa.Column("is_connected", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.UniqueConstraint("organization_id", "user_id", "client_id", name="uq_agents_identity"),
    )
    op.create_table(
        "actions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded_name", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.UniqueConstraint("organization_id", "hash", name="uq_actions_hash"),
    )
    op.create_table(
        "implementations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("action_id", sa.String(36), sa.ForeignKey("actions.id"), nullable=False),
        sa.Column("interface", sa.String(255), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("code_hash", sa.String(255)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.UniqueConstraint("agent_id", "interface", name="uq_implementations_interface"),
    )
    op.create_index("ix_implementations_action_id", "implementations", ["action_id"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("organization_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("caller_agent_id", sa.String(36)),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("root_id", sa.String(36)),
        sa.Column("parent_id", sa.String(36)),
        sa.Column("parent_step", sa.Integer),
        sa.Column("call_key", sa.String(255)),
        sa.Column("action_id", sa.String(36), nullable=False),
        sa.Column("implementation_id", sa.String(36), nullable=False),
        sa.Column("agent_id", sa.String(36), nullable=False),
        sa.Column("interface", sa.String(255), nullable=False),
        sa.Column("args", sa.Text, nullable=False),
        sa.Column("args_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(255)),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("effects", sa.String(16), nullable=False),
        sa.Column("execution", sa.String(16), nullable=False),
        sa.Column("is_repeatable", sa.Boolean, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("instruct", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger),
        sa.Column("session_id", sa.String(255)),
        sa.Column("is_picked_up", sa.Boolean, nullable=False),
        sa.Column("is_started", sa.Boolean, nullable=False),
        sa.Column("last_progress", sa.Integer),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("updated_at", sa.Float(53), nullable=False),
        sa.Column("ended_at", sa.Float(53)),
        sa.UniqueConstraint("organization_id", "client_id", "user_id", "reference", name="uq_tasks_reference"),
        sa.UniqueConstraint("parent_id", "parent_step", name="uq_tasks_parent_step"),
        sa.UniqueConstraint("parent_id", "call_key", name="uq_tasks_call_key"),
    )
    op.create_index(
        "ix_tasks_open", "tasks", ["agent_id", "session_id", "created_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_tasks_newest", "tasks", ["organization_id", "created_at", "id"])
    op.create_index("ix_tasks_root_id", "tasks", ["root_id"])
    op.create_index("ix_tasks_ended_at", "tasks", ["ended_at"])
    op.create_table(
        "task_events",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(36), sa.ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_task_events_task_id", "task_events", ["task_id", "seq"])
    op.create_table(
        "agent_journals",
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("agents.id"), primary_key=True),
        sa.Column("session_id", sa.String(255), primary_key=True),
        sa.Column("pos", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "agent_states",
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("agents.id"), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("session_id", sa.String(255), nullable=False),
    )
    op.create_table(
        "agent_locks",
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("agents.id"), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("task_id", sa.String(36), nullable=False),
    )
    op.create_table(
        "agent_drawers",
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("agents.id"), primary_key=True),
        sa.Column("resource_id", sa.String(255), primary_key=True),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("task_id", sa.String(36)),
    )


def downgrade() -> None:
    op.drop_table("agent_drawers")
    op.drop_table("agent_locks")
    op.drop_table("agent_states")
    op.drop_table("agent_journals")
    op.drop_table("task_events")
    op.drop_table("tasks")
    op.drop_table("implementations")
    op.drop_table("actions")
    op.drop_table("agents")
