"""GraphQL of the image profile: one operation a document, selecting what we use and no more."""

_OWN = """
  updatedAt
  pageUrl
  folderId
  tags
  creator { id sub preferredUsername }
  acquisition { start end instrument objective operator sample attributes }
  channels { name color contrast limits emissionNm excitationNm isShown }"""
"""What only a hub of arkitekt_di tells of an image."""

_RECORD = f"""
fragment Record on ArrayDataset {{
  id
  name
  description{_OWN}
  intrinsicSystem {{ createdAt axes {{ name type unit longName description order }} }}
  dataArrays {{ level shape store {{ id bucket key path dtype }} }}
}}
"""

_GRANT = "accessKey secretKey sessionToken bucket key path expiresIn"

OPEN_UPLOAD = f"""
mutation OpenUpload($input: RequestZarrUploadInput!) {{
  grant: requestZarrUpload(input: $input) {{ {_GRANT} store maxBytes }}
}}
"""


def open_uploads(count: int) -> str:
    """Return the mutation that opens *count* uploads in one request, in the words of any mikro."""
    fields = " ".join(f"grant{n}: requestZarrUpload(input: $input) {{ {_GRANT} store maxBytes }}" for n in range(count))
    return f"mutation OpenUploads($input: RequestZarrUploadInput!) {{ {fields} }}"


RESUME_UPLOADS = f"""
mutation ResumeUploads($input: ResumeZarrUploadsInput!) {{
  uploads: resumeZarrUploads(input: $input) {{
    grants {{ {_GRANT} store maxBytes drafts {{ path proof }} }}
    held {{ objects {{ key size crc32 }} }}
    record {{ ...Record }}
  }}
}}
{_RECORD}"""

OPEN_APPEND = f"""
mutation OpenAppend($image: ID!) {{
  append: openArrayAppend(image: $image) {{ grant {{ {_GRANT} store maxBytes }} record {{ ...Record }} }}
}}
{_RECORD}"""

APPEND_FRAMES = f"""
mutation AppendFrames($image: ID!, $input: AppendArrayFramesInput!) {{
  record: appendArrayFrames(image: $image, input: $input) {{ ...Record }}
}}
{_RECORD}"""

CLOSE_APPEND = f"""
mutation CloseAppend($image: ID!, $storeId: String!) {{
  record: closeArrayAppend(image: $image, storeId: $storeId) {{ ...Record }}
}}
{_RECORD}"""

RENEW_UPLOAD = f"""
mutation RenewUpload($input: RefreshZarrUploadInput!) {{
  grant: refreshZarrUpload(input: $input) {{ {_GRANT} store maxBytes }}
}}
"""

END_UPLOAD = """
mutation EndUpload($input: FinishZarrUploadInput!) {
  store: finishZarrUpload(input: $input) { id bucket key path }
}
"""

OPEN_ACCESS = f"""
mutation OpenAccess($input: RequestZarrAccessInput!) {{
  grant: requestZarrAccess(input: $input) {{ {_GRANT} }}
}}
"""

CREATE_IMAGE = f"""
mutation CreateImage($input: CreateArrayDatasetInput!) {{
  record: createArrayDataset(input: $input) {{ ...Record }}
}}
{_RECORD}"""

PUBLISH_IMAGE = f"""
mutation PublishImage($input: CreateArrayDatasetInput!) {{
  record: publishArrayDataset(input: $input) {{ ...Record }}
}}
{_RECORD}"""

READ_IMAGE = f"""
query ReadImage($id: ID!) {{
  record: arrayDataset(id: $id) {{ ...Record }}
}}
{_RECORD}"""

FIND_IMAGES = f"""
query FindImages(
  $filters: ArrayDatasetFilter, $ordering: [ArrayDatasetOrder!]!, $pagination: OffsetPaginationInput
) {{
  records: arrayDatasets(filters: $filters, ordering: $ordering, pagination: $pagination) {{ ...Record }}
}}
{_RECORD}"""

EDIT_IMAGE = f"""
mutation EditImage($input: UpdateArrayDatasetInput!) {{
  record: updateArrayDataset(input: $input) {{ ...Record }}
}}
{_RECORD}"""

LINK_IMAGE = """
mutation LinkImage($input: RequestNgffAccessInput!) {
  link: requestNgffAccess(input: $input) { url expiresIn }
}
"""

DELETE_IMAGE = """
mutation DeleteImage($input: DeleteArrayDatasetInput!) {
  id: deleteArrayDataset(input: $input)
}
"""

WATCH_IMAGES = f"""
subscription WatchImages($folder: ID, $id: ID, $after: String) {{
  event: arrayDatasets(folder: $folder, id: $id, after: $after) {{
    cursor
    create {{ ...Record }}
    update {{ ...Record }}
    delete
  }}
}}
{_RECORD}"""

RESTORE_IMAGE = f"""
mutation RestoreImage($input: RestoreArrayDatasetInput!) {{
  record: restoreArrayDataset(input: $input) {{ ...Record }}
}}
{_RECORD}"""

PUT_IMAGES = """
mutation PutImages($input: AssociateInput!) {
  folder: putArrayDatasetsInFolder(input: $input) { id }
}
"""

RELEASE_IMAGES = """
mutation ReleaseImages($input: DesociateInput!) {
  folder: releaseArrayDatasetsFromFolder(input: $input) { id }
}
"""


READ_SOURCES = f"""
query ReadSources($id: ID!) {{
  records: sourceDatasets(id: $id) {{ ...Record }}
}}
{_RECORD}"""

READ_DERIVED = f"""
query ReadDerived($id: ID!) {{
  records: derivedDatasets(id: $id) {{ ...Record }}
}}
{_RECORD}"""

READ_RELATIONS = """
query ReadRelations($id: ID!) {
  relations: datasetRelations(id: $id) { kind subject { kind id } }
}
"""


def plain(document: str) -> str:
    """Return *document* in the words of any mikro."""
    return document.replace(_OWN, "")
