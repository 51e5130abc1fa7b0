"""The GraphQL documents that callers send: fixed, and no longer than what is read."""

_PORT = "key kind label description identifier nullable referenceUnit choices { value label }"


def _ports(kind: str, depth: int) -> str:
    """Return the members of ports, with those inside to a depth that documents of GraphQL have to fix."""
    members = _PORT + (" default" if kind == "args" else "")
    return members if depth == 0 else f"{members} children {{ {_ports(kind, depth - 1)} }}"


_ACTION = f"id hash key name description kind args {{ {_ports('args', 4)} }} returns {{ {_ports('returns', 4)} }}"

_IMPLEMENTATION = f"id interface agent {{ id name connected }} action {{ {_ACTION} }}"

_EVENT = "id kind returns message progress level value createdAt"

FIND_ACTION = f"""query FindAction($id: ID, $hash: ActionHash, $matching: ActionDemandInput) {{
  action(id: $id, hash: $hash, matching: $matching) {{ {_ACTION} }}
}}"""

LIST_ACTIONS = f"""query ListActions($filters: ActionFilter, $pagination: OffsetPaginationInput) {{
  actions(filters: $filters, pagination: $pagination) {{ {_ACTION} }}
}}"""

LIST_IMPLEMENTATIONS = f"""query ListImplementations(
  $filters: ImplementationFilter, $pagination: OffsetPaginationInput
) {{
  implementations(filters: $filters, pagination: $pagination) {{ {_IMPLEMENTATION} }}
}}"""

_TASK = """id args latestEventKind isDone createdAt finishedAt
    action { id hash key name kind } implementation { id interface agent { id name connected } }"""

LIST_TASKS = f"""query ListTasks($pagination: OffsetPaginationInput) {{
  tasks(pagination: $pagination) {{ {_TASK} }}
}}"""

GET_TASK = f"""query GetTask($id: ID!) {{
  task(id: $id) {{ {_TASK} }}
}}"""

GET_IMPLEMENTATION = f"""query GetImplementation($id: ID!) {{
  implementation(id: $id) {{ {_IMPLEMENTATION} }}
}}"""

ASSIGN = """mutation Assign($input: AssignInput!) {
  assign(input: $input) { id reference latestEventKind }
}"""

CANCEL = """mutation Cancel($input: CancelInput!) {
  cancel(input: $input) { id }
}"""

INTERRUPT = """mutation Interrupt($input: InterruptInput!) {
  interrupt(input: $input) { id }
}"""

PAUSE = """mutation Pause($input: PauseInput!) {
  pause(input: $input) { id }
}"""

RESUME = """mutation Resume($input: ResumeInput!) {
  resume(input: $input) { id }
}"""

TASK_EVENTS = f"""query TaskEvents($id: ID!) {{
  task(id: $id) {{ id events(ordering: [{{createdAt: ASC}}]) {{ {_EVENT} }} }}
}}"""

WATCH_MY_TASKS = """subscription WatchMyTasks {
  mytasks { event { id task kind returns message progress value createdAt } }
}"""
