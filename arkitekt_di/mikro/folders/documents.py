"""GraphQL of folders: one operation a document, selecting what we use and no more."""

_FOLDER = "{ id name path description parent { id } createdAt deletedAt }"

CREATE_FOLDER = f"""
mutation CreateFolder($input: CreateFolderInput!) {{
  record: createFolder(input: $input) {_FOLDER}
}}
"""

ENSURE_FOLDER_PATH = f"""
mutation EnsureFolderPath($input: EnsureFolderPathInput!) {{
  record: ensureFolderPath(input: $input) {_FOLDER}
}}
"""

READ_FOLDER = f"""
query ReadFolder($id: ID!) {{
  record: folder(id: $id) {_FOLDER}
}}
"""

READ_FOLDER_AT = f"""
query ReadFolderAt($path: String!) {{
  record: folderAt(path: $path) {_FOLDER}
}}
"""

FIND_FOLDERS = f"""
query FindFolders($filters: FolderFilter, $pagination: OffsetPaginationInput) {{
  records: folders(filters: $filters, ordering: [{{name: ASC}}], pagination: $pagination) {_FOLDER}
}}
"""

EDIT_FOLDER = f"""
mutation EditFolder($input: ChangeFolderInput!) {{
  record: updateFolder(input: $input) {_FOLDER}
}}
"""

MOVE_FOLDER = f"""
mutation MoveFolder($input: MoveFolderInput!) {{
  record: moveFolder(input: $input) {_FOLDER}
}}
"""

DELETE_FOLDER = """
mutation DeleteFolder($input: DeleteFolderInput!) {
  id: deleteFolder(input: $input)
}
"""

RESTORE_FOLDER = f"""
mutation RestoreFolder($input: RestoreFolderInput!) {{
  record: restoreFolder(input: $input) {_FOLDER}
}}
"""

WATCH_FOLDERS = f"""
subscription WatchFolders($parent: ID, $id: ID, $after: String) {{
  event: folders(parent: $parent, id: $id, after: $after) {{
    cursor
    create {_FOLDER}
    update {_FOLDER}
    delete
  }}
}}
"""
