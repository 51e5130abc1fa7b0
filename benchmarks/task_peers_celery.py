"""The app of Celery that `task_peers` measures: its workers import it."""

# mypy: ignore-errors
# It runs in an environment that has what it is about; this one has not.

import os
from typing import Any

from celery import Celery

address = os.environ["BROKER"]
app = Celery("peers", broker=address, backend=address)


@app.task
def echo(value: Any) -> Any:
    """Return what was given."""
    return value
