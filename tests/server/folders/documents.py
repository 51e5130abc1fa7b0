"""GraphQL documents of the tests; written for them, and not those of any client."""

FOLDER = " { __typename id name path description parent { id name } createdAt deletedAt isDefault }"
CREATE = "mutation($name: String!, $parent: ID) { createFolder(input: {name: $name, parent: $parent})" + FOLDER + "}"
ENSURE = (
    "mutation($path: String!, $parent: ID) { ensureFolderPath(input: {path: $path, parent: $parent})" + FOLDER + "}"
)
ENSURE_ONE = "mutation($name: String!) { ensureFolder(input: {name: $name})" + FOLDER + "}"
GET = "query($id: ID!) { folder(id: $id)" + FOLDER + "}"
AT = "query($path: String!) { folderAt(path: $path)" + FOLDER + "}"
LIST = """query($filters: FolderFilter, $ordering: [FolderOrder!]! = [], $page: OffsetPaginationInput) {
  folders(filters: $filters, ordering: $ordering, pagination: $page) { id name path }
}"""
CHANGE = "mutation($input: ChangeFolderInput!) { updateFolder(input: $input)" + FOLDER + "}"
MOVE = "mutation($id: ID!, $parent: ID) { moveFolder(input: {id: $id, parent: $parent})" + FOLDER + "}"
DELETE = "mutation($id: ID!) { deleteFolder(input: {id: $id}) }"
RESTORE = "mutation($id: ID!) { restoreFolder(input: {id: $id})" + FOLDER + "}"
