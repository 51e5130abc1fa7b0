"""What callers ask the task service, as tests do."""

_TASK = "id reference args latestEventKind latestInstructKind isDone attempt codeHash caller { clientId }"
_EVENT = "id kind returns message progress level value attempt"

ASSIGN = f"mutation ($input: AssignInput!) {{ assign(input: $input) {{ {_TASK} }} }}"
TASK = f"query ($id: ID!) {{ task(id: $id) {{ {_TASK} parent {{ id }} events {{ {_EVENT} }} }} }}"
TASKS = f"query ($filters: TaskFilter) {{ tasks(filters: $filters) {{ {_TASK} }} }}"
ACTIONS = "query ($filters: ActionFilter) { actions(filters: $filters) { id hash name key args { key kind } } }"
AGENTS = "query ($filters: AgentFilter) { agents(filters: $filters) { id name connected } }"
IMPLEMENTATIONS = """query ($filters: ImplementationFilter) {
    implementations(filters: $filters) { id interface agent { id name } action { hash } }
}"""
CANCEL = f"mutation ($input: CancelInput!) {{ cancel(input: $input) {{ {_TASK} }} }}"
INTERRUPT = f"mutation ($input: InterruptInput!) {{ interrupt(input: $input) {{ {_TASK} }} }}"
PAUSE = f"mutation ($input: PauseInput!) {{ pause(input: $input) {{ {_TASK} }} }}"
RESUME = f"mutation ($input: ResumeInput!) {{ resume(input: $input) {{ {_TASK} }} }}"
DECIDE = f"mutation ($input: DecideInput!) {{ decide(input: $input) {{ {_TASK} }} }}"
ENSURE = "mutation ($input: AgentInput!) { ensureAgent(input: $input) { id name } }"
IMPLEMENT = "mutation ($input: ImplementAgentInput!) { implementAgent(input: $input) { id name hash } }"
WATCH = f"""subscription ($since: ID) {{
    mytasks(since: $since) {{ create {{ id reference }} event {{ task {_EVENT} }} }}
}}"""
