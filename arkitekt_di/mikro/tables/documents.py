"""GraphQL of tables: one operation a document, selecting what we use and no more."""

from arkitekt_di.mikro.blobs.uploads import GRANT

_TABLE = """{
    id name description rowCount folderId imageId createdAt deletedAt
    columns { name dtype role axisType unit longName description }
    store { id bucket key path sizeBytes sha256 }
  }"""

OPEN_TABLE_UPLOAD = f"""
mutation OpenTableUpload($input: RequestParquetUploadInput!) {{
  grant: requestParquetUpload(input: $input) {{ {GRANT} store maxBytes status record }}
}}
"""

RENEW_TABLE_UPLOAD = f"""
mutation RenewTableUpload($input: RefreshParquetUploadInput!) {{
  grant: refreshParquetUpload(input: $input) {{ {GRANT} store maxBytes }}
}}
"""

END_TABLE_UPLOAD = """
mutation EndTableUpload($input: FinishParquetUploadInput!) {
  store: finishParquetUpload(input: $input) { id }
}
"""

OPEN_TABLE_ACCESS = f"""
mutation OpenTableAccess($input: RequestParquetAccessInput!) {{
  grant: requestParquetAccess(input: $input) {{ {GRANT} }}
}}
"""

CREATE_TABLE = f"""
mutation CreateTable($input: CreateTableDatasetInput!) {{
  record: createTableDataset(input: $input) {_TABLE}
}}
"""

READ_TABLE = f"""
query ReadTable($id: ID!) {{
  record: tableDataset(id: $id) {_TABLE}
}}
"""

FIND_TABLES = f"""
query FindTables($filters: TableDatasetFilter, $ordering: [TableDatasetOrder!]!, $pagination: OffsetPaginationInput) {{
  records: tableDatasets(filters: $filters, ordering: $ordering, pagination: $pagination) {_TABLE}
}}
"""

RENAME_TABLE = f"""
mutation RenameTable($input: UpdateTableDatasetInput!) {{
  record: updateTableDataset(input: $input) {_TABLE}
}}
"""

MOVE_TABLE = f"""
mutation MoveTable($input: MoveTableDatasetInput!) {{
  record: moveTableDataset(input: $input) {_TABLE}
}}
"""

RELATE_TABLE = f"""
mutation RelateTable($input: RelateTableDatasetInput!) {{
  record: relateTableDataset(input: $input) {_TABLE}
}}
"""

DELETE_TABLE = """
mutation DeleteTable($input: DeleteTableDatasetInput!) {
  id: deleteTableDataset(input: $input)
}
"""

RESTORE_TABLE = f"""
mutation RestoreTable($input: RestoreTableDatasetInput!) {{
  record: restoreTableDataset(input: $input) {_TABLE}
}}
"""

WATCH_TABLES = f"""
subscription WatchTables($folder: ID, $after: String) {{
  event: tableDatasets(folder: $folder, after: $after) {{
    cursor
    create {_TABLE}
    update {_TABLE}
    delete
  }}
}}
"""
