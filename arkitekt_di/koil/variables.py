"""Context variables that travel into a call and back."""

from contextvars import Context

_MISSING = object()


def write_back(after: Context) -> None:
    """Set, in the current context, the variables that have another value in *after*.

    Unchanged variables are not touched: rewriting them would undo what an overlapping call has set.
    """
    for variable in after:
        value = after[variable]
        if variable.get(_MISSING) is not value:
            variable.set(value)
