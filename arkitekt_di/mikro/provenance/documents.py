"""GraphQL of provenance."""

READ_PROVENANCE = """
query ReadProvenance($subject: SubjectInput!, $pagination: OffsetPaginationInput) {
  lines: provenance(subject: $subject, pagination: $pagination) {
    kind user { sub preferredUsername } clientId app appVersion
    task { id function arguments hiddenArguments codeHash } firstAt lastAt count
  }
}
"""
