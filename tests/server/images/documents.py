"""GraphQL documents of the tests; written for them, and not those of any client."""

STORE = """
fragment Store on ZarrStore {
  __typename id bucket key path maxBytes sizeBytes shape chunks shards dtype dimensionNames
}"""
IMAGE = (
    STORE
    + """
fragment Image on ArrayDataset {
  __typename id name description axisNames shape multiscale acquisitionStart acquisitionEnd
  intrinsicSystem {
    __typename id name createdAt epoch reference referenceApp
    axes { __typename id order name type unit longName description }
  }
  dataArrays { __typename id level shape chunkShape store { ...Store } }
}"""
)
REQUEST = """mutation {
  requestZarrUpload(input: {}) {
    __typename accessKey secretKey sessionToken bucket key path expiresIn store maxBytes
  }
}"""
RENEW = "mutation($id: String!) { refreshZarrUpload(input: {storeId: $id}) { store expiresIn } }"
FINISH = """mutation($id: String!, $valid: Boolean!) {
  finishZarrUpload(input: {storeId: $id, valid: $valid}) { ...Store }
}""" + STORE  # fmt: skip
ACCESS = """mutation($id: String!) {
  requestZarrAccess(input: {storeId: $id}) {
    __typename accessKey secretKey sessionToken bucket key path expiresIn
  }
}"""
CREATE = "mutation($input: CreateArrayDatasetInput!) { createArrayDataset(input: $input) { ...Image } }" + IMAGE
UPDATE = "mutation($input: UpdateArrayDatasetInput!) { updateArrayDataset(input: $input) { ...Image } }" + IMAGE
RESTORE = "mutation($id: ID!) { restoreArrayDataset(input: {id: $id}) { ...Image } }" + IMAGE
DELETE = "mutation($id: ID!) { deleteArrayDataset(input: {id: $id}) }"
GET = "query($id: ID!) { arrayDataset(id: $id) { ...Image } }" + IMAGE
LIST = """query($filters: ArrayDatasetFilter, $ordering: [ArrayDatasetOrder!]! = [], $page: OffsetPaginationInput) {
  arrayDatasets(filters: $filters, ordering: $ordering, pagination: $page) { id name }
}"""
WATCH = "subscription { arrayDatasets { create { id name } update { id name } delete } }"
