"""A cluster of Dask: where the user has one, its workers compute the pixels that this process stores."""

import sys
from typing import Any


def cluster_for(data: Any) -> Any:
    """Return the client of the cluster that computes *data*; None where this process does.

    It is the `distributed.Client` that governs this process.  One whose workers are threads of this very process
    (``LocalCluster(processes=False)``) is asked only for what it holds already: a task of it that stores an image holds
    one of these threads, and would wait for another one that may never be free.
    """
    distributed = sys.modules.get("distributed")  # whoever has a cluster has loaded it
    if distributed is None:
        return None
    try:
        client = distributed.default_client()
    except ValueError:  # there is none
        return None
    is_here = client.scheduler.address.startswith("inproc://")
    return client if not is_here or _holds_futures(data, distributed.Future) else None


def _holds_futures(data: Any, future: type) -> bool:
    return any(isinstance(task, future) for task in dict(data.__dask_graph__()).values())
