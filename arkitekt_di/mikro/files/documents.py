"""GraphQL of files: one operation a document, selecting what we use and no more."""

from arkitekt_di.mikro.blobs.uploads import GRANT

_FILE = "{ id name folderId contentType createdAt deletedAt store { id bucket key sizeBytes sha256 } }"

OPEN_FILE_UPLOAD = f"""
mutation OpenFileUpload($input: RequestBigFileUploadInput!) {{
  grant: requestBigfileUpload(input: $input) {{ {GRANT} store maxBytes status record }}
}}
"""

RENEW_FILE_UPLOAD = f"""
mutation RenewFileUpload($input: RefreshBigFileUploadInput!) {{
  grant: refreshBigfileUpload(input: $input) {{ {GRANT} store maxBytes }}
}}
"""

END_FILE_UPLOAD = """
mutation EndFileUpload($input: FinishBigFileUploadInput!) {
  store: finishBigfileUpload(input: $input) { id }
}
"""

OPEN_FILE_ACCESS = f"""
mutation OpenFileAccess($input: RequestBigFileAccessInput!) {{
  grant: requestBigfileAccess(input: $input) {{ {GRANT} }}
}}
"""

CREATE_FILE = f"""
mutation CreateFile($input: FromFileLike!) {{
  record: fromFileLike(input: $input) {_FILE}
}}
"""

READ_FILE = f"""
query ReadFile($id: ID!) {{
  record: file(id: $id) {_FILE}
}}
"""

FIND_FILES = f"""
query FindFiles($filters: FileFilter, $ordering: [FileOrder!]!, $pagination: OffsetPaginationInput) {{
  records: files(filters: $filters, ordering: $ordering, pagination: $pagination) {_FILE}
}}
"""

RENAME_FILE = f"""
mutation RenameFile($input: UpdateFileInput!) {{
  record: updateFile(input: $input) {_FILE}
}}
"""

MOVE_FILE = f"""
mutation MoveFile($input: MoveFileInput!) {{
  record: moveFile(input: $input) {_FILE}
}}
"""

DELETE_FILE = """
mutation DeleteFile($input: DeleteFileInput!) {
  id: deleteFile(input: $input)
}
"""

RESTORE_FILE = f"""
mutation RestoreFile($input: RestoreFileInput!) {{
  record: restoreFile(input: $input) {_FILE}
}}
"""

WATCH_FILES = f"""
subscription WatchFiles($folder: ID, $after: String) {{
  event: files(folder: $folder, after: $after) {{
    cursor
    create {_FILE}
    update {_FILE}
    delete
  }}
}}
"""
